"""What was written is read back: a write that says yes and does nothing is found."""

from collections.abc import Mapping, Sequence

import pytest

from tests.engine.repair import CHANGES, directory, plan, proof, site, twin
from zmward.change import Act, Change, InstallPackage, SetAttr
from zmward.doors.directory import Values
from zmward.doors.host import Done
from zmward.doors.recorded_directory import RecordedDirectory
from zmward.engine.apply import Wish, apply
from zmward.engine.history import history
from zmward.engine.perform import perform
from zmward.engine.present import label
from zmward.engine.run_plan import create
from zmward.engine.state import known
from zmward.errors import Failed, Fault

# By which program, or with which word, a kind of change is made on a host.
WRITERS = {
    "write-file": ("mv",),
    "set-mode": ("mode",),
    "set-localconfig": ("/opt/zimbra/bin/zmlocalconfig",),
    "set-parameter": ("-e", "-X"),
    "set-crontab": ("crontab",),
    "set-unit": ("enable", "start"),
    "install-package": ("install",),
    "load-ruleset": ("load", "put"),
}
# Some doors look for themselves; all are looked at once more.
NOT_SO = "not what was written|afterwards|did not come to the state"
HOSTS = [change for change in CHANGES if not isinstance(change, (SetAttr, Act))]


class Forgetful(RecordedDirectory):
    """A directory that accepts every value and keeps none."""

    def write(self, target: str, values: Mapping[str, Values | None]) -> None:
        before = dict(self.objects.get(target, {}))
        super().write(target, values)
        self.objects[target] = before


def test_a_directory_that_keeps_nothing_fails_the_run_and_not_the_host() -> None:
    host, kept = twin(), Forgetful(directory().objects)
    start = host.state()
    changes = [change for change in CHANGES if isinstance(change, SetAttr)]
    with pytest.raises(Failed, match="not what was written"):
        apply(site(host, kept), plan(changes), Wish(), proof)
    assert kept.objects == directory().objects
    assert host.state() == start
    assert [row.state for row in history(host)] == ["rolled back"]


@pytest.mark.parametrize("change", HOSTS, ids=label)
def test_a_program_that_does_nothing_is_found_out(change: Change) -> None:
    host, kept = twin(), directory()
    run = known("20261121T120000Z-0000")
    create(host, run, plan((change,)))
    words = WRITERS[str(change.__struct_config__.tag)]

    def idle(argv: Sequence[str]) -> Done | None:
        asks = argv[0] == "crontab" and "-l" in argv
        simulates = "-s" in argv or "--simulate" in argv
        return Done(0) if set(words) & set(argv) and not (asks or simulates) else None

    host.fails = idle
    with pytest.raises(Fault, match=NOT_SO):
        perform(site(host, kept), (change,), run.id)


def test_each_kind_that_is_made_on_a_host_is_tried() -> None:
    tried = {str(change.__struct_config__.tag) for change in HOSTS}
    assert tried == set(WRITERS)
    assert any(isinstance(change, InstallPackage) for change in HOSTS)
