"""The host under repair: its doors, and what waiting means there."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from zmward.doors.directory import Directory
from zmward.doors.host import Door
from zmward.engine.patience import Patient
from zmward.errors import Fault

_TOLD = 30
Talk = Callable[[str], None]
Step = Callable[[int, int, str], None]


def _silent(_text: str) -> None:
    return None


def _held() -> None:
    """Hold no lock that could be lost."""


def unseen(_number: int, _total: int, _about: str) -> None:
    """Show no progress."""


@dataclass
class Site:
    """A host's door, the way to its directory, a clock, and who is told."""

    door: Door
    opener: Callable[[], Directory]
    talk: Talk = _silent
    step: Step = unseen
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    stop: Callable[[], bool] = lambda: False
    held: Callable[[], None] = _held
    going_back: bool = False
    _directory: Directory | None = field(default=None, repr=False)

    @property
    def directory(self) -> Directory:
        """Return the directory, asked again while mailboxd is slow."""
        return Patient(self.opened, self._again)

    def opened(self) -> Directory:
        """Return the way to the directory, chosen and logged in once."""
        if self._directory is None:
            self._directory = self.opener()
        return self._directory

    def _again(self, error: Fault, pause: float) -> None:
        self.talk(f"{error.where}: {error.text}; asked again in {pause:.0f} s")
        self.reopen()
        self.sleep(pause)

    def undisturbed(self) -> None:
        """Hear no stop any more: what takes back must come to its end."""
        self.stop = lambda: False

    def reopen(self) -> None:
        """Log in anew at the next question: mailboxd was restarted."""
        if self._directory is not None:
            self._directory.close()
            self._directory = None

    def wait(self, ready: Callable[[], bool], seconds: float, every: float) -> bool:
        """Ask until it is so or the time is over."""
        begun = self.clock()
        said = 0.0
        while not ready():
            passed = self.clock() - begun
            if passed >= seconds or self.stop():
                return False
            if passed - said >= _TOLD:
                said = passed
                self.talk(f"still waiting, {passed:.0f} s of at most {seconds:.0f} s")
            self.sleep(every)
        return True
