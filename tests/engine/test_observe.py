"""Observing through a door: what is done in which order, and what is left behind."""

from collections.abc import Callable, Iterator, Sequence

import pytest

from tests.firewall.test_observe import STRANGER, element, listed
from zmward.doors.host import Done
from zmward.engine.observe import TIMER, observe
from zmward.engine.site import Site
from zmward.errors import Incomplete, Refused, Unreachable
from zmward.firewall.render_observe import TABLE

GONE = Done(1, b"", b"Error: No such file or directory")
RUN, DELETE = "systemd-run", f"nft delete table inet {TABLE}"
Answer = Done | Callable[[], Done]


class Host:
    """A host that answers as it is told; `clock` moves when somebody sleeps."""

    name = "mail"
    streams = 1

    def __init__(self, **answers: Answer) -> None:
        self.answers = answers
        self.done: list[str] = []
        self.now = 0.0
        self.loaded = 0
        self.talk: list[str] = []
        self.steps: list[str] = []

    def lines(self, script: str) -> Iterator[bytes]:
        raise AssertionError(script)

    def run(
        self,
        argv: Sequence[str],
        *,
        given: bytes = b"",
        user: str = "root",
        seconds: int = 60,
    ) -> Done:
        del user, seconds
        words = " ".join(argv)
        self.done.append(f"{words} {given.decode()}".strip())
        for name, answer in self.answers.items():
            if words.startswith(name.replace("_", " ")):
                return answer if isinstance(answer, Done) else answer()
        return self._usual(words)

    def _usual(self, words: str) -> Done:
        if words == "id -u":
            return Done(0, b"0\n")
        if words.startswith("nft list table"):
            return GONE
        if words.startswith("nft -f"):
            self.loaded += 1
        if words.startswith("cat"):
            return Done(0, b"10\n1000\n")
        if words.startswith(("nft -j list", "nft -jn list")):
            return Done(0, listed(told4=[element(STRANGER, 6, 7071)]).encode())
        return Done(0)

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def site(self, stop: Callable[[], bool] = lambda: False) -> Site:
        return Site(
            door=self,
            opener=lambda: pytest.fail("the directory is not asked"),
            talk=self.talk.append,
            step=lambda _done, _total, about: self.steps.append(about),
            sleep=self.sleep,
            clock=lambda: self.now,
            stop=stop,
        )

    def place(self, words: str) -> int:
        return next(n for n, line in enumerate(self.done) if line.startswith(words))

    def did(self, words: str) -> bool:
        return any(line.startswith(words) for line in self.done)


def test_the_timer_comes_first_and_goes_last() -> None:
    host = Host()
    found = observe(host.site(), "first", "second", 60)
    assert (found.ended, found.seconds, found.left) == ("time", 60, "")
    assert found.counted.rows[0].packets == 3
    order = (
        *(RUN, "nft -f - first", "nft -f - second", "nft -jn list table", DELETE),
        f"systemctl stop {TIMER}.timer",
    )
    places = [host.place(words) for words in order]
    assert places == sorted(places)
    armed = host.done[host.place(RUN)]
    assert "--on-active=125s" in armed
    assert armed.endswith(f"/usr/bin/env {DELETE}")
    assert host.now >= 65
    assert "0 first packets would be dropped so far" in host.steps


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"id": Done(0, b"1000\n")}, "needs root"),
        (
            {"nft_--version": Done(127, b"", b"not found")},
            "install the package nftables",
        ),
        ({"nft_list_table": Done(0)}, "observes mail already"),
        ({"nft_list_table": Done(1, b"", b"Operation not supported")}, "does not work"),
    ],
)
def test_a_host_that_cannot_be_observed_is_not_touched(
    answers: dict[str, Answer], said: str
) -> None:
    host = Host(**answers)
    with pytest.raises(Refused, match=said):
        observe(host.site(), "first", "second", 60)
    assert not host.did(RUN)
    assert not host.did(DELETE)
    assert not host.loaded


@pytest.mark.parametrize(
    "answers",
    [
        {"systemd-run": Done(1, b"", b"Unit zmward-observe.timer was already loaded")},
        {"systemctl_is-active": Done(3)},
    ],
)
def test_without_a_timer_nothing_is_loaded(answers: dict[str, Answer]) -> None:
    host = Host(**answers)
    with pytest.raises(Refused, match="timer"):
        observe(host.site(), "first", "second", 60)
    assert not host.loaded
    assert not host.did(DELETE)


def test_a_table_that_the_kernel_refuses_is_taken_away() -> None:
    host = Host(**{"nft_-f": Done(1, b"", b"syntax error, unexpected th")})
    with pytest.raises(Refused, match="unexpected th"):
        observe(host.site(), "first", "second", 60)
    assert host.did(DELETE)
    assert host.did(f"systemctl stop {TIMER}.timer")


def test_a_stop_ends_early_and_still_reads() -> None:
    host = Host()
    found = observe(host.site(stop=lambda: host.now > 20), "first", "second", 600)
    assert found.ended == "somebody stopped it"
    assert 10 < found.seconds < 20
    assert found.counted.rows
    assert host.did(DELETE)


def test_a_table_that_somebody_removed_at_once_is_no_answer() -> None:
    host = Host(**{"nft_-j": GONE})
    with pytest.raises(Incomplete, match="is gone"):
        observe(host.site(), "first", "second", 60)
    assert host.did(f"systemctl stop {TIMER}.timer")


@pytest.mark.parametrize("asked", ["nft_-j_list", "nft_-jn"])
def test_of_a_table_that_somebody_removed_later_the_last_copy_counts(
    asked: str,
) -> None:
    def answer() -> Done:
        words = asked.replace("_", " ")
        return GONE if host.now > 100 else host._usual(f"{words} list")

    host = Host(**{asked: answer})
    found = observe(host.site(), "first", "second", 600)
    assert "somebody removed the table" in found.ended
    assert 30 < found.seconds < 100
    assert found.counted.rows
    assert host.did(f"systemctl stop {TIMER}.timer")


def test_an_answer_that_is_none_is_said() -> None:
    for name in ("nft_-j_list", "nft_-jn"):
        host = Host(**{name: Done(0, b"{}")})
        with pytest.raises(Incomplete):
            observe(host.site(), "first", "second", 60)
        assert host.did(DELETE)


def test_a_full_table_of_connections_ends_it() -> None:
    host = Host(cat=lambda: Done(0, b"950 1000" if host.now > 30 else b"10 1000"))
    found = observe(host.site(), "first", "second", 600)
    assert "table of connections" in found.ended
    early = Host(cat=Done(0, b"950 1000"))
    with pytest.raises(Refused, match="nf_conntrack_max"):
        observe(early.site(), "first", "second", 600)
    assert early.loaded == 1
    assert early.did(DELETE)


def test_a_kernel_that_tells_no_limits_is_observed_all_the_same() -> None:
    host = Host(cat=Done(1, b"", b"No such file"))
    assert observe(host.site(), "first", "second", 10).ended == "time"


def _lost() -> Done:
    raise Unreachable("mail cannot be reached")


def test_a_connection_that_comes_back_loses_nothing() -> None:
    def poll() -> Done:
        return _lost() if host.now < 60 else host._usual("nft -j list")

    def whole() -> Done:
        return _lost() if host.now < 80 else host._usual("nft -jn list")

    host = Host(**{"nft_-j_list": poll, "nft_-jn": whole})
    found = observe(host.site(), "first", "second", 60)
    assert found.ended == "time"
    assert found.counted.rows
    assert any("counts on" in line for line in host.talk)


def test_a_connection_that_stays_lost_leaves_the_rest_to_the_timer() -> None:
    host = Host(**{"nft_-jn": _lost, "nft_delete": _lost})
    with pytest.raises(Unreachable):
        observe(host.site(), "first", "second", 10)
    assert any(TIMER in line for line in host.talk)
    assert not host.did(f"systemctl stop {TIMER}.timer")


def test_what_cannot_be_removed_is_said_and_the_timer_stays() -> None:
    host = Host(nft_delete=Done(1, b"", b"Device or resource busy"))
    found = observe(host.site(), "first", "second", 10)
    assert "busy" in found.left
    assert TIMER in found.left
    assert not host.did(f"systemctl stop {TIMER}.timer")
