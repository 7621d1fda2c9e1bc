"""The pure parts of a sweep over ports."""

import pytest

from zmward.scan import udp
from zmward.scan.patience import Allowance, Patience
from zmward.scan.seen import PortState
from zmward.scan.spans import spans
from zmward.scan.swept import NOBODY, TIME_OVER, Knock, Ledger, Untold, swept
from zmward.scan.unreachable import Family, meaning, nobody

ONE, TWO = Knock("192.0.2.1", 25, "tcp"), Knock("192.0.2.1", 26, "tcp")
OTHER = Knock("192.0.2.2", 25, "udp")


def test_ports_as_people_read_them() -> None:
    assert spans([]) == "none"
    assert spans([443, 1, 2, 3, 25, 3]) == "1-3, 25, 443"


class TestPatience:
    def test_silence_at_first_is_waited_for_longer_the_second_time(self) -> None:
        patience = Patience()
        assert patience.seconds(0) < patience.seconds(1)

    def test_a_near_host_is_given_time_to_stall(self) -> None:
        patience = Patience()
        for _ in range(20):
            patience.heard(0.0001)
        assert [patience.seconds(turn) for turn in range(4)] == [0.25, 0.75, 1.1, 1.1]

    def test_a_far_host_is_waited_for(self) -> None:
        patience = Patience()
        for trip in (0.3, 0.4, 0.3, 0.4):
            patience.heard(trip)
        assert 0.6 < patience.seconds(0) < 1.2 < patience.seconds(1) <= 2.0

    def test_no_host_holds_a_sweep_up_for_ever(self) -> None:
        patience = Patience()
        patience.heard(500)
        assert patience.seconds(0) == 2.0


class TestAllowance:
    def test_the_rate_is_never_exceeded(self) -> None:
        allowance = Allowance(1000, 0)
        taken = [allowance.take(tick / 1000, 99) for tick in range(1, 1001)]
        assert 995 <= sum(taken) <= 1001
        assert max(taken) <= 2

    def test_a_pause_is_not_made_up_for_in_one_burst(self) -> None:
        allowance = Allowance(1000, 0)
        assert allowance.take(60, 500) == 10

    def test_half_the_rate_waits_twice_as_long(self) -> None:
        allowance = Allowance(10, 0)
        assert allowance.take(0, 1) == 1
        assert allowance.wait() == pytest.approx(0.1)
        allowance.slower()
        assert allowance.wait() == pytest.approx(0.2)
        assert allowance.take(0.1, 1) == 0
        assert allowance.take(0.2, 1) == 1


class TestLedger:
    def test_the_first_answer_counts(self) -> None:
        ledger = Ledger()
        ledger.answered(ONE, "open", 0.1)
        ledger.answered(ONE, "closed", 0.1)
        ledger.failed(ONE, "the cable is cut")
        assert (ledger.states, ledger.untold) == ({ONE: "open"}, {})

    def test_an_answer_is_stronger_than_trouble_before(self) -> None:
        ledger = Ledger()
        ledger.failed(ONE, "the cable is cut")
        ledger.answered(ONE, "closed", None)
        assert (ledger.states, ledger.untold) == ({ONE: "closed"}, {})

    def test_silence_is_a_filter(self) -> None:
        ledger = Ledger()
        ledger.silent([ONE])
        assert ledger.states == {ONE: "filtered"}

    def test_silence_of_nobody_is_none(self) -> None:
        ledger = Ledger()
        ledger.vague[ONE.address] = NOBODY
        ledger.silent([ONE, OTHER])
        assert ledger.states == {OTHER: "filtered"}
        assert ledger.untold == {ONE: NOBODY}

    def test_who_has_answered_is_there(self) -> None:
        ledger = Ledger()
        ledger.vague[ONE.address] = NOBODY
        ledger.failed(ONE, NOBODY)
        assert ledger.deaf() == {ONE.address}
        ledger.answered(TWO, "closed", None)
        ledger.silent([Knock(ONE.address, 27, "tcp")])
        assert ledger.deaf() == set()
        assert ledger.states[Knock(ONE.address, 27, "tcp")] == "filtered"

    def test_another_protocol_takes_silence_back(self) -> None:
        ledger = Ledger()
        ledger.silent([OTHER, ONE])
        ledger.doubt({OTHER.address})
        assert ledger.states == {ONE: "filtered"}
        assert ledger.untold == {OTHER: NOBODY}

    def test_each_question_has_one_end(self) -> None:
        first, second = Ledger(), Ledger()
        first.answered(TWO, "open", None)
        first.over(first.left([ONE, TWO]))
        second.failed(OTHER, "the cable is cut")
        found = swept((first, second))
        assert [one.port for one in found.ports] == [26]
        assert found.untold == (
            Untold(ONE.address, "tcp", (25,), TIME_OVER),
            Untold(OTHER.address, "udp", (25,), "the cable is cut"),
        )


@pytest.mark.parametrize(
    ("family", "kind", "code", "tcp", "datagram"),
    [
        (4, 3, 3, "filtered", "closed"),
        (6, 1, 4, "filtered", "closed"),
        (4, 3, 13, "filtered", "filtered"),
        (4, 3, 1, "filtered", "filtered"),
        (6, 1, 1, "filtered", "filtered"),
        (4, 11, 0, "filtered", "filtered"),
        (6, 3, 0, "filtered", "filtered"),
        (4, 3, 4, None, None),
        (4, 8, 0, None, None),
        (6, 2, 0, None, None),
    ],
)
def test_messages_of_icmp(
    family: Family,
    kind: int,
    code: int,
    tcp: PortState | None,
    datagram: PortState | None,
) -> None:
    assert meaning(family, kind, code, "tcp") == tcp
    assert meaning(family, kind, code, "udp") == datagram


def test_nobody_has_the_address() -> None:
    assert nobody(4, 3, 1)
    assert nobody(6, 1, 3)
    assert not nobody(4, 3, 3)


class TestDatagrams:
    def test_no_question_is_large(self) -> None:
        assert max(len(udp.question(port)) for port in (*udp.PORTS, 9)) <= 64

    def test_an_answer_shows_its_service(self) -> None:
        version = udp.question(11211)[:8] + b"VERSION 1.6.9\r\n"
        assert udp.service(11211, version) == "memcached"
        refused = udp.question(53)[:2] + b"\x80\x05" + bytes(8)
        assert udp.service(53, refused) == "dns"

    @pytest.mark.parametrize("port", [*udp.PORTS, 9])
    def test_an_echo_shows_nothing(self, port: int) -> None:
        assert udp.service(port, udp.question(port)) == ""
        assert udp.service(port, b"") == ""
