"""The operating system still gets security updates."""

from collections.abc import Iterator
from datetime import UTC, date

from zmward.catalog.support import systems
from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attestation import attestation
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.osrelease import OS_RELEASE, OsRelease
from zmward.sources.updates import UPDATES

_NO_CURE = (
    "Move this node to a supported release on a new host; Zimbra refuses an "
    "installation whose platform changed below it."
)
_EXTENDED = "os-extended-support"


def _end(system: OsRelease) -> tuple[date | None, str, bool]:
    """Return the end of support, who says so, and whether that may decide."""
    if system.support_end:
        try:
            return date.fromisoformat(system.support_end), "os-release", True
        except ValueError:
            pass
    for row in systems():
        major = system.version.partition(".")[0]
        if row.id == system.id and row.version in (system.version, major):
            return row.end, row.source, row.verified
    return None, "", False


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    system = facts.read(OS_RELEASE, host)
    name = system.name or f"{system.id} {system.version}"
    end, source, verified = _end(system)
    today = facts.now.astimezone(UTC).date()
    if end is None:
        yield unknown(
            Layer.RUNNING, host, f"{name}: no end of support is known; ask its maker"
        )
        return
    text = f"{name}: supported until {end} ({source})"
    if not verified:
        yield unknown(Layer.RUNNING, host, f"{text}, a date that nobody has verified")
    elif today <= end:
        yield sound(Layer.RUNNING, host, source="os-release", seen=text)
    elif facts.profile.attested(_EXTENDED, today):
        yield attestation(facts, _EXTENDED)
    elif facts.read(UPDATES, host).expanded:
        yield unknown(
            Layer.RUNNING,
            host,
            f"{text}, but lists of extended maintenance are there: see `pro status`, "
            f"then attest {_EXTENDED!r} in the profile",
        )
    else:
        yield deviates(
            Layer.RUNNING, host, text, "a supported release", no_cure=_NO_CURE
        )


CONTROL = Control(
    id="os-release-supported",
    title="The operating system still gets security updates",
    why=(
        "After its end of support, new holes of the kernel, OpenSSH and the C library "
        "stay open for good."
    ),
    impact="A new host, and a move of the mailboxes.",
    severity=Severity.HIGH,
    tips=("T01",),
    check=on_hosts(Layer.RUNNING, (OS_RELEASE, UPDATES), _look),
    refs=("https://ubuntu.com/about/release-cycle",),
    note=(
        "Dates of Ubuntu come from its own distro-info-data; other systems are judged "
        "only where their os-release states SUPPORT_END."
    ),
    examples=(
        passes(raw={"os-release": 'ID=ubuntu\nVERSION_ID="22.04"\n'}),
        passes(
            raw={
                "os-release": 'ID="rocky"\nVERSION_ID="9.4"\nSUPPORT_END="2032-05-31"\n'
            }
        ),
        fails(
            raw={
                "os-release": 'ID=ubuntu\nVERSION_ID="18.04"\n',
                "updates": "manager apt\n",
            }
        ),
        unsure(
            raw={
                "os-release": 'ID=ubuntu\nVERSION_ID="20.04"\n',
                "updates": "manager apt\nesm yes\n",
            }
        ),
        unsure(raw={"os-release": 'ID="rhel"\nVERSION_ID="8.10"\n'}),
        unsure(raw={"os-release": 'ID=debian\nVERSION_ID="12"\n'}),
    ),
)
