"""mailboxd that is slow, overloaded or restarting does not end a run."""

import pytest
from msgspec.structs import replace

from tests.engine.repair import CHANGES, HOST, directory, plan, proof, site, twin
from tests.engine.twin import Twin
from zmward.change import SetAttr, SetLocalConfig
from zmward.doors.directory import DOWN, SILENT
from zmward.doors.recorded_directory import Mishap, RecordedDirectory
from zmward.doors.zmprov import ZmprovDirectory
from zmward.engine.apply import Wish, apply
from zmward.engine.rollback import roll_back
from zmward.engine.site import Site
from zmward.engine.state import known
from zmward.errors import Failed, Refused, Stale


@pytest.mark.parametrize("fault", [DOWN, SILENT, "http.503", "http.429"])
@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("request_number", range(1, 8))
def test_one_lost_answer_is_asked_for_again(
    fault: str, request_number: int, *, done: bool
) -> None:
    host, kept = twin(), directory()
    kept.mishaps = (Mishap(request_number, fault, "lost", done=done),)
    run = apply(site(host, kept), plan(), Wish(), proof).run
    assert kept.objects["cos:default"]["zimbraImapEnabled"] == ("FALSE",)
    kept.mishaps = (Mishap(kept.requests + 3, fault, "lost", done=done),)
    assert roll_back(site(host, kept), known(run)).complete
    assert kept.objects == directory().objects


def test_asking_again_has_an_end() -> None:
    host, kept = twin(), directory()
    slept: list[float] = []
    place = site(host, kept)
    place.sleep = slept.append
    kept.mishaps = (Mishap(1, SILENT, "lost", lasting=True),)
    with pytest.raises(Refused, match="lost"):
        apply(place, plan(), Wish(), proof)
    assert slept == [2.0, 5.0, 15.0, 30.0]


@pytest.mark.parametrize("kind", ["cos", "domain", "account", "server"])
def test_an_object_that_is_not_there_makes_a_plan_stale(kind: str) -> None:
    host, kept = twin(), directory()
    name = f"{kind}:gone@example.test"
    gone = SetAttr(name, "zimbraNotes", None, ("x",))
    with pytest.raises(Stale, match=f"no such {kind}: gone") as stale:
        apply(site(host, kept), plan((*CHANGES, gone)), Wish(), proof)
    assert stale.value.code == 4
    assert not kept.written


class Beside(ZmprovDirectory):
    """zmprov's way, taken although mailboxd runs."""

    def __init__(self) -> None:
        self.beside = True

    def close(self) -> None:
        return


def restarts(host: Twin) -> int:
    return sum(words[1:] == ("restart",) for words in host.said)


def restarting(host: Twin, kept: RecordedDirectory, place: Site | None = None) -> str:
    change = SetLocalConfig(HOST, "zimbra_same_site_cookie", None, "Lax")
    found = plan((change,))
    step = replace(found.steps[0], restarts=("mailbox",))
    return apply(
        place or site(host, kept), replace(found, steps=(step,)), Wish(), proof
    ).run


def test_a_rollback_waits_for_what_is_still_starting() -> None:
    """Choosing the way waits; only what never came up is restarted as it is."""
    host, kept = twin(), directory()
    run = restarting(host, kept)
    place = site(host, kept)
    first = place.opener
    said: list[str] = []
    place.talk = said.append
    place.opener = lambda: Beside() if restarts(host) == 1 else first()
    assert roll_back(place, known(run)).complete
    assert restarts(host) == 2
    words = [text for text in said if "mailboxd" in text]
    assert words == [
        "mailboxd has not come up by itself, so it is restarted",
        "mailboxd restarts",
    ]


def test_after_a_restart_mailboxd_must_answer() -> None:
    host, kept = twin(), directory()
    place = site(host, kept)
    first = place.opener
    place.opener = lambda: Beside() if restarts(host) == 1 else first()
    with pytest.raises(Failed, match="gave no answer"):
        restarting(host, kept, place)
    assert restarts(host) == 2
    assert (host.state(), kept.objects) == (twin().state(), directory().objects)
