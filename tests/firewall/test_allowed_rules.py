"""What a plan may load: all that we render and read back, and nothing that escapes."""

import shlex
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from msgspec.structs import replace

from tests.firewall.policies import policies
from tests.firewall.test_packet_filter import OTHER, RUN, Inside
from tests.firewall.test_packet_filter import door as door  # noqa: PLC0414
from tests.firewall.test_packet_filter import pytestmark as kernel
from tests.firewall.test_render import SITE, STORE
from tests.firewall.test_render_tools import inside, needs
from tests.firewall.test_ufw_tools import Host
from zmward.doors.packet_filter import load_rules, program, read_rules
from zmward.firewall.allowed_rules import strange_rules
from zmward.firewall.minimum import minimum
from zmward.firewall.openings import FAMILIES, Policy, Sources
from zmward.firewall.own_rules import Listing, frames, loadable, marked
from zmward.firewall.render_iptables import ipset, iptables
from zmward.firewall.render_nftables import nftables
from zmward.firewall.ufw_rules import texts
from zmward.firewall.zones import sources
from zmward.ruleset import Backend, Rules

BANS = sources(("198.51.100.0/29", "203.0.113.0/25", "2001:db8:bad::/48"))
ENDS = (("192.0.2.7", 40_000), ("2001:db8::7", 40_001))
LARGE = replace(
    SITE,
    openings=tuple(
        replace(
            one, sources=sources(f"10.{n}.{2 * n}.0/{24 + n % 9}" for n in range(90))
        )
        if one.zone == "admin"
        else one
        for one in SITE.openings
    ),
)
POLICIES = pytest.mark.parametrize(
    "found",
    [SITE, STORE, minimum(SITE), LARGE],
    ids=["single", "store", "minimum", "large"],
)


def rules(backend: Backend, found: Policy, bans: Sources | None = None) -> Rules:
    if backend == "nftables":
        return Rules(backend, (nftables(found, bans),), (nftables(minimum(found)),))
    whole, least = (
        (
            ipset(one, bans),
            *(iptables(one, family, bans=bans is not None) for family in FAMILIES),
        )
        for one in (found, minimum(found))
    )
    if backend == "ufw":
        return Rules(backend, texts(found), (*whole, *least))
    return Rules(backend, whole, least)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@example(found=SITE)
@example(found=STORE)
@example(found=LARGE)
@example(found=Policy('a "b" \\ $c; {x} # -F INPUT', ()))
@given(found=policies())
def test_all_that_is_rendered_is_ours(found: Policy) -> None:
    backends: tuple[Backend, ...] = ("nftables", "iptables", "ufw")
    for backend in backends:
        for bans in (None, BANS):
            one = rules(backend, found, bans)
            assert strange_rules(one) == ""
    older = nftables(found, BANS, element_counters=False)
    assert strange_rules(Rules("nftables", (older,))) == ""


def test_a_hundred_thousand_bans_are_ours() -> None:
    many = sources(f"10.{n >> 15}.{n >> 7 & 255}.{n % 128 * 2}" for n in range(100_000))
    backends: tuple[Backend, ...] = ("nftables", "iptables")
    for backend in backends:
        one = rules(backend, SITE, many)
        assert len(one.texts[0].splitlines()) > 90_000
        assert strange_rules(one) == ""


class TestKernel:
    pytestmark = kernel

    @POLICIES
    @pytest.mark.parametrize("backend", ["nftables", "iptables"])
    def test_what_is_read_back_is_ours(
        self, door: Inside, backend: Backend, found: Policy
    ) -> None:
        load_rules(
            door, marked(rules(backend, found, BANS), OTHER, ends=ENDS), RUN, "/"
        )
        if backend == "nftables":
            ban = "add element inet zmward timed-bans4 { 203.0.113.222 timeout 10m }"
            assert door.run(("nft", ban)).code == 0
        seen = read_rules(door)
        assert seen is not None
        assert "192.0.2.7" in "".join(seen.texts)
        assert strange_rules(seen) == ""

    @POLICIES
    @pytest.mark.parametrize("kind", ["nft", "legacy"])
    @pytest.mark.parametrize("backend", ["iptables", "ufw"])
    def test_what_both_variants_of_iptables_print_is_ours(
        self, tmp_path: Path, backend: Backend, kind: str, found: Policy
    ) -> None:
        needs(f"iptables-{kind}", *(("ufw",) if backend == "ufw" else ()))
        seen = Listing.read(backend, _listed(tmp_path, backend, kind, found))
        assert seen is not None
        again = loadable(seen)
        assert all(again.texts[-2:])
        assert strange_rules(again) == ""


def _listed(folder: Path, backend: Backend, kind: str, found: Policy) -> str:
    """Load rules with one variant of iptables; return what the script lists."""
    bans = BANS if backend == "iptables" else None
    wanted = marked(rules(backend, found, bans), RUN, ends=ENDS)
    if backend == "ufw":
        host = Host(folder, kind)
        given = host.given("given", wanted)
        return host.run(f"rules put ufw <{given} >&2; rules list ufw")[0]
    (folder / "program").write_text(program(), "utf-8")
    (folder / "given").write_text(frames(backend, wanted.texts), "utf-8")
    where = shlex.quote(str(folder))
    told, _, listed = inside(
        f"mount --bind /usr/sbin/xtables-{kind}-multi /usr/sbin/xtables-nft-multi;"
        "iptables --version; echo =====;"
        f"sh {where}/program put iptables <{where}/given >&2;"
        f"sh {where}/program list iptables"
    ).partition("=====\n")
    assert {"nft": "(nf_tables)", "legacy": "(legacy)"}[kind] in told
    return listed


def test_rules_that_an_administrator_has_added_are_known() -> None:
    more = (
        "ip saddr 192.0.2.1-192.0.2.9 tcp dport { 22, 8080-8090 } accept",
        'ip saddr != 10.0.0.0/8 log prefix "dropped: " drop',
        'iifname "eth1" ip6 daddr { 2001:db8::1, fe80::/10 } reject with tcp reset',
        "ip saddr . tcp dport { 192.0.2.1 . 22, 192.0.2.2 . 80-90 } accept",
        "meta l4proto { icmp, ipv6-icmp, vrrp } return",
        "tcp flags fin,syn / fin,syn,rst,ack ct state new goto odd",
    )
    text = nftables(SITE).partition("add table")
    good = f"add table{text[2]}".replace("size 1024", "size 1024\t# count 1")
    for one in more:
        rule = f"\tchain odd {{\n\t\t{one}\n"
        edited = good.replace("\tchain odd {\n", rule)
        assert one in edited
        assert strange_rules(Rules("nftables", (edited,))) == ""


HEAD = "add table inet zmward\ndelete table inet zmward\ntable inet zmward {\n"
HIDING = "{sign} {{\n}}\nflush ruleset\nadd table ip other\ntable inet zmward {{\n"
IN_NFT = (
    *(
        f"{HEAD}# {HIDING.format(sign=sign)}# {sign} }}\n}}\n"
        for sign in "\v\f\r\x1c\x1d\x1e\x85\u2028\u2029\0\x7f"
    ),
    HEAD + '\tchain x {\n\t}; include "/tmp/other.nft"\n}\n',
    HEAD + 'chain x { }; include "/tmp/other.nft"; chain y {\n}\n}\n',
    HEAD + "\tchain x {\n\t}; include /tmp/other.nft\n}\n",
    HEAD + "\tchain x {\n\t\tdrop; define a = 1\n\t}\n}\n",
    HEAD + "\tchain x {\n\t}\n}\n# by hand",
    HEAD + "\tchain x {\n\t}\n}\n# by hand\n",
    HEAD + "\tchain x {\n\t}\n}",
    HEAD + "\tchain x {\n\t}\n}\n}\n",
    HEAD + "\tchain x {\n\t\taccept # why\n\t}\n}\n",
    "# by hand\n" + HEAD + "}\n",
    HEAD + "\tchain x {\n\t\tip saddr mail.example.org accept\n\t}\n}\n",
    HEAD + "\tchain x {\n\t\tip saddr fade accept\n\t}\n}\n",
    HEAD + "\tchain x {\n\t\tip saddr related accept\n\t}\n}\n",
    HEAD + '\tchain x {\n\t\tip saddr "mail.example.org" accept\n\t}\n}\n',
    HEAD + "\tchain x {\n\t\tip6 daddr { mail.example.org } accept\n\t}\n}\n",
    HEAD + "\tchain x {\n\t\tip saddr & mail.example.org == 1 accept\n\t}\n}\n",
    HEAD + "\tchain x {\n\t\tip saddr { related } accept\n\t}\n}\n",
    HEAD + "\tchain x {\n\t\tip saddr . tcp dport { new . 22 } accept\n\t}\n}\n",
    HEAD + "\tchain x {\n\t\tip saddr and new == 1 accept\n\t}\n}\n",
    HEAD + "\tset x {\n\t\ttype ipv4_addr\n\t\telements = { related }\n\t}\n}\n",
    HEAD + "\tchain x {\n\t\ttype nat hook output priority 0; policy drop;\n\t}\n}\n",
    HEAD + "\tchain x {\n\t\ttcp dport $x accept\n\t}\n}\n",
    HEAD + "\tchain x {\n\t\taccept \\\n\t}\n}\n",
    HEAD + f"\tchain x {{\n\t\taccept {' ' * 8000}\n\t}}\n}}\n",
)


@pytest.mark.parametrize("text", IN_NFT, ids=range(len(IN_NFT)))
def test_no_text_for_nft_gets_out_of_our_table(text: str) -> None:
    assert strange_rules(Rules("nftables", (text,)))


SAVED = (
    "*security\n:INPUT ACCEPT [0:0]\n:ZMWARD - [0:0]\n{first}-F INPUT\n"
    "-A INPUT -j ZMWARD\n{more}-A ZMWARD -i lo -j ACCEPT\nCOMMIT\n{last}"
)
GOOD = SAVED.format(first="", more="", last="")
CUT = "#" + "a" * 10_238
IN_CHAINS = (
    SAVED.format(first="# -F INPUT\n", more="", last=""),
    SAVED.format(first="-F INPUT\n", more="", last=""),
    GOOD.replace("-F INPUT\n", ""),
    GOOD.replace("-F INPUT\n", "# -F INPUT\n"),
    SAVED.format(first="", more="", last=f"{CUT}*filter\n{CUT}:INPUT DROP [0:0]\n"),
    SAVED.format(first="", more="", last="# by hand"),
    SAVED.format(first="", more="", last="# by hand\n"),
    GOOD.removesuffix("\n"),
    GOOD.removesuffix("COMMIT\n"),
    f"# by hand\n{GOOD}",
    f"# Made by zmward for x; load it with --noflush.\n# more\n{GOOD}",
    *(
        SAVED.format(first="", more=f"-A ZMWARD {words} -j ACCEPT\n", last="")
        for words in (
            "--modprobe=/tmp/other -m nosuch",
            "--modprobe=/tmp/other -m set --match-set zmward-x src",
            "-M /tmp/other -m tcp",
            "-s mail.example.org",
            "-s fade",
            "-s 10.1",
            "-s 999.1.1.1",
            "-d 2001:db8:mail",
            "-t filter",
            "-m comment --comment x -t filter",
            '-m comment --comment "x" "-t" filter',
            '-m comment --comment "x\\" -t filter -m comment --comment "',
            "-p tcp -m tcp --dport smtp",
            "-m bpf --object-pinned /tmp/other",
            "-m set --match-set other src",
            "-g ZMWARD",
            "-c 1 2",
            "-p tcp" + " -m tcp" * 200,
        )
    ),
)


@pytest.mark.parametrize("text", IN_CHAINS, ids=range(len(IN_CHAINS)))
def test_no_text_for_iptables_gets_out_of_our_chains(text: str) -> None:
    assert strange_rules(Rules("iptables", ("", GOOD, GOOD))) == ""
    assert strange_rules(Rules("iptables", ("", GOOD, ""))) == ""
    assert strange_rules(Rules("iptables", ("", text, GOOD)))
    assert strange_rules(Rules("iptables", ("", GOOD, text)))
    assert strange_rules(Rules("ufw", ("",) * 5, ("", GOOD, text, "", GOOD, GOOD)))


def test_addresses_are_of_the_family_of_their_text() -> None:
    four = SAVED.format(first="", more="-A ZMWARD -s 192.0.2.1 -j DROP\n", last="")
    six = SAVED.format(first="", more="-A ZMWARD -s 2001:db8::1 -j DROP\n", last="")
    assert strange_rules(Rules("iptables", ("", four, six))) == ""
    assert strange_rules(Rules("iptables", ("", six, six)))
    assert strange_rules(Rules("iptables", ("", four, four)))


SETS = (
    "create zmward-x hash:ip family inet".ljust(1023) + "flush\n",
    "create zmward-x hash:ip family inet maxelem destroy\n",
    "create zmward-x hash:ip family inet counters\nadd zmward-x fade\n",
    "create zmward-x hash:ip family inet counters\nadd zmward-x 192.0.2.1 -file /tmp/x\n",
    "create zmward-x hash:ip family inet counters\n# flush\n",
    "create zmward-x hash:ip family inet counters\rflush\n",
    "create zmward-x hash:ip family inet counters",
)


@pytest.mark.parametrize("text", SETS, ids=range(len(SETS)))
def test_no_text_for_ipset_gets_out_of_our_sets(text: str) -> None:
    assert strange_rules(Rules("iptables", (text, GOOD, GOOD)))


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (0, "description=a\rb\n"),
        (0, f"description={'a' * 8000}\n"),
        (0, "description=a"),
        (1, '-A ufw-before-input -t nat -m comment --comment "zmward: x" -j DROP\n'),
        (1, '-A ufw-before-input -s mx --comment "zmward: x" -j DROP\n'),
        (1, f'-A ufw-before-input --comment "zmward: {"a" * 1000}" -j DROP\n'),
        (1, "# END zmward\v\n"),
        (2, '-A ufw6-before-input --modprobe=/x --comment "zmward: x" -j DROP\n'),
        (3, "-A ufw-user-input -M /x -j ACCEPT -m comment --comment 'dapp_zmward-x'\n"),
        (4, "-A ufw6-user-input -s mx -m comment --comment dapp_zmward-x -j ACCEPT\n"),
    ],
)
def test_no_text_for_ufw_says_more(place: int, line: str) -> None:
    good = rules("ufw", SITE)
    changed = list(good.texts)
    changed[place] += line
    assert strange_rules(replace(good, texts=tuple(changed)))


def test_a_mark_stands_before_the_whole_line_that_empties_the_chain() -> None:
    said = '-A ZMWARD -m comment --comment "x -F INPUT" -j DROP\n'
    text = SAVED.format(first="", more=said, last="")
    commented = text.replace("-F INPUT\n", "# -F INPUT\n-F INPUT\n", 1)
    for one in (text, commented):
        done = marked(Rules("iptables", ("", one, "")), RUN, ends=ENDS)
        chain = f":ZMWARD-{RUN} - [0:0]\n"
        _, four, six = done.texts
        assert four.replace(chain, "").replace(_let_in(), "") == one
        assert f"{chain}-F INPUT\n" in four
        assert f"{_let_in()}COMMIT\n" in four
        assert six == ""


def _let_in() -> str:
    return "-A ZMWARD-OPEN -s 192.0.2.7 -p tcp -m tcp --sport 40000 -j ACCEPT\n"
