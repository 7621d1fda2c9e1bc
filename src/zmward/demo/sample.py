"""The sample server while a verb works on it: its doors, and what an audit sees."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib.resources import files

from zmward.change import Change
from zmward.control import Control
from zmward.demo.differences import differences
from zmward.demo.door import SampleDoor
from zmward.demo.services import serving
from zmward.demo.world import World, first, node
from zmward.doors.recorded_directory import RecordedDirectory
from zmward.engine.audit import audit
from zmward.engine.deadman import timers
from zmward.engine.rollback import take_back
from zmward.engine.run_plan import plan_of
from zmward.engine.site import Site, Step, unseen
from zmward.engine.state import put, root, runs
from zmward.engine.verify import Proof, proof
from zmward.evidence import Evidence, Unseen, decode
from zmward.facts import Facts
from zmward.finding import moment
from zmward.foresee import foresee
from zmward.guards import SIGNS, signs
from zmward.plan import Plan
from zmward.profile import Profile
from zmward.sources.postconf import POSTCONF


def recorded() -> Evidence:
    """Return the recorded evidence of the sample server."""
    content = (files("zmward.demo") / "evidence.json").read_bytes()
    return decode(content, "the sample server's evidence")


@dataclass
class Sample:
    """The sample server: its world, and the directory and door that lead to it."""

    evidence: Evidence
    world: World
    clock: Callable[[], float]
    origin: World = field(init=False)
    directory: RecordedDirectory = field(init=False)

    def __post_init__(self) -> None:
        """Let the directory and the world be one."""
        self.origin = first(self.evidence)
        self.directory = RecordedDirectory(self.world.objects)
        self.world.objects = self.directory.objects

    @property
    def host(self) -> str:
        """Return the name of the server that was recorded."""
        return node(self.evidence)

    @property
    def door(self) -> SampleDoor:
        """Return the door to its programs."""
        return SampleDoor(self.world, self.clock, self._parameters)

    @property
    def changes(self) -> tuple[Change, ...]:
        """Return what is otherwise than it was recorded."""
        live = _live(self.evidence, self.host)
        return differences(self.host, self.origin, self.world, live, (root(),))

    def _parameters(self) -> Mapping[str, str]:
        return _live(self.seen(), self.host)

    def seen(self) -> Evidence:
        """Return what an audit would be told now."""
        changes = self.changes
        if not changes:
            return self.evidence
        found = foresee(self.evidence, changes)
        return serving(found, self.host, self.origin, self.world)

    def site(
        self,
        talk: Callable[[str], None],
        stop: Callable[[], bool],
        step: Step = unseen,
    ) -> Site:
        """Return the sample as the engine takes a host; waiting takes no time."""
        passed = [0.0]

        def sleep(seconds: float) -> None:
            passed[0] += seconds

        return Site(
            door=self.door,
            opener=lambda: self.directory,
            talk=talk,
            step=step,
            sleep=sleep,
            clock=lambda: passed[0],
            stop=stop,
        )

    def prove(
        self,
        plan: Plan,
        known: Mapping[str, Control],
        profile: Profile,
        now: datetime | None = None,
    ) -> Proof:
        """Audit the plan's controls; what cannot be computed comes out as unknown."""
        served = dict.fromkeys(name for step in plan.steps for name in step.controls)
        chosen = [known[name] for name in served if name in known]
        return proof(plan, audit(self.seen(), chosen, profile, now))

    def suspect(
        self, known: Mapping[str, Control], profile: Profile
    ) -> tuple[str, ...]:
        """Return the controls that show a sign of compromise on the sample."""
        chosen = [known[name] for name in SIGNS]
        return signs(audit(self.seen(), chosen, profile).findings)

    def switches(self) -> None:
        """Let every dead man's switch that is due take its run back."""
        for run in runs(self.door):
            names = [f"{timer}.timer" for timer in timers(run)]
            due = [self.world.timers.get(name) for name in names]
            if not any(at is not None and at <= self.clock() for at in due):
                continue
            # A timer elapses once, whatever comes of it.
            for name in names:
                self.world.timers.pop(name, None)
            journal = self.world.files[run.journal].content
            site = self.site(lambda _text: None, lambda: False)
            taken = take_back(site, run, plan_of(self.door, run))
            # The script of the switch writes no journal: its word is a count of
            # failures in a folder of its own.
            self.world.files[run.journal].content = journal
            self.door.run(("rm", "-rf", "--", run.fired))
            self.door.run(("mkdir", "-m", "0700", "--", run.fired))
            left = sum(one.fate == "not-undone" for one in taken.steps)
            count = left + len(taken.failures)
            put(self.door, f"{run.fired}/failed", f"{count}\n".encode())


def _live(evidence: Evidence, host: str) -> Mapping[str, str]:
    facts = Facts(evidence, Profile(), moment(evidence.when))
    try:
        return facts.read(POSTCONF, host)
    except Unseen:
        return {}
