"""The installation matches a signed baseline."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attestation import attestation, said
from zmward.controls.shapes.basic import on_directory
from zmward.deviation import Judgement, Layer, State, unknown
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.sources.directory import SERVERS
from zmward.sources.modes import FILE_MODES

_SUBJECT = "integrity-baseline"
_HISTORY = "/var/lib/zmward/integrity/history"


def _has(facts: Facts, host: str) -> bool:
    """Say whether a baseline lies on a host, as far as that was seen."""
    try:
        return _HISTORY in facts.read(FILE_MODES, host)
    except Unseen:
        return False


def _look(facts: Facts) -> Iterator[Judgement]:
    word = attestation(facts, _SUBJECT, "zmward integrity baseline")
    if word.state is not State.UNKNOWN:
        yield word
        return
    hosts = [host for host in facts.hosts() if _has(facts, host)]
    if not hosts:
        yield word
        return
    reason = f"a baseline lies on {', '.join(hosts)}"
    verb = "whether all matches it is for `zmward integrity check` to say"
    yield unknown(Layer.DECLARED, "profile", f"{reason}: {verb}")


CONTROL = Control(
    id="installation-has-baseline",
    title="The installation matches a signed baseline",
    why=(
        "A changed script or an added page of a web shell shows only against a record "
        "of how the files were, kept where the intruder cannot write."
    ),
    impact="None.",
    severity=Severity.MEDIUM,
    tips=("T36",),
    check=on_directory(Layer.DECLARED, (FILE_MODES, SERVERS), _look),
    refs=("https://wiki.zimbra.com/wiki/Integrity_check",),
    note=(
        "A site that already compares files elsewhere (AIDE, an agent) attests it as "
        "integrity-baseline."
    ),
    examples=(
        passes(profile=said(_SUBJECT, until="2027-05-01")),
        fails(profile=said(_SUBJECT, until="2026-11-20")),
        unsure(),
        unsure(
            raw={
                "file-modes": "755 root root 4096 1 directory|/\n"
                f"600 root root 1134 1 regular file|{_HISTORY}\n"
            }
        ),
    ),
)
