"""An action of the catalog is carried out, also alone, and what it leaves is named."""

from tests.engine.repair import HOST, directory, plan, proof, site, twin
from zmward.catalog.actions import ACTIONS, VALIDATORS
from zmward.change import Act
from zmward.engine.apply import Wish, apply
from zmward.engine.rollback import roll_back
from zmward.engine.state import known

FETCH = Act(HOST, "refresh-apt")
ARGV = ("apt-get", "-qq", "update")


def test_a_plan_of_one_action_is_not_taken_for_done() -> None:
    host = twin()
    done = apply(site(host, directory()), plan((FETCH,)), Wish(), proof)
    assert done.run
    assert ARGV in host.said


def test_what_an_action_leaves_is_named_when_its_run_is_taken_back() -> None:
    host = twin()
    run = apply(site(host, directory()), plan((FETCH,)), Wish(), proof).run
    (one,) = roll_back(site(host, directory()), known(run)).steps
    assert one.fate == "stays"
    assert "lists" in one.note


def test_root_runs_nothing_that_reads_what_user_zimbra_writes() -> None:
    # nginx.conf can load a library, so that even a check of it runs zimbra's code.
    acts = (row.argv for row in ACTIONS.values() if row.user == "root")
    for argv in (*acts, *(row.argv for row in VALIDATORS.values())):
        assert not any("zimbra" in word for word in argv), argv
