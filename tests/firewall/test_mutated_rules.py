"""Real rule sets with mistakes in them: each is refused clearly, or it is judged.

A rule set that was cut off is refused: what is left must not pass for the whole.
"""

import json
from contextlib import suppress
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.firewall.packets import packet, verdict
from zmward.firewall import ipset, iptables, nft, nft_text
from zmward.firewall.folded import folded
from zmward.firewall.nft_words import Words, words
from zmward.firewall.ranges import Family
from zmward.firewall.rules import Ruleset
from zmward.sources.source import Unreadable

RULESETS = Path(__file__).parents[2] / "lab" / "rulesets"
NFT = {p.name: p.read_text("utf-8") for p in sorted(RULESETS.glob("*.nft"))}
SETS = {p.name: p.read_text("utf-8") for p in sorted(RULESETS.glob("*.ipset"))}
SAVED = {p.name: p.read_text("utf-8") for p in sorted(RULESETS.glob("*.v[46]"))}
PACKETS = (
    packet(),
    packet(protocol="udp", port=53),
    packet("2001:db8::7"),
    packet("2001:db8::7", protocol="icmpv6", icmp=(128, 0)),
    packet(state="established"),
)
ODD = (
    *("", " ", "\n", "{", "}", "(", ")", '"', "'", "\\", "!", "-", "-j", "-A", "-m"),
    *("*", ":", ";", ",", ".", "/", "@", "$", "=", "&", "|", "\0", "\u0661", "٣", "²"),
    *("0", "-1", "65536", "4294967296", "99999999999999999999", "0x", "1e9", "inf"),
    *("10.0.0.0/33", "256.1.1.1", "::/129", "ff::ff::", "10.0.0.9-10.0.0.1", "9-1"),
    *("COMMIT", "*filter", ":INPUT DROP [0:0]", "table inet t {", "flush ruleset"),
    *("jump", "goto", "vmap", "accept", "drop", "define", "include", "@gone", "$gone"),
)
SOON = settings(
    deadline=timedelta(seconds=10),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@st.composite
def changed(draw: Any, texts: dict[str, str]) -> tuple[str, str]:
    """Return the name of a rule set, and its text with some mistakes."""
    name = draw(st.sampled_from(sorted(texts)))
    text = texts[name]
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.sampled_from((0, 1, 1, 5, 20, 200))))
        word = draw(st.sampled_from(ODD) | st.text(max_size=3))
        again = text[start:end] if draw(st.booleans()) else ""
        text = text[:start] + word + again + text[end:]
    return name, text


def judged(found: Ruleset) -> None:
    """Ask a rule set, as it is and folded; any verdict will do."""
    for one in (found, folded(found)):
        for each in PACKETS:
            assert verdict(one, each) in ("accept", "drop", "reject", "unknown")


def _family(name: str) -> Family:
    return "ipv4" if name.endswith("4") else "ipv6"


@SOON
@given(changed(SAVED))
def test_what_iptables_saved_with_mistakes(found: tuple[str, str]) -> None:
    with suppress(Unreadable):
        judged(iptables.parse(found[1], _family(found[0])))


@SOON
@given(changed(SETS))
def test_what_ipset_saved_with_mistakes(found: tuple[str, str]) -> None:
    with suppress(Unreadable):
        known = ipset.parse(found[1])
        sets = ipset.Sets(known, ipset.changed(known, ""))
        for family, suffix in (("ipv4", ".v4"), ("ipv6", ".v6")):
            saved = SAVED[Path(found[0]).stem + suffix]
            judged(iptables.parse(saved, family, sets))  # type: ignore[arg-type]  # one of two


@SOON
@given(changed(NFT))
def test_nfts_own_language_with_mistakes(found: tuple[str, str]) -> None:
    with suppress(Unreadable):
        judged(nft_text.parse(found[1]))


def _rows(text: str) -> list[Any]:
    """Return the objects that nft's JSON has, made from its own language."""
    reader = nft_text._Reader()
    found = Words(nft_text._defined(list(words(text))))
    found.gaps()
    while found:
        nft_text._command(reader, found)
        found.gaps()
    return reader.rows


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 1 << 40)
    | st.floats()
    | st.sampled_from(
        (*ODD, "ip", "inet", "tcp", "saddr", "in", "==", "syn", "10.0.0.1")
    )
    | st.sampled_from(({"prefix": {"addr": "10.0.0.0", "len": 99}}, {"range": [9, 1]})),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(("set", "elem", "val", "range", "prefix", "&", "|", "key")),
            inner,
            max_size=2,
        )
    ),
    max_leaves=5,
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    found = [path] if path else []
    for key, inner in items:
        found += _places(inner, (*path, key))
    return found


@st.composite
def changed_json(draw: Any) -> str:
    """Return the JSON of a rule set in which some values are others, or are gone."""
    rows = json.loads(json.dumps(_rows(NFT[draw(st.sampled_from(sorted(NFT)))])))
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(_places(rows)))
        place = rows
        for key in path[:-1]:
            place = place[key]
        if draw(st.booleans()):
            # What is drawn is shared between runs.
            place[path[-1]] = deepcopy(draw(VALUES))
        else:
            del place[path[-1]]
        if not rows:
            break
    return json.dumps({"nftables": rows})


@SOON
@given(changed_json())
def test_nfts_json_with_mistakes(text: str) -> None:
    with suppress(Unreadable):
        judged(nft.parse(text))


@pytest.mark.parametrize("name", sorted(SAVED))
def test_a_text_of_iptables_that_is_cut_off_is_refused(name: str) -> None:
    text = SAVED[name].rstrip()
    whole = {n for n in range(len(text)) if text[:n].rstrip().endswith("\nCOMMIT")}
    for end in range(1, len(text), 7):
        if end not in whole:
            with pytest.raises(Unreadable):
                iptables.parse(text[:end], _family(name))


def _open(text: str) -> bool:
    return text.count("{") > text.count("}")


@pytest.mark.parametrize("name", sorted(NFT))
def test_a_text_of_nft_that_is_cut_off_within_braces_is_refused(name: str) -> None:
    text = NFT[name].replace('"bad; people"', '"bad people"')
    step = max(7, len(text) // 150)
    for end in range(1, len(text), step):
        if _open(text[:end]):
            with pytest.raises(Unreadable):
                nft_text.parse(text[:end])


@pytest.mark.parametrize("name", sorted(NFT))
def test_a_json_that_is_cut_off_is_refused(name: str) -> None:
    text = json.dumps({"nftables": _rows(NFT[name])})
    for end in range(0, len(text) - 1, max(11, len(text) // 100)):
        with pytest.raises(Unreadable):
            nft.parse(text[:end])
