"""AH over IPv6: an opening of it lets it in, by each program, and no more than it."""

import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from tests.firewall.test_render import SITE
from zmward.firewall import iptables as reader
from zmward.firewall.allowed_rules import strange_rules
from zmward.firewall.iptables_matches import matches, options
from zmward.firewall.openings import EVERYBODY, FAMILIES, Opening, Policy
from zmward.firewall.render_iptables import iptables
from zmward.firewall.render_nftables import nftables
from zmward.firewall.rules import Is, Uncertain
from zmward.ruleset import Rules

_AH = Opening("ah", "ah", (), "internet", EVERYBODY, "IPsec", "test")
POLICY: Policy = replace(SITE, openings=(_AH,))
HERE, THERE = f"zmward-ah-{os.getpid()}", f"zmward-peer-{os.getpid()}"
# One packet to the card at the other end; AH protects a datagram of UDP.
_SEND = """
import socket, struct, sys
number, target, own = int(sys.argv[1]), sys.argv[2], sys.argv[3]
ends = [socket.inet_pton(10, a) for a in ("fd00::1", "fd00::2")]
words = [*struct.unpack("!16H", b"".join(ends)), 17, 12, 1111, 2222, 12]
total = sum(words)
total = (total & 0xFFFF) + (total >> 16)
datagram = struct.pack("!4H4x", 1111, 2222, 12, ~total & 0xFFFF)
ah = struct.pack("!BBHII", 17, 4, 0, 256, 1) + bytes(12)
body = {51: ah + datagram, 50: bytes(24)}[number]
head = struct.pack("!IHBB", 6 << 28, len(body), number, 64)
frame = [bytes.fromhex(a.replace(":", "")) for a in (target, own)]
card = socket.socket(17, 3, 0)
card.bind(("one", 0))
card.send(b"".join((*frame, b"\\x86\\xdd", head, *ends, body)))
"""


def said(*words: str, given: str = "") -> str:
    done = subprocess.run(
        words, input=given, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def inside(name: str, *words: str, given: str = "") -> str:
    return said("ip", "netns", "exec", name, *words, given=given)


@pytest.fixture
def cable() -> Iterator[tuple[str, str]]:
    """Lay a cable between two networks; yield the addresses of its cards."""
    for name in (HERE, THERE):
        said("ip", "netns", "add", name)
    words = f"ip link add two netns {HERE} type veth peer name one netns {THERE}"
    said(*words.split())
    ends = ((HERE, "two", "fd00::2/64"), (THERE, "one", "fd00::1/64"))
    for name, card, address in ends:
        said("ip", "-n", name, "addr", "add", address, "dev", card, "nodad")
        said("ip", "-n", name, "link", "set", card, "up")
    cards = [
        inside(name, "cat", f"/sys/class/net/{card}/address").strip()
        for name, card, _ in ends
    ]
    yield cards[0], cards[1]
    for name in (HERE, THERE):
        said("ip", "netns", "delete", name)


def loaded(program: str) -> None:
    if program == "nft":
        inside(HERE, "nft", "-f", "-", given=nftables(POLICY))
        return
    text = iptables(POLICY, "ipv6")
    assert strange_rules(Rules("iptables", ("", iptables(POLICY, "ipv4"), text))) == ""
    inside(HERE, f"{program}-restore", "--noflush", given=text)


def taken(program: str) -> int:
    """Return how many packets the opening has let in."""
    if program == "nft":
        listed = inside(HERE, "nft", "list", "table", "inet", "zmward").splitlines()
        (line,) = [x for x in listed if '"ah:' in x and "accept" in x]
        return int(line.partition("packets ")[2].split()[0])
    saved = inside(HERE, f"{program}-save", "-c", "-t", "security").splitlines()
    (line,) = [x for x in saved if '"ah:' in x and "ACCEPT" in x]
    return int(line.partition("[")[2].partition(":")[0])


@pytest.mark.parametrize("program", ["nft", "ip6tables", "ip6tables-legacy"])
@pytest.mark.lab
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_ah_over_ipv6_is_let_in(program: str, cable: tuple[str, str]) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"needs {program}")
    loaded(program)
    inside(THERE, "python3", "-c", _SEND, "50", *cable)
    assert taken(program) == 0
    inside(THERE, "python3", "-c", _SEND, "51", *cable)
    assert taken(program) == 1


def test_modules_that_ask_by_their_name_are_no_open_door() -> None:
    asked = {}
    for name in ("ah", "frag", "rt", "socket", "comment"):
        found = list(matches(list(options(["-m", name])), "ipv6"))
        asked[name] = [type(one) for one in found]
    assert asked == {
        "ah": [Is],
        "frag": [Is],
        "rt": [Is],
        "socket": [Uncertain],
        "comment": [],
    }


@pytest.mark.parametrize("words", [["-p", "ah"], ["-p", "51"], ["!", "-p", "ah"]])
def test_ah_asked_as_a_protocol_is_in_doubt_in_ipv6(words: list[str]) -> None:
    found = {f: [type(m) for m in matches(list(options(words)), f)] for f in FAMILIES}
    assert found == {"ipv4": [Is], "ipv6": [Uncertain]}


def test_what_is_loaded_is_read_as_ah() -> None:
    for family in FAMILIES:
        read = repr(reader.parse(iptables(POLICY, family), family))
        assert read.count("pairs=((51, 51),)") == 1
