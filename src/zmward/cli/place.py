"""The host that a verb works on: this one, a far one, or the sample server."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from zmward.cli.main import own_version
from zmward.cli.options import door
from zmward.cli.progress import Told
from zmward.controls.registry import controls
from zmward.demo.sample import Sample
from zmward.doors.directory import Directory
from zmward.doors.host import Door
from zmward.doors.open_directory import open_directory
from zmward.doors.zimbra_host import ZimbraHost
from zmward.engine.signs import suspicions
from zmward.engine.site import Site
from zmward.engine.verify import Proof, verify
from zmward.errors import Usage
from zmward.evidence import Evidence
from zmward.plan import Plan
from zmward.profile import Profile
from zmward.reports.run_words import Way
from zmward.scan.seen import Seen


@dataclass(frozen=True)
class Place:
    """A host, how it was named, and the sample server where it is that."""

    door: Door
    way: Way
    sample: Sample | None = None

    @property
    def name(self) -> str:
        """Return how messages name the host."""
        return self.door.name

    def site(self, told: Told, stop: Callable[[], bool]) -> Site:
        """Return the host as the engine takes it."""
        if self.sample is not None:
            return self.sample.site(told.talk, stop, told.step)
        host = ZimbraHost(self.door)

        def opener() -> Directory:
            back = lambda: site.going_back  # noqa: E731  # asked when it matters
            return open_directory(host, told.talk, site.wait, whatever=back)

        site = Site(
            door=self.door, opener=opener, talk=told.talk, step=told.step, stop=stop
        )
        return site

    def prove(
        self,
        plan: Plan,
        profile: Profile,
        others: Evidence | None = None,
        looks: tuple[Seen, ...] = (),
    ) -> Proof:
        """Audit the controls of a plan anew.

        `others` are what other nodes said, `looks` what was seen from outside.
        """
        if self.sample is not None:
            return self.sample.prove(plan, controls(), profile)
        version = own_version()
        return verify(
            *(self.door, plan, controls(), profile, version),
            others=others,
            looks=looks,
        )

    def suspect(self, plan: Plan, profile: Profile) -> tuple[str, ...]:
        """Return the controls that show a sign of compromise now."""
        if self.sample is not None:
            return self.sample.suspect(controls(), profile)
        return suspicions(self.door, plan, controls(), profile, own_version())


@contextmanager
def place(host: str | None, *, sample: bool) -> Iterator[Place]:
    """Give the host that the options name."""
    if not sample:
        yield Place(door(host), Way(host or ""))
        return
    if host:
        raise Usage("--demo works on the sample server, so it takes no --host.")
    from zmward.cli.sample import opened

    with opened() as found:
        yield Place(found.door, Way(sample=True), found)
