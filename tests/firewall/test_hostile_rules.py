"""Whatever stands in a rule set, reading it ends: in rules or in a clear refusal."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.firewall.packets import packet, verdict
from zmward.firewall import iptables, nft_text
from zmward.sources.source import Unreadable

NFT = [
    *("table", "inet", "ip", "t", "{", "}", ";", "\n", "chain", "i", "set", "map", "s"),
    *("type", "filter", "hook", "input", "priority", "0", "policy", "drop", "accept"),
    *("elements", "=", ",", ".", ":", "10.0.0.0/8", "tcp", "dport", "25", "vmap", "@s"),
    *("ct", "state", "new", "jump", "goto", "limit", "rate", "5/minute", "over", "!="),
    *(
        "tcp",
        "flags",
        "&",
        "(",
        ")",
        "|",
        "syn",
        "/",
        "add",
        "rule",
        "delete",
        "define",
    ),
    *("$X", '"', '"a b"', "#", "\\\n", "counter", "log", "reject", "with", "comment"),
]
SAVED = [
    *("*filter", "\n", ":INPUT", "DROP", "[0:0]", "-A", "INPUT", "-j", "-g", "a", ":a"),
    *("-", "!", "-p", "tcp", "--dport", "25", "-m", "multiport", "--dports", "22,25"),
    *("-s", "10.0.0.0/8", "--tcp-flags", "ALL", "NONE", "--state", "NEW", "COMMIT"),
    *("ACCEPT", "RETURN", "--comment", '"', "'", "\\", "REDIRECT", "--to-ports", "1:2"),
]


@given(st.lists(st.sampled_from(NFT), max_size=40))
def test_words_of_nft_in_any_order(words: list[str]) -> None:
    with suppress(Unreadable):
        verdict(nft_text.parse(" ".join(words)), packet())


@given(st.lists(st.sampled_from(NFT), max_size=20))
def test_words_of_nft_in_a_chain(words: list[str]) -> None:
    head = "table inet t { chain i { type filter hook input priority 0; "
    with suppress(Unreadable):
        verdict(nft_text.parse(f"{head}{' '.join(words)}\n }} }}\n"), packet())


@given(st.lists(st.sampled_from(SAVED), max_size=40))
def test_words_of_iptables_in_any_order(words: list[str]) -> None:
    with suppress(Unreadable):
        verdict(iptables.parse(" ".join(words), "ipv4"), packet())


@given(st.lists(st.sampled_from(SAVED), max_size=20))
def test_words_of_iptables_in_a_chain(words: list[str]) -> None:
    text = f"*filter\n:INPUT DROP [0:0]\n:a - [0:0]\n-A INPUT {' '.join(words)}\nCOMMIT"
    with suppress(Unreadable):
        verdict(iptables.parse(text, "ipv4"), packet())


@given(st.text(max_size=60))
def test_any_text(text: str) -> None:
    for read in (nft_text.parse, lambda t: iptables.parse(t, "ipv4")):
        with suppress(Unreadable):
            read(text)


@pytest.mark.parametrize("digits", ["\u00b2", "0x", "1_0", "+1"])
def test_what_only_looks_like_a_number_is_not_taken_for_one(digits: str) -> None:
    """A superscript is a digit to Python, and no number to anybody."""
    rules = f"-A INPUT -p tcp -m tcp --dport {digits} -j ACCEPT"
    saved = f"*filter\n:INPUT DROP [0:0]\n{rules}\nCOMMIT\n"
    line = f"tcp dport {digits} accept"
    chain = f"type filter hook input priority 0; policy drop;\n{line}\n"
    table = f"table inet t {{\nchain i {{\n{chain}}}\n}}\n"
    with suppress(Unreadable):
        assert verdict(iptables.parse(saved, "ipv4"), packet(port=2)) != "accept"
    with suppress(Unreadable):
        assert verdict(nft_text.parse(table), packet(port=2)) != "accept"
