"""The polling daemon: compares inputs, rewrites what they touch, restarts."""

import subprocess
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from . import restart
from .inputs import Inputs
from .rewriter import Rewriter
from .sections import Memory, Section

FAILURES = (OSError, ValueError, KeyError, subprocess.SubprocessError)
# zmconfigd gives a service up after as many failed restarts as localconfig says.
FAILED_RESTARTS = "zmconfigd_max_failed_restarts"


@dataclass
class Daemon:
    """The state between two rounds."""

    sections: tuple[Section, ...]
    rewriter: Rewriter
    read: Callable[[], Inputs]
    log: Callable[[str], None]
    tell: Callable[[list[str]], str] = restart.run
    memory: Memory = field(default_factory=Memory)
    services: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def round(self) -> tuple[str, ...]:
        """Compare the inputs with the last round's and act on what changed."""
        with self.lock:
            inputs = self.read()
            self.services = inputs.values("zimbraServiceEnabled")
            first = not self.memory.seen
            touched = [
                section
                for section in self._applying(inputs)
                if self._changed(section, inputs) and self._rewrite(section, inputs)
            ]
            if not first and inputs.truth("LOCAL", "zmconfigd_enable_config_restarts"):
                self._restart(touched, inputs)
        return tuple(section.name for section in touched)

    def force(self, names: Iterable[str]) -> bool:
        """Rewrite the named sections, all when none is named; restart nothing."""
        wanted = set(names)
        with self.lock:
            inputs = self.read()
            sections = [
                one
                for one in self._applying(inputs)
                if not wanted or one.name in wanted
            ]
            failed = [one for one in sections if not self._rewrite(one, inputs)]
        return not failed

    def _applying(self, inputs: Inputs) -> list[Section]:
        return [one for one in self.sections if one.applies(inputs)]

    def _changed(self, section: Section, inputs: Inputs) -> bool:
        now = section.watched(inputs, self.rewriter.writer.home)
        changes = self.memory.changes(section, now)
        for change in changes if section.name in self.memory.seen else ():
            self.log(f"Var {change} changed in section {section.name}")
        return bool(changes)

    def _rewrite(self, section: Section, inputs: Inputs) -> bool:
        """Write a section and remember its inputs; a failure is tried next round."""
        self.log(f"Rewriting section {section.name}")
        try:
            self.rewriter.run(section, inputs)
        except FAILURES as problem:
            self.log(f"Section {section.name} failed: {problem!r}")
            return False
        home = self.rewriter.writer.home
        self.memory.seen[section.name] = section.watched(inputs, home)
        return True

    def _restart(self, touched: list[Section], inputs: Inputs) -> None:
        most = int(inputs.key(FAILED_RESTARTS) or "3")
        services = [service for section in touched for service in section.restart]
        for command in restart.commands(services):
            for _ in range(most):
                problem = self.tell(command)
                if not problem:
                    self.log(f"CONFIGURATION {command[-1]}: {command[1]} done")
                    break
                self.log(f"{command[1]} of {command[-1]} failed: {problem}")
