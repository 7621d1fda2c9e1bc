"""Whether an authority of the looker's own system stands behind a chain.

cryptography is slow to import: this module is imported late.
"""

from datetime import UTC, timedelta
from functools import cache

from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from zmward.scan.tls_shown import Trust, Trusted


@cache
def _store(roots: str) -> Store | None:
    try:
        return Store(x509.load_pem_x509_certificates(roots.encode()))
    except ValueError:
        return None


def _name(leaf: x509.Certificate) -> str:
    """Return a name that it is for: whether that is the host's is another question."""
    found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    names = found.value.get_values_for_type(x509.DNSName)
    return names[0].replace("*", "any") if names else ""


def trusted(chain: tuple[bytes, ...], trust: Trust) -> tuple[Trusted, str]:
    """Return whether the chain leads to a believed authority, and why not.

    Whether the leaf has expired is left aside, for that is a finding of its own.
    """
    store = _store(trust.roots)
    if store is None or not chain:
        return "unknown", ""
    try:
        leaf, *others = map(x509.load_der_x509_certificate, chain)
        now = trust.now.astimezone(UTC)
        if not leaf.not_valid_before_utc < now < leaf.not_valid_after_utc:
            now = leaf.not_valid_before_utc + timedelta(seconds=1)
        name = _name(leaf)
        if not name:
            return "no", "it names no host"
        policy = PolicyBuilder().store(store).time(now)
        policy.build_server_verifier(x509.DNSName(name)).verify(leaf, others)
    except x509.ExtensionNotFound:
        return "no", "it names no host"
    except VerificationError as error:
        return "no", str(error)[:200]
    except (ValueError, TypeError, x509.DuplicateExtension) as error:
        return "unknown", str(error)[:200]
    return "yes", ""
