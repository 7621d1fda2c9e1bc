"""What was seen from outside, laid beside what hosts say of themselves."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from zmward.control import Check, Control, Severity, Status
from zmward.controls.registry import controls
from zmward.controls.shapes.from_outside import only_from_outside
from zmward.deviation import Judgement, Layer, deviates, sound
from zmward.engine.audit import audit
from zmward.errors import BadFile
from zmward.evidence import Answer, Evidence
from zmward.facts import Facts
from zmward.outlook import Outlook, Outside, Sight
from zmward.outside import evidence_of, whose, with_looks
from zmward.profile import Firewall, Networks, Profile
from zmward.scan.seen import PortSeen, Seen, decode, encode

WHEN = "2026-11-21T12:00:00+00:00"
NOW = datetime.fromisoformat(WHEN)
OPEN = Seen(
    "mail.example.test",
    WHEN,
    "0",
    addresses=("192.0.2.10",),
    source={"192.0.2.10": "198.51.100.7"},
    ports=(PortSeen(11211, "tcp", "192.0.2.10", "open"),),
)
SHUT = Seen("mail.example.test", WHEN, "0", addresses=("192.0.2.10",))

OUTSIDE = "outside"
_ADDR = "2: eth0    inet %s/24 scope global eth0"


def _look(seen: Seen, outlook: Outlook) -> tuple[Judgement, ...]:
    if seen.open():
        row = (Layer.RUNNING, outlook.subject, "open", "shut")
        return (deviates(*row, no_cure="Shut it."),)
    return (sound(Layer.RUNNING, outlook.subject),)


def control(check: Check) -> Control:
    return Control(
        id="port-shut",
        title="The port is shut",
        why="It is.",
        impact="None.",
        severity=Severity.HIGH,
        tips=("S3",),
        check=check,
        refs=(),
        examples=(),
        outside=Outside(_look, (Sight("bad", OPEN), Sight("ok", SHUT))),
    )


def _believes(_facts: Facts) -> tuple[Judgement, ...]:
    return (sound(Layer.DECLARED, "mail.example.test"),)


INSIDE = control(Check(needs=("identity",), judge=_believes))
BOTH = Evidence(WHEN, {"mail.example.test": {"identity": Answer("")}})


class TestAudit:
    def test_a_packet_overrules_what_the_host_believes(self) -> None:
        report = audit(with_looks(BOTH, (OPEN,)), (INSIDE,), Profile())
        (finding,) = report.findings
        assert finding.status is Status.FAIL
        assert "what was seen counts" in finding.reason

    def test_agreement_says_nothing_of_a_contradiction(self) -> None:
        (finding,) = audit(with_looks(BOTH, (SHUT,)), (INSIDE,), Profile()).findings
        assert finding.status is Status.PASS
        assert not finding.reason

    def test_two_places_see_more_than_one(self) -> None:
        evidence = with_looks(BOTH, (SHUT, OPEN))
        assert audit(evidence, (INSIDE,), Profile()).findings[0].status is Status.FAIL

    def test_without_a_look_only_the_host_speaks(self) -> None:
        assert audit(BOTH, (INSIDE,), Profile()).findings[0].status is Status.PASS

    def test_what_only_the_outside_tells_is_left_out_without_a_look(self) -> None:
        alone = control(only_from_outside())
        assert not audit(BOTH, (alone,), Profile()).findings
        assert len(audit(with_looks(BOTH, (SHUT,)), (alone,), Profile()).findings) == 1

    @pytest.mark.parametrize("when", ["2026-10-21T12:00:00+00:00", "2027-01-01"])
    def test_a_look_of_another_time_is_unknown(self, when: str) -> None:
        for seen in (OPEN, SHUT):
            evidence = with_looks(BOTH, (replace(seen, when=when),))
            (finding,) = audit(evidence, (INSIDE,), Profile()).findings
            assert finding.status is Status.UNKNOWN
            assert "scan again" in finding.reason

    def test_a_host_that_nobody_looked_at_is_unknown(self) -> None:
        alone = control(only_from_outside())
        two = Evidence(WHEN, {**BOTH.answers, "other": {"identity": Answer("")}})
        (finding,) = audit(with_looks(two, (SHUT,)), (alone,), Profile()).findings
        assert finding.status is Status.UNKNOWN
        assert "other: nobody looked" in finding.reason
        (finding,) = audit(with_looks(two, (OPEN,)), (alone,), Profile()).findings
        assert finding.status is Status.FAIL

    def test_an_unreadable_look_is_unknown(self) -> None:
        answers = {"mail.example.test": {"outside": Answer("{")}}
        (finding,) = audit(
            Evidence(WHEN, answers), (INSIDE,), Profile(), inside=False
        ).findings
        assert finding.status is Status.UNKNOWN


class TestWhose:
    def test_a_look_belongs_to_the_host_of_its_name(self) -> None:
        evidence = with_looks(BOTH, (OPEN,))
        assert set(evidence.hosts) == {"mail.example.test"}

    def test_a_look_belongs_to_the_host_of_its_address(self) -> None:
        text = "2: eth0    inet 192.0.2.10/24 brd 192.0.2.255 scope global eth0"
        own = Evidence(WHEN, {"node": {"addresses": Answer(text)}})
        assert with_looks(own, (OPEN,)).hosts == ("node",)

    @pytest.mark.parametrize(
        "address", ["192.168.1.10", "172.17.0.1", "100.64.0.9", "fd00::9"]
    )
    def test_an_inner_address_is_of_many_sites(self, address: str) -> None:
        """Another customer's server has the same one, and Docker's bridge too."""
        own = Evidence(WHEN, {"mail.a.test": {"addresses": Answer(_ADDR % address)}})
        seen = replace(OPEN, host="mail.b.test", addresses=(address,))
        assert whose(own, seen) == ""
        assert with_looks(own, (seen,)).hosts == ("mail.a.test", "mail.b.test")
        asked = replace(seen, host=address)
        assert whose(own, asked) == "mail.a.test"
        both = {**own.answers, "mail.c.test": own.answers["mail.a.test"]}
        assert whose(Evidence(WHEN, both), asked) == ""

    def test_a_name_counts_more_than_an_address(self) -> None:
        text = Answer(_ADDR % "203.0.113.5")
        own = Evidence(WHEN, {"a.test": {"addresses": text}, "b.test": {}})
        seen = replace(OPEN, host="B.test.", addresses=("203.0.113.5",))
        assert whose(own, seen) == "b.test"
        assert whose(own, replace(seen, host="web.test")) == "a.test"

    def test_loopback_is_nobodys_sign(self) -> None:
        text = "1: lo    inet 127.0.0.1/8 scope host lo"
        own = Evidence(WHEN, {"node": {"addresses": Answer(text)}})
        seen = Seen("localhost", WHEN, "0", addresses=("127.0.0.1",))
        assert with_looks(own, (seen,)).hosts == ("node", "localhost")

    @pytest.mark.parametrize("address", ["127.0.0.1", "::1", "fe80::9", "169.254.3.4"])
    def test_what_every_machine_has_names_none(self, address: str) -> None:
        """A look at 127.0.0.1 was made on any laptop."""
        own = Evidence(WHEN, {"node": {"addresses": Answer(_ADDR % address)}})
        site = Profile(firewall=Firewall(cluster=("0.0.0.0/0", "::/0")))
        seen = Seen(address, WHEN, "0", addresses=(address,))
        assert whose(own, seen, site) == ""

    SITE = Profile(firewall=Firewall(cluster=("10.0.0.0/24",)))
    TWO = Evidence(
        WHEN,
        {
            "zm1.a.test": {
                "addresses": Answer(
                    "\n".join(_ADDR % a for a in ("10.0.0.4", "172.17.0.1", "fd00::5"))
                )
            },
            "zm2.a.test": {
                "addresses": Answer(
                    "\n".join(_ADDR % a for a in ("10.0.0.5", "172.17.0.1"))
                )
            },
        },
    )

    @pytest.mark.parametrize(
        ("host", "addresses", "expected"),
        [
            ("mail.a.test", ("10.0.0.4",), "zm1.a.test"),
            ("mail.a.test", ("203.0.113.10", "10.0.0.5"), "zm2.a.test"),
            ("mail.a.test", ("10.0.0.4", "10.0.0.5"), ""),
            ("mail.a.test", ("172.17.0.1",), ""),
            ("mail.a.test", ("203.0.113.10",), ""),
            ("vip.a.test", ("10.0.0.99",), ""),
            ("172.17.0.1", ("172.17.0.1",), ""),
            ("FD00::0:5", ("fd00::5",), "zm1.a.test"),
            ("zm2", ("10.0.0.5",), "zm2.a.test"),
        ],
    )
    def test_the_networks_of_the_profile_are_the_sites_own(
        self, host: str, addresses: tuple[str, ...], expected: str
    ) -> None:
        seen = replace(OPEN, host=host, addresses=addresses)
        assert whose(self.TWO, seen, self.SITE) == expected
        named = expected or host
        assert OUTSIDE in with_looks(self.TWO, (seen,), self.SITE).answers[named]

    @pytest.mark.parametrize(
        ("host", "address", "expected"),
        [
            ("zm1", "10.0.0.4", "zm1.a.test"),
            ("zm1", "10.0.0.5", ""),
            ("zm", "10.0.0.4", ""),
            ("zm1.b.test", "10.0.0.4", ""),
        ],
    )
    def test_a_short_name_counts_with_its_address(
        self, host: str, address: str, expected: str
    ) -> None:
        """Another site has a zm1 too."""
        seen = replace(OPEN, host=host, addresses=(address,))
        assert whose(self.TWO, seen) == expected

    def test_a_look_of_its_own_lets_no_other_host_pass(self) -> None:
        evidence = with_looks(BOTH, (replace(SHUT, host="elsewhere.test"),))
        alone = control(only_from_outside())
        (finding,) = audit(evidence, (alone,), Profile()).findings
        assert finding.status is Status.UNKNOWN


class TestVantage:
    PROFILE = Profile(
        networks=Networks(admins=("198.51.100.0/24",), clients=("0.0.0.0/0",)),
        firewall=Firewall(cluster=("192.0.2.11",)),
    )

    @pytest.mark.parametrize(
        ("source", "zone"),
        [
            ("198.51.100.7", "admin"),
            ("192.0.2.11", "cluster"),
            ("203.0.113.5", "clients"),
            ("2001:db8::5", "internet"),
            ("192.0.2.10", "itself"),
            ("127.0.0.1", "itself"),
            ("", "internet"),
        ],
    )
    def test_the_source_tells_the_zone(self, source: str, zone: str) -> None:
        seen = Seen(
            *("mail.example.test", WHEN, "0"),
            addresses=("192.0.2.10",),
            source={"192.0.2.10": source},
        )
        outlook = Outlook(self.PROFILE, NOW.astimezone(UTC), "mail")
        assert outlook.vantage(seen, "192.0.2.10") == zone

    def test_what_the_host_calls_its_own_may_be_itself(self) -> None:
        """Behind a router that gives each inner address a public one of its own."""
        node = Answer(_ADDR % "10.0.0.5")
        other = Answer(_ADDR % "10.0.0.6")
        answers = {"mail": {"addresses": node}, "mta": {"addresses": other}}
        shut = replace(
            OPEN,
            host="mail",
            addresses=("203.0.113.10",),
            ports=(
                PortSeen(25, "tcp", "203.0.113.10", "open"),
                PortSeen(7025, "tcp", "203.0.113.10", "filtered"),
            ),
        )
        internal = controls()["internal-ports-closed"]
        for source, status in (
            ("10.0.0.5", Status.UNKNOWN),
            ("10.0.0.6", Status.UNKNOWN),
            ("10.0.0.7", Status.PASS),
        ):
            look = replace(shut, source={"203.0.113.10": source})
            evidence = with_looks(Evidence(WHEN, answers), (look,))
            report = audit(evidence, (internal,), Profile(), inside=False)
            assert report.findings[0].status is status


def test_looks_survive_their_file() -> None:
    assert decode(encode(OPEN)) == OPEN
    assert evidence_of((OPEN,), "0").hosts == ("mail.example.test",)
    with pytest.raises(BadFile):
        decode("[" * 100_000)
