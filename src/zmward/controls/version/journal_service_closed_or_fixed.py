"""The journal service cannot be used to run commands (CVE-2024-45519)."""

from collections.abc import Iterator

from zmward.change import SetMode
from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.controls.shapes.modes import without
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.patches.named import builds, closed, named
from zmward.sources.localconfig import LOCALCONFIG
from zmward.sources.modes import FILE_MODES
from zmward.sources.packages import PACKAGES

_PROGRAM = "/opt/zimbra/libexec/postjournal"
_HOLE = "CVE-2024-45519"
_KINDS = ("zimbra-patch", "zimbra-mta-patch")
_EXECUTABLE = 0o111
_KEY = "postjournal_enabled"
_NO_CURE = (
    "Patch now. Where mail is journaled (postjournal_enabled) switch that off first, "
    "else all mail stops; then make the program unexecutable (`chmod a-x`), and keep "
    "zimbraMtaMyNetworks to the node's own addresses."
)


def _cure(facts: Facts, host: str) -> SetMode | None:
    """Return how the program is closed; None where mail goes through it, or may."""
    try:
        own = facts.read(LOCALCONFIG, host).own
    except Unseen:
        return None
    if own.get(_KEY, "false").lower() == "true":
        return None
    modes = facts.read(FILE_MODES, host)
    return without(modes, host, _PROGRAM, _EXECUTABLE)


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    program = facts.read(FILE_MODES, host).get(_PROGRAM)
    if program is None or not program.mode & _EXECUTABLE:
        text = f"{_PROGRAM} cannot be run"
        yield sound(Layer.RUNNING, host, source="file-modes", seen=text)
        return
    packages = facts.read(PACKAGES, host)
    levels = {name: packages[name] for name in _KINDS if name in packages}
    # The program comes with the MTA: without its patch it is as the installer left it.
    if "zimbra-mta-patch" not in levels:
        levels["zimbra-core"] = packages.get("zimbra-core", "")
    hole = named(facts, _HOLE)
    state = closed(hole, levels.values())
    seen = ", ".join(f"{name} {version}" for name, version in levels.items())
    if state:
        yield sound(Layer.RUNNING, host, source="packages", seen=seen)
    elif hole is not None and state is False:
        cure = _cure(facts, host)
        yield deviates(
            Layer.RUNNING,
            host,
            f"{_PROGRAM} is executable, and {seen} comes before the fix",
            f"{builds(hole)} or newer",
            cure=cure,
            no_cure="" if cure else _NO_CURE,
            source="packages",
        )
    else:
        reason = f"{seen}: which part brought the program is for `zmward patches`"
        yield unknown(Layer.RUNNING, host, reason)


_SEEN = (
    f"755 root root 4096 1 directory|/\n755 root root 90000 1 regular file|{_PROGRAM}\n"
)

CONTROL = Control(
    id="journal-service-closed-or-fixed",
    title="The journal service cannot be made to run commands",
    why=(
        "Its port is declared on every MTA, even where journaling is off; before the "
        "fix one message was enough to run commands (CVE-2024-45519)."
    ),
    impact="None, since it is left as it is where mail is journaled.",
    severity=Severity.CRITICAL,
    tips=("T01",),
    roles=("mta",),
    check=on_hosts(
        *(Layer.RUNNING, (FILE_MODES, PACKAGES, LOCALCONFIG), _look),
        role="mta",
        cures=True,
    ),
    refs=("https://nvd.nist.gov/vuln/detail/CVE-2024-45519",),
    note=(
        "The cure takes the program's executable bits away; a patch or zmfixperms "
        "may bring them back."
    ),
    examples=(
        passes(
            packages={"zimbra-patch": "10.1.4.1-1", "zimbra-mta-patch": "10.1.4.1-1"},
            raw={"file-modes": _SEEN},
        ),
        passes(
            packages={"zimbra-core": "8.8.15.GA"},
            raw={"file-modes": _SEEN.replace("755 root root 9", "644 root root 9")},
        ),
        fails(
            packages={"zimbra-patch": "10.1.0.1-1", "zimbra-mta-patch": "10.1.0.1-1"},
            raw={"file-modes": _SEEN},
            localconfig={},
        ),
        fails(
            packages={"zimbra-patch": "10.1.0.1-1", "zimbra-mta-patch": "10.1.0.1-1"},
            raw={"file-modes": _SEEN},
            localconfig={"postjournal_enabled": "true"},
        ),
        fails(
            packages={"zimbra-patch": "10.1.0.1-1", "zimbra-mta-patch": "10.1.0.1-1"},
            raw={"file-modes": _SEEN},
            missing=("localconfig",),
        ),
        unsure(
            packages={"zimbra-patch": "10.1.4.1-1", "zimbra-mta-patch": "10.1.0.1-1"},
            raw={"file-modes": _SEEN},
        ),
        unsure(
            packages={"zimbra-core": "10.1.0.GA.4655", "zimbra-patch": "10.1.4.1-1"},
            raw={"file-modes": _SEEN},
        ),
        unsure(
            packages={"zimbra-patch": "11.0.0.1-1", "zimbra-mta-patch": "11.0.0.1-1"},
            raw={"file-modes": _SEEN},
        ),
        unsure(packages={"zimbra-patch": "10.1.4"}, missing=("file-modes",)),
    ),
)
