"""Whether an authority of the looker's own system stands behind a chain.

cryptography is slow to import: this module is imported late.
"""

import warnings
from base64 import b64decode
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from zmward.scan.tls_shown import Trust, Trusted

_BROKEN = (
    *(ValueError, TypeError, KeyError, UnsupportedAlgorithm, x509.InvalidVersion),
    *(x509.DuplicateExtension, x509.UnsupportedGeneralNameType),
)


def _roots(text: str) -> Iterator[x509.Certificate]:
    for block in text.split("-----BEGIN CERTIFICATE-----")[1:]:
        with suppress(*_BROKEN):
            der = b64decode(block.partition("-----END")[0])
            yield x509.load_der_x509_certificate(der)


@cache
def _believed(text: str) -> tuple[Store | None, frozenset[x509.Name]]:
    found = list(_roots(text))
    return Store(found) if found else None, frozenset(one.subject for one in found)


def _name(leaf: x509.Certificate) -> str:
    """Return a name that it is for: whether that is the host's is another question."""
    found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    names = found.value.get_values_for_type(x509.DNSName)
    return names[0].replace("*", "any") if names else "none.invalid"


def _verify(
    leaf: x509.Certificate, others: list[x509.Certificate], store: Store, now: datetime
) -> str:
    """Return why nobody stands behind a chain; nothing where somebody does."""
    if not leaf.not_valid_before_utc < now < leaf.not_valid_after_utc:
        now = leaf.not_valid_before_utc + timedelta(seconds=1)
    try:
        name = x509.DNSName(_name(leaf))
        policy = PolicyBuilder().store(store).time(now)
        policy.build_server_verifier(name).verify(leaf, others)
    except x509.ExtensionNotFound:
        return "it names no host"
    except VerificationError as error:
        return str(error)[:200]
    return ""


def trusted(chain: tuple[bytes, ...], trust: Trust) -> tuple[Trusted, str]:
    """Return whether the chain leads to a believed authority, and why not.

    Whether the leaf has expired is left aside, for that is a finding of its own. Where
    a believed authority is named but the chain does not satisfy cryptography, whose
    rules are stricter than those of browsers, nothing is known.
    """
    # Nine authorities that everybody believes have the serial number 0.
    warnings.filterwarnings("ignore", "Parsed a serial number")
    store, names = _believed(trust.roots)
    if store is None or not chain:
        return "unknown", ""
    try:
        leaf, *others = map(x509.load_der_x509_certificate, chain)
        why = _verify(leaf, others, store, trust.now.astimezone(UTC))
        named = any(one.issuer in names for one in (leaf, *others))
        # Names are read late: one that is no text is told here.
        own = leaf.issuer == leaf.subject
    except _BROKEN as error:
        return "unknown", str(error)[:200]
    if not why:
        return "yes", ""
    return ("unknown" if named and not own else "no"), why
