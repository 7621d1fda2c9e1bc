"""The door to the sample server: its programs are functions, its disk is memory."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from zmward.demo import files, packet_filter, system
from zmward.demo.files import NOT_FOUND, Call
from zmward.demo.world import World
from zmward.doors.host import Done
from zmward.errors import Usage

# The programs that zmward brings along, by their first word.
_BROUGHT = {**files.BROUGHT, **packet_filter.BROUGHT}


def _sh(call: Call) -> Done:
    if call.words[1] != "-c" or call.words[4] not in _BROUGHT:
        return Done(NOT_FOUND, b"", b"sh: the sample server has no such program")
    return _BROUGHT[call.words[4]](call, *call.words[5:])


_PROGRAMS = {**files.PROGRAMS, **system.PROGRAMS, "sh": _sh}
# What only sets the stage for the program that follows.
_STAGE = ("unshare", "--net", "--")


@dataclass(frozen=True)
class SampleDoor:
    """Answers what the engine runs; a program that the sample lacks is not found.

    `live` returns the parameters of the sample's Postfix as it would render them now.
    """

    world: World
    clock: Callable[[], float]
    live: Callable[[], Mapping[str, str]]
    name: str = "the sample server"
    streams: int = 1

    def lines(self, script: str) -> Iterator[bytes]:
        """Refuse: what the sample would answer is computed, not asked."""
        del script
        raise Usage(f"{self.name} is asked with --demo only.")

    def run(
        self,
        argv: Sequence[str],
        *,
        given: bytes = b"",
        user: str = "root",
        seconds: int = 60,
    ) -> Done:
        """Run one of the sample's programs."""
        del seconds
        words = tuple(argv)
        if words[: len(_STAGE)] == _STAGE:
            words = words[len(_STAGE) :]
        while words and (words[0] == "env" or "=" in words[0]):
            words = words[1:]
        name = words[0].rpartition("/")[2] if words else ""
        if name == "postconf":
            return self._postconf(words)
        program = _PROGRAMS.get(name)
        if program is None:
            said = f"{name}: the sample server has no such program"
            return Done(NOT_FOUND, b"", said.encode())
        return program(Call(self.world, words, given, user, self.clock()))

    def _postconf(self, words: tuple[str, ...]) -> Done:
        verb, *names = words[1:]
        own, live = self.world.parameters, self.live()
        if verb == "-e":
            name, _, value = names[0].partition("=")
            own[name.strip()] = value.strip()
            return Done(0)
        if verb == "-X":
            own.pop(names[0], None)
            return Done(0)
        if verb == "-h":
            rows = [live.get(name, "") for name in names]
        else:
            shown = own if verb == "-n" else live
            rows = [f"{name} = {shown[name]}" for name in names or own if name in shown]
        return Done(0, "".join(f"{row}\n" for row in rows).encode())
