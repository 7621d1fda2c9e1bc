"""No library is loaded into every program of the host."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, sound
from zmward.facts import Facts
from zmward.sources.modes import FILE_MODES

_FILE = "/etc/ld.so.preload"


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    found = facts.read(FILE_MODES, host).get(_FILE)
    if found is None or not found.size:
        text = f"{_FILE} is {'empty' if found else 'not there'}"
        yield sound(Layer.LASTING, host, source="file-modes", seen=text)
        return
    yield deviates(
        Layer.LASTING,
        host,
        f"{_FILE} holds {found.size} bytes",
        "no such file",
        no_cure="See which library it names and which package owns it, from a rescue "
        "system: a rootkit hides itself from programs that it is loaded into.",
        source="file-modes",
    )


_ROOT = "755 root root 4096 1 directory|/\n"

CONTROL = Control(
    id="nothing-preloaded",
    title="/etc/ld.so.preload loads no library into every program",
    why="It is how rootkits hide their files and processes from everyone.",
    impact="A monitoring or security agent that works this way stops.",
    severity=Severity.HIGH,
    tips=("T36",),
    check=on_hosts(Layer.LASTING, (FILE_MODES,), _look),
    note=(
        "A rootkit that is loaded this way hides the file from every program, this one "
        "included: a pass says that nobody put it there openly."
    ),
    refs=("https://man7.org/linux/man-pages/man8/ld.so.8.html",),
    examples=(
        passes(raw={"file-modes": _ROOT}),
        fails(raw={"file-modes": f"{_ROOT}644 root root 24 1 regular file|{_FILE}\n"}),
        unsure(missing=("file-modes",)),
    ),
)
