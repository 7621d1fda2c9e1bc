"""Random numbers are there when services need them."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.kernel import KERNEL
from zmward.sources.units import UNITS

# Since Linux 5.6 /dev/random no longer blocks once the kernel is ready (random(4)).
_NEVER_BLOCKS = (5, 6)
_ENOUGH = 1000
_FEEDERS = ("haveged", "rngd", "rng-tools")


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    found = facts.read(KERNEL, host)
    if found.version >= _NEVER_BLOCKS:
        seen = f"kernel {found.running} does not run dry"
        yield sound(Layer.RUNNING, host, source="kernel", seen=seen)
        return
    if found.entropy is None:
        yield unknown(Layer.RUNNING, host, "the kernel does not say its entropy")
        return
    text = f"kernel {found.running}, {found.entropy} bits of entropy"
    if found.entropy >= _ENOUGH:
        yield sound(Layer.RUNNING, host, source="kernel", seen=text)
        return
    units = facts.read(UNITS, host)
    if any(units.get(f"{n}.service") and units[f"{n}.service"].runs for n in _FEEDERS):
        yield sound(Layer.RUNNING, host, source="units", seen=f"{text}, and a feeder")
        return
    yield deviates(
        Layer.RUNNING,
        host,
        text,
        f"{_ENOUGH} bits, or a feeder",
        no_cure="Give the virtual machine a virtio-rng device in its hypervisor, or "
        "boot a kernel from 5.6 on; haveged only stands in for them.",
        source="kernel",
    )


CONTROL = Control(
    id="entropy-enough",
    title="Random numbers are there when services need them",
    why="On old kernels, TLS and logins wait while the pool of randomness is empty.",
    impact="None.",
    severity=Severity.LOW,
    tips=("T23",),
    check=on_hosts(Layer.RUNNING, (KERNEL, UNITS), _look),
    refs=("https://man7.org/linux/man-pages/man4/random.4.html",),
    note="The published guide asks for haveged everywhere; from Linux 5.6 on "
    "nothing needs it.",
    examples=(
        passes(raw={"kernel": "running 5.15.0-91-generic\nentropy 256\n"}),
        passes(raw={"kernel": "running 4.18.0-553.el8_10.x86_64\nentropy 3300\n"}),
        fails(
            raw={
                "kernel": "running 3.10.0-1160.el7.x86_64\nentropy 120\n",
                "units": "Id=haveged.service\nLoadState=not-found\n"
                "ActiveState=inactive\n",
            }
        ),
        unsure(raw={"kernel": "running 3.10.0-1160.el7.x86_64\n"}),
    ),
)
