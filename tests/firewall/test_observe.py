"""What was counted becomes an observation, and each undecided flow has its lines."""

import json
import tomllib
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from tests.firewall.policies import told
from tests.firewall.site import LISTENERS, NODE, cluster, connection, single
from zmward.facts import Facts
from zmward.firewall import nft_text
from zmward.firewall.counted import Count, Counted, counters, parse
from zmward.firewall.known import Known, heard, known, later
from zmward.firewall.observed import (
    Circumstances,
    Observed,
    Wanted,
    document,
    observed,
)
from zmward.firewall.observed import parse as read
from zmward.firewall.openings import Policy, Problem
from zmward.firewall.policy import policy
from zmward.firewall.ranges import everything
from zmward.firewall.render_observe import COUNTERS, KINDS, beginning, observing
from zmward.firewall.rules import PROTOCOLS
from zmward.firewall.unsettled import open_callers, unsettled
from zmward.profile import Profile
from zmward.reports.observed import text as in_words
from zmward.sources.listeners import Listener
from zmward.sources.source import Unreadable

WHEN = Circumstances("2026-11-21T12:00:00+00:00", 600, 600, "time", "1.0")
ADMINS = {"admins": ["10.1.0.0/24", "2001:db8:a::/48"]}
NFS = Listener("tcp", "*", 2049)
ODD = Listener("udp", "*", 7777, "odd")
NTP = Listener("udp", "*", 123, "chronyd")
SETTLED = {
    "networks": ADMINS,
    "services": {"smtp-auth": "wanted", "imap": "wanted", "pop": "unwanted"},
}
STRANGER, OTHER, SIX = "203.0.113.7", "203.0.113.8", "2001:db8:ffff::7"


def row(kind: str, source: str, *numbers: int, packets: int = 1) -> Count:
    return Count(kind, source, numbers, packets, 60 * packets)


def counted(*rows: Count, full: Mapping[str, int] | None = None, **own: int) -> Counted:
    total = sum(one.packets for one in rows if one.kind not in ("rated", "midway"))
    numbers = dict.fromkeys(COUNTERS, 0) | {"left": total} | own
    return Counted(rows, numbers, full or {})


def site(profile: Mapping[str, Any] | None = None, **node: Any) -> Facts:
    usual = {"listeners": (*LISTENERS, NFS, ODD, NTP)}
    return single(profile=profile or SETTLED, **(usual | node))


def seen(facts: Facts, host: str, found: Counted, *before: Any) -> Observed:
    own = known(facts, host, policy(facts, host))
    return observed(found, own, before, WHEN)


def problems(facts: Facts, host: str, found: Observed) -> tuple[Problem, ...]:
    return tuple(unsettled(found, policy(facts, host), facts.profile))


def decided(profile: Mapping[str, Any], lines: str) -> dict[str, Any]:
    """Return the profile with some more lines at its end, as somebody pastes them."""
    extra = tomllib.loads(lines)["firewall"]
    own = dict(profile.get("firewall", {}))
    for key, value in extra.items():
        own[key] = [*own.get(key, ()), *value]
    return {**profile, "firewall": own}


class TestTheTable:
    SITE = policy(site(), NODE)

    def test_it_lets_everything_in(self) -> None:
        ruleset = nft_text.parse(observing(self.SITE, ((6, 22), (17, 53)), 600))
        for family in ("ipv4", "ipv6"):
            for number in (*(PROTOCOLS[p] for p in ("tcp", "udp")), 47, 99):
                for port in (22, 25, 7071, 9999):
                    for flags in (2, 16, 0, 41):
                        for state in ("new", "invalid", "untracked", "established"):
                            found = told(
                                ruleset, family, number, port, flags=flags, state=state
                            )
                            assert found.accepted == everything(family)

    def test_the_first_one_lets_everything_in_and_is_made_only_once(self) -> None:
        assert beginning().startswith("create table inet zmward_observe\n")
        ruleset = nft_text.parse(beginning().partition("\n")[2])
        found = told(ruleset, "ipv4", PROTOCOLS["tcp"], 7071, flags=2)
        assert found.accepted == everything("ipv4")

    def test_it_never_drops_and_forgets_nothing_meanwhile(self) -> None:
        text = observing(self.SITE, (), 86_400)
        assert "drop;" not in text
        assert " drop " not in text
        assert f"timeout {2 * 86_400 + 3600}s" in text
        assert text.count("size 65535") >= 2 * len(KINDS)

    def test_ports_that_listen_are_told_apart_from_all_others(self) -> None:
        text = observing(self.SITE, ((17, 53), (6, 22), (6, 22)), 600)
        assert "elements = { 6 . 22, 17 . 53 }" in text
        assert "set heard" not in observing(self.SITE, None, 600)
        assert "@heard" not in observing(self.SITE, None, 600)


def element(*words: Any, packets: int = 3) -> dict[str, Any]:
    counter = {"packets": packets, "bytes": 60 * packets}
    return {"elem": {"val": {"concat": list(words)}, "expires": 9, "counter": counter}}


def listed(**sets: list[Any]) -> str:
    """Return what nft prints of the table."""
    names = (*COUNTERS, *(f"{kind}-full" for kind in KINDS))
    rows: list[Any] = [{"metainfo": {"json_schema_version": 1}}]
    rows += [{"counter": {"name": name, "packets": 0, "bytes": 0}} for name in names]
    for kind in KINDS:
        for digit in "46":
            own = {"name": f"{kind}{digit}", "elem": sets.get(f"{kind}{digit}", [])}
            rows.append({"set": own})
    return json.dumps({"nftables": rows})


class TestReadingTheTable:
    def test_rows_of_every_kind(self) -> None:
        found = parse(
            listed(
                told4=[element(STRANGER, 6, 7071)],
                told6=[element(SIX, "tcp", 7071, packets=5)],
                spoken4=[element(STRANGER, 112)],
                midway4=[element(STRANGER, 50_000, 389)],
            )
        )
        assert found.rows == (
            Count("told", STRANGER, (6, 7071), 3, 180),
            Count("told", SIX, (6, 7071), 5, 300),
            Count("spoken", STRANGER, (112,), 3, 180),
            Count("midway", STRANGER, (50_000, 389), 3, 180),
        )
        assert found.uncounted == {}

    def test_what_found_no_room_is_told_by_its_set(self) -> None:
        full = listed().replace(
            '{"name": "told-full", "packets": 0', '{"name": "told-full", "packets": 7'
        )
        assert parse(full).uncounted == {"told": 7}

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "[]",
            '{"nftables": []}',
            '{"nftables": [{"counter": 3}]}',
            listed().replace('"told4"', '"else4"'),
            listed().replace('"left"', '"right"'),
            listed(told4=[element("mail.example.com", 6, 25)]),
            listed(told4=[element(STRANGER, 6)]),
            listed(told4=[element(STRANGER, 6, -1)]),
            listed(told4=[element(STRANGER, "\x1b[31m", 25)]),
            listed(told4=[{"elem": {"val": {"concat": [STRANGER, 6, 25]}}}]),
            listed(told4=["x"]),
        ],
    )
    def test_anything_else_is_not_read(self, text: str) -> None:
        with pytest.raises(Unreadable):
            parse(text)

    def test_counters_alone(self) -> None:
        assert counters(listed())["left"] == 0


class TestAnObservation:
    def test_it_is_sorted_by_what_was_asked_for_most(self) -> None:
        found = seen(
            site(),
            NODE,
            counted(
                row("told", STRANGER, 6, 7071, packets=2),
                row("told", SIX, 6, 7071, packets=4),
                row("told", OTHER, 17, 7777, packets=9),
                row("unheard", STRANGER, 6, 23, packets=1),
                row("spoken", STRANGER, 112, packets=3),
                row("spoken", STRANGER, 99, packets=1),
            ),
        )
        assert [(one.thing, one.packets, one.name) for one in found.wanted] == [
            ("udp 7777", 9, ""),
            ("tcp 7071", 6, "mailbox-admin"),
            ("vrrp", 3, "vrrp"),
            ("99", 1, ""),
            ("tcp 23", 1, "telnet"),
        ]
        assert [one.source for one in found.wanted[1].callers] == [SIX, STRANGER]
        assert [one.listening for one in found.wanted] == [
            True,
            True,
            None,
            None,
            False,
        ]
        assert found.packets == 20

    def test_other_nodes_are_named(self) -> None:
        sockets = (Listener("tcp", "*", 3310),)
        facts = cluster({"networks": ADMINS}, nodes={"store": {"listeners": sockets}})
        found = seen(
            facts, "store.example.com", counted(row("told", "192.0.2.13", 6, 3310))
        )
        (wanted,) = found.wanted
        assert wanted.callers[0].peer == "mta.example.com"
        assert 'from = ["cluster"]' in wanted.allow

    def test_it_can_be_kept_and_read_again(self) -> None:
        found = seen(site(), NODE, counted(row("told", STRANGER, 6, 7071)))
        assert read(document(found)) == found

    @pytest.mark.parametrize(
        "text", ["", "[]", "{}", '{"schema": "zmward.report/1"}', "[" * 100_000]
    )
    def test_another_document_is_refused(self, text: str) -> None:
        with pytest.raises(Unreadable):
            read(text)

    def test_a_caller_that_is_no_address_is_refused(self) -> None:
        found = document(seen(site(), NODE, counted(row("told", STRANGER, 6, 7071))))
        with pytest.raises(Unreadable):
            read(found.replace(STRANGER, "everybody"))


class TestConnectionsFromBefore:
    def test_they_are_no_new_flows(self) -> None:
        before = (connection(7025, STRANGER, "java"), connection(40_000, OTHER, "curl"))
        found = seen(
            site(),
            NODE,
            counted(
                row("midway", STRANGER, 50_000, 7025, packets=8),
                row("midway", OTHER, 50_000, 40_000, packets=2),
                row("midway", OTHER, 1, 22, packets=4),
            ),
            *before,
        )
        assert found.wanted == ()
        assert [
            (o.source, o.port, o.packets, o.inbound) for o in found.open_before
        ] == [
            (STRANGER, 7025, 8, True),
            (OTHER, 40_000, 2, False),
        ]
        assert [(o.source, o.port, o.packets) for o in found.strays] == [(OTHER, 22, 4)]

    def test_a_quiet_one_that_could_not_come_again_is_undecided(self) -> None:
        facts = site()
        before = (connection(2049, STRANGER), connection(443, STRANGER))
        found = seen(facts, NODE, counted(), *before)
        assert [one.port for one in found.open_before] == [2049]
        (problem,) = problems(facts, NODE, found)
        assert problem.refuses
        assert "could not come again" in problem.text
        assert 'name = "nfs"' in problem.text

    def test_the_hosts_own_are_none(self) -> None:
        before = (connection(389, "192.0.2.10"), connection(389, "127.0.0.1"))
        assert seen(site(), NODE, counted(), *before).open_before == ()


def asked(*rows: Count, profile: Mapping[str, Any] | None = None) -> list[str]:
    facts = site(profile)
    found = seen(facts, NODE, counted(*rows))
    return [p.text for p in problems(facts, NODE, found) if p.refuses]


class TestWhatIsUnsettled:
    def test_a_flow_to_what_listens(self) -> None:
        (text,) = asked(row("told", STRANGER, 6, 7071))
        assert STRANGER in text
        assert 'name = "mailbox-admin"' in text

    @pytest.mark.parametrize(
        "flow",
        [
            row("unheard", STRANGER, 6, 23),  # nobody listens
            row("told", STRANGER, 17, 5353),  # mDNS closes by itself
            row("spoken", STRANGER, 1),  # ICMP that no host needs
            row("spoken", SIX, 58),
            row("told", "10.1.0.7", 6, 22),  # let in by now
        ],
    )
    def test_what_needs_no_decision(self, flow: Count) -> None:
        assert asked(flow) == []

    def test_a_protocol_whose_sockets_nobody_shows_needs_one(self) -> None:
        assert len(asked(row("unheard", STRANGER, 132, 7777))) == 1

    def test_what_is_not_known_to_listen_needs_one(self) -> None:
        facts = single(profile=SETTLED, listeners=None)
        found = seen(facts, NODE, counted(row("told", STRANGER, 6, 4711)))
        assert found.wanted[0].listening is None
        assert [p.refuses for p in problems(facts, NODE, found)] == [True]

    @pytest.mark.parametrize(
        "flow",
        [
            row("told", STRANGER, 6, 7071),
            row("told", SIX, 6, 11211),
            row("told", STRANGER, 6, 22),
            row("told", STRANGER, 17, 123),
            row("told", STRANGER, 6, 2049),
            row("told", STRANGER, 17, 7777),
            row("spoken", STRANGER, 112),
            row("spoken", SIX, 99),
            row("told", SIX, 132, 7777),
        ],
        ids=str,
    )
    @pytest.mark.parametrize("word", ["allow", "refuse"])
    def test_its_own_lines_settle_it(self, flow: Count, word: str) -> None:
        facts = site()
        found = seen(facts, NODE, counted(flow))
        lines = getattr(found.wanted[0], word)
        later = site(decided(SETTLED, lines))
        assert not [p for p in problems(later, NODE, found) if p.refuses]
        made = policy(later, NODE)
        assert not [p for p in made.problems if p.kind == "unknown-service"]
        assert not [p for p in made.problems if "contradict" in p.text]
        number = flow.numbers[0]
        port = flow.numbers[1] if len(flow.numbers) > 1 else 0
        admitted = any(
            o.number == number
            and (not o.ports or any(a <= port <= b for a, b in o.ports))
            for o in made.openings
            if o.zone not in ("admin", "internet")
        )
        assert admitted is (word == "allow")

    def test_a_service_with_zones_by_name_is_decided(self) -> None:
        profile = {**SETTLED, "firewall": {"services": {"mailbox-admin": ["admin"]}}}
        assert asked(row("told", STRANGER, 6, 7071), profile=profile) == []

    def test_a_refusal_to_some_leaves_the_others(self) -> None:
        refuse = {"name": "mailbox-admin", "from": [f"{STRANGER}/32"], "why": "x"}
        profile = {**SETTLED, "firewall": {"refuse": [refuse]}}
        assert asked(row("told", STRANGER, 6, 7071), profile=profile) == []
        assert len(asked(row("told", OTHER, 6, 7071), profile=profile)) == 1

    def test_a_refusal_to_a_zone_without_addresses_settles_nothing(self) -> None:
        refuse = {"name": "mailbox-admin", "from": ["monitoring"], "why": "x"}
        profile = {**SETTLED, "firewall": {"refuse": [refuse]}}
        assert len(asked(row("told", STRANGER, 6, 7071), profile=profile)) == 1

    def test_too_many_connections_are_said_and_refuse_nothing(self) -> None:
        facts = site()
        found = seen(facts, NODE, counted(row("rated", STRANGER, 6, 25, packets=400)))
        (problem,) = problems(facts, NODE, found)
        assert not problem.refuses
        assert "networks.relays" in problem.text
        named = {"networks": {**ADMINS, "relays": [f"{STRANGER}/32"]}}
        assert problems(site({**SETTLED, **named}), NODE, found) == ()

    def test_a_full_set_is_said(self) -> None:
        facts = site()
        full = counted(full={"told": 3, "unheard": 9, "midway": 1})
        found = problems(facts, NODE, seen(facts, NODE, full))
        assert [(p.subject, p.refuses) for p in found] == [
            ("told", True),
            ("unheard", False),
            ("midway", False),
        ]

    def test_connections_that_nobody_tracks_refuse(self) -> None:
        facts = site()
        (problem,) = problems(facts, NODE, seen(facts, NODE, counted(untracked=2)))
        assert problem.refuses
        assert "notrack" in problem.text

    def test_an_end_before_its_time_is_said(self) -> None:
        facts = site()
        early = msgspec.structs.replace(WHEN, seconds=3, ended="somebody stopped it")
        own = known(facts, NODE, policy(facts, NODE))
        (problem,) = problems(facts, NODE, observed(counted(), own, (), early))
        assert not problem.refuses
        assert "3 of 600" in problem.text

    def test_another_host_refuses(self) -> None:
        facts = site()
        found = seen(facts, NODE, counted())
        other = msgspec.structs.replace(found, host="else.example.com")
        (problem,) = problems(facts, NODE, other)
        assert problem.refuses


class TestLinesForTheProfile:
    def test_a_cluster_keeps_its_openings_when_others_are_refused(self) -> None:
        profile = {"networks": ADMINS}
        sockets = (Listener("tcp", "*", 22, "sshd"), Listener("tcp", "*", 11211))
        nodes = {"proxy": {"listeners": sockets}}
        facts = cluster(profile, nodes=nodes)
        host = "proxy.example.com"
        found = seen(facts, host, counted(row("told", STRANGER, 6, 11211)))
        lines = found.wanted[0].refuse
        assert 'from = ["internet"]' in lines
        later = policy(cluster(decided(profile, lines), nodes=nodes), host)
        assert [o.zone for o in later.openings if o.name == "memcached"] == ["cluster"]
        assert later.openings == policy(facts, host).openings

    def test_what_one_node_refuses_stays_open_where_another_needs_it(self) -> None:
        # Memcached is left over on the MTA; the proxy's is in use.
        profile = {"networks": ADMINS}
        sockets = (Listener("tcp", "*", 22, "sshd"), Listener("tcp", "*", 11211))
        nodes = {"mta": {"listeners": sockets}}
        facts = cluster(profile, nodes=nodes)
        host, flow = "mta.example.com", row("told", STRANGER, 6, 11211)
        lines = seen(facts, host, counted(flow)).wanted[0].refuse
        later = cluster(decided(profile, lines), nodes=nodes)
        proxy = policy(later, "proxy.example.com")
        assert [o.zone for o in proxy.openings if o.name == "memcached"] == ["cluster"]
        assert not [p for p in policy(later, host).refused if p.kind == "listener"]

    def test_a_service_that_was_down_is_not_one_where_nobody_listens(self) -> None:
        facts = site(listeners=(Listener("tcp", "*", 22, "sshd"),))
        found = seen(facts, NODE, counted(row("told", STRANGER, 6, 7025)))
        assert found.wanted[0].listening is None
        assert len(problems(facts, NODE, found)) == 1
        own = known(facts, NODE, policy(facts, NODE))
        assert (6, 7025) in (heard(own) or ())

    def test_what_began_to_listen_meanwhile_counts(self) -> None:
        own = known(site(), NODE, policy(site(), NODE))
        more = (Listener("tcp", "*", 4711), Listener("tcp", "127.0.0.1", 4712))
        now = later(own, more)
        assert now.service("tcp", 4711).listening is True
        assert now.service("tcp", 4712).listening is False
        assert later(Known(Policy(NODE, ())), more).sockets is None

    def test_a_moved_port_is_named_by_its_number(self) -> None:
        own = known(site(), NODE, policy(site(), NODE))
        moved = own.allow("tcp", 22022, (STRANGER,), "2026-11-21")
        assert "port = 22022" in moved

    def test_a_long_list_says_what_it_leaves_out(self) -> None:
        own = known(site(), NODE, policy(site(), NODE))
        many = tuple(f"203.0.113.{n}" for n in range(30))
        lines = own.allow("tcp", 7071, many, "2026-11-21")
        assert "# and 10 more addresses" in lines
        tomllib.loads(lines)

    def test_icmp_has_none(self) -> None:
        own = known(site(), NODE, policy(site(), NODE))
        assert own.allow("icmp", 0, (STRANGER,), "2026-11-21") == ""
        assert own.refuse("ipv6-icmp", 0, "2026-11-21") == ""

    def test_sockets_that_were_not_seen_are_not_known(self) -> None:
        own = known(single(profile=SETTLED, listeners=None), NODE, Policy(NODE, ()))
        assert heard(own) is None
        assert heard(Known(Policy(NODE, ()))) is None


class TestRefusingToSome:
    def test_an_opening_for_the_same_address_contradicts(self) -> None:
        refuse = {"name": "ssh", "from": ["10.1.0.7/32"], "why": "left the house"}
        found = policy(site({**SETTLED, "firewall": {"refuse": [refuse]}}), NODE)
        assert [p for p in found.refused if "contradict" in p.text]

    def test_what_is_open_to_everybody_is_not_refused_to_the_rest(self) -> None:
        refuse = {"name": "ssh", "from": ["internet"], "why": "x"}
        own = {**SETTLED, "networks": {}, "firewall": {"refuse": [refuse]}}
        found = policy(site(own), NODE)
        assert [p.subject for p in found.refused if "contradict" in p.text] == ["ssh"]

    def test_the_rest_of_the_world_contradicts_nothing(self) -> None:
        refuse = {"name": "ssh", "from": ["internet"], "why": "administrators only"}
        found = policy(site({**SETTLED, "firewall": {"refuse": [refuse]}}), NODE)
        assert not [p for p in found.problems if "contradict" in p.text]
        assert [o.zone for o in found.openings if o.name == "ssh"] == ["admin"]

    @pytest.mark.parametrize(
        ("who", "left"), [("internet", []), ("10.9.0.0/24", ["tcp 2049"])]
    )
    def test_only_the_rest_of_the_world_decides_over_a_listener(
        self, who: str, left: list[str]
    ) -> None:
        refuse = [
            {"name": "nfs", "from": [who], "why": "x"},
            {"port": 7777, "protocol": "udp", "why": "x"},
        ]
        found = policy(site({**SETTLED, "firewall": {"refuse": refuse}}), NODE)
        assert [p.subject for p in found.problems if p.kind == "listener"] == left

    def test_a_zone_without_addresses_is_a_problem(self) -> None:
        refuse = {"name": "nfs", "from": ["balancers"], "why": "x"}
        found = policy(site({**SETTLED, "firewall": {"refuse": [refuse]}}), NODE)
        assert [p.text for p in found.problems if p.kind == "network"] == [
            "firewall.refuse names the zone balancers, in which there is no address."
        ]

    def test_what_is_no_network_is_refused(self) -> None:
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(
                {"firewall": {"refuse": [{"name": "nfs", "from": ["x"], "why": "y"}]}},
                Profile,
            )


class TestInWords:
    def shown(self, *rows: Count, **more: Any) -> str:
        facts = site()
        found = seen(facts, NODE, counted(*rows, **more), connection(2049, STRANGER))

        def is_open(wanted: Wanted) -> tuple[str, ...]:
            return open_callers(wanted, policy(facts, NODE), facts.profile)

        return in_words(found, is_open)

    def test_undecided_flows_come_first_with_their_lines(self) -> None:
        text = self.shown(
            row("told", STRANGER, 6, 7071, packets=2),
            row("unheard", OTHER, 6, 23, packets=50),
            row("rated", OTHER, 6, 25, packets=70),
            full={"unheard": 4},
            untracked=1,
            invalid=2,
        )
        places = [
            "Neither allowed nor refused by name:",
            "tcp 7071 (mailbox-admin): 2 first packets from 1 address",
            '      name = "mailbox-admin"',
            "    or",
            "[[firewall.refuse]]",
            "Nobody listens there, so nothing is lost:",
            "tcp 23 (telnet): 50 first packets",
            "More new connections than the limit lets in:",
            "tcp 25 (smtp): 70 first packets",
            "Connections that were open already:",
            "here 2049 (nfs): 0 packets seen; it would not be let in again",
            "4 packets found no room in the set unheard.",
            "1 packet exempt from connection tracking",
            "2 packets that belong to nothing.",
        ]
        found = [text.index(place) for place in places]
        assert found == sorted(found)

    def test_long_lists_say_how_much_is_left_out(self) -> None:
        rows = [row("told", f"203.0.113.{n}", 6, 7071) for n in range(30)]
        rows += [row("unheard", OTHER, 6, n) for n in range(1000, 1025)]
        text = self.shown(*rows)
        assert "and 20 more addresses" in text
        assert "and 15 more ports: 15 first packets" in text

    def test_names_from_the_server_steer_no_terminal(self) -> None:
        evil = Listener("tcp", "*", 4711, "a\x1b[31mb")
        facts = site(listeners=(*LISTENERS, evil))
        found = seen(facts, NODE, counted(row("told", STRANGER, 6, 4711)))
        assert "\x1b" not in in_words(found, lambda _: (STRANGER,))
