"""Whether texts that a plan would load are rules of ours, and nothing beside them.

A plan may have been edited by hand: what it loads stays within our own table, chains
and sets, whatever it says in there. Only words that our rules are made of are known,
so that no tool reads a text in another way than it is read here.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

from zmward.firewall.icmp import NFT4, NFT6
from zmward.firewall.openings import Policy
from zmward.firewall.own_rules import PARTS
from zmward.firewall.ranges import Family
from zmward.firewall.render_iptables import CHAIN, iptables
from zmward.firewall.render_nftables import TABLE, nftables
from zmward.ruleset import Backend, Rules

_LARGEST = 64 << 20
# iptables-restore cuts a line at 10240 bytes and ipset at 1024: the rest is a new one.
_LONGEST = 1000
_LONGER: Final[Mapping[str, int]] = {"nft": 8000, "profiles": 8000}
# Tools do not agree on what other signs end a line.
_STRANGE = re.compile(r"[^\n\t -~]")
_SOMEBODY = "host.example"


def _address_of_ipv6() -> str:
    one = "[0-9a-f]{1,4}"
    forms = [f"(?:{one}:){{7}}{one}", f"(?:{one}:){{7}}:"]
    for left in range(7):
        begin = ":".join([one] * left)
        forms.append(f"{begin}::(?:{one}(?::{one}){{0,{6 - left}}})?")
    return "|".join((*forms, f"::(?:ffff:)?{_V4}"))


_OCTET = "(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])"
_V4 = rf"{_OCTET}(?:\.{_OCTET}){{3}}"
_NETS: Final[Mapping[Family, str]] = {
    "ipv4": rf"(?:{_V4})(?:/[0-9]{{1,2}})?",
    "ipv6": rf"(?:{_address_of_ipv6()})(?:/[0-9]{{1,3}})?",
}
_NET = "|".join(_NETS.values())

# What stands in a table of nft.
_OPENING = f"add table inet {TABLE}\ndelete table inet {TABLE}\ntable inet {TABLE} {{\n"
_ELSEWHERE = re.compile(r"(?<![\w./-])(include|define|undefine|redefine)(?![\w./-])")
# Anywhere else nft may take what is quoted for a host's name.
_QUOTED = re.compile(
    r'(?<![^\s{])(comment|prefix|[io]if(?:name)?(?: !=)?) "[^"\n]*"(?=[\s};])'
)
_NAMED = re.compile(r"^(\t| )*(chain|set) [A-Za-z][A-Za-z0-9_-]* \{$", re.MULTILINE)
_ASKED = re.compile(r"(?<!\S)(jump |goto |@)[A-Za-z][A-Za-z0-9_-]*(?=[\s};])")
_PROTOCOL = re.compile(
    r"(?<!\S)meta l4proto (?:!= )?(?:[A-Za-z0-9.+/-]+|\{[A-Za-z0-9.+/, -]+\})(?!\S)"
)
# nft from 1.1.2 on lists it itself.
_COUNTED = re.compile(r"^(\t\tsize [0-9]+)[\t ]# count [0-9]+$", re.MULTILINE)
_ELEMENTS = re.compile(r"(?<!\S)elements = \{([^{}]*)\}")
_END = re.compile(r"(?<!\S)[sd]addr(?![\w.-])")
_BESIDE_END = re.compile(
    rf"[sd]addr (?:!= )?(?:@|\{{|(?:\.|limit|(?:(?:and|&) )?(?:{_NET})"
    rf"|(?:{_NET})-(?:{_NET}))(?=[\s}};]))"
)
_ENDS = re.compile(r"(?<!\S)[sd]addr(?: \. [a-z0-9. ]+)? (?:!= )?\{([^{}]*)\}")
_BETWEEN = re.compile(r"[\s{};,=!<>&|()]+")
_FIGURE = re.compile(
    r"-?[0-9]+|0x[0-9a-f]+|[0-9]+-[0-9]+|(?:[0-9]+(?:ms|[wdhms]))+"
    r"|[0-9]+/(?:second|minute|hour|day|week)"
    rf"|{_NET}|(?:{_NET})-(?:{_NET})"
)
_IN_ELEMENTS: Final = frozenset(
    (".", "comment", "counter", "packets", "bytes", "timeout", "expires")
)
_KEYWORDS = """
    type filter hook input priority policy flags size / @
    interval dynamic constant auto-merge gc-interval elements
    ipv4_addr ipv6_addr inet_service inet_proto
    ip ip6 saddr daddr meta nfproto ipv4 ipv6 iif iifname oif oifname
    tcp udp sctp dccp udplite th sport dport icmp icmpv6 code
    fin syn rst psh ack urg ecn cwr and or
    ct state new established related invalid untracked
    limit rate over burst second minute hour day week update
    accept drop reject with reset jump goto return log prefix level
"""
_WORDS: Final = frozenset((*_IN_ELEMENTS, *NFT4, *NFT6, *_KEYWORDS.split()))

# What stands in texts for iptables-restore.
_NAME = rf"{CHAIN}(?:-[A-Za-z0-9-]{{1,22}})?"
_SET = r"zmward-[a-z0-9-]{1,24}"
_PORT = "[0-9]{1,5}"
_PORTS = f"{_PORT}(?::{_PORT})?"
_FLAGS = "(?:[A-Z]{3}(?:,[A-Z]{3})*|NONE|ALL)"
_MODULES = (
    "(?:tcp|udp|udplite|sctp|dccp|icmp|icmp6|multiport|conntrack|limit|hashlimit|set"
    "|comment|ah)"
)


def _matches(family: Family, *, comment: str) -> str:
    """Return a pattern of what a rule asks before its target."""
    asked = (
        rf"-[sd] {_NETS[family]}",
        "-i [A-Za-z0-9][A-Za-z0-9_.-]{0,14}",
        "-p [a-z0-9][a-z0-9.+-]*",
        f"--(?:sport|dport) {_PORTS}",
        f"--(?:sports|dports) {_PORTS}(?:,{_PORTS})*",
        f"--tcp-flags {_FLAGS} {_FLAGS}",
        "--ctstate [A-Z]+(?:,[A-Z]+)*",
        f"--match-set {_SET} src",
        "--icmp(?:v6)?-type [0-9]+(?:/[0-9]+)?",
    )
    told = (
        f"-m {_MODULES}",
        "--hashlimit-(?:above|upto) [0-9]+/[a-z]+",
        "--hashlimit-(?:burst|srcmask|htable-[a-z]+) [0-9]+",
        "--hashlimit-mode srcip",
        "--hashlimit-name zm-[A-Za-z0-9-]+",
        "--limit [0-9]+/[a-z]+",
        "--limit-burst [0-9]+",
        *((f"--comment {comment}",) if comment else ()),
    )
    return f"(?: (?:! )?(?:{'|'.join(asked)})| (?:{'|'.join(told)}))*"


# iptables-save writes an apostrophe of a comment with a backslash.
_SAID = r"(?:\"(?:[^\"\\\n]|\\')*\"|[A-Za-z0-9_][A-Za-z0-9_-]*)"
_CHAINS = re.compile(rf":INPUT ACCEPT \[0:0\]|:{_NAME} - \[0:0\]")
_FLUSH = "-F INPUT"


# The long patterns are made when they are asked for: every verb brings this file in.
@cache
def _rules_of(family: Family) -> re.Pattern[str]:
    """Return a pattern of the rules that iptables-save prints of our chains."""
    return re.compile(
        rf"-A INPUT -j {CHAIN}|-A {_NAME}{_matches(family, comment=_SAID)}"
        rf" -j (?:ACCEPT|DROP|RETURN|{_NAME})"
    )


_FILLED = re.compile(
    rf"create {_SET} hash:(?:net|ip) family inet6?"
    r"(?: (?:maxelem|hashsize|timeout) [0-9]+| counters| -exist)*"
    rf"|(?:flush|destroy) {_SET}|swap {_SET} {_SET}|add {_SET} (?:{_NET})(?: -exist)?"
)
_IN_UFW: Final[tuple[tuple[str, str, Family], ...]] = (
    ("4", "ufw", "ipv4"),
    ("6", "ufw6", "ipv6"),
)


@cache
def _ufw() -> Mapping[str, re.Pattern[str]]:
    """Return patterns of our lines in files of ufw."""
    return {
        "profiles": re.compile(
            r"|\[zmward-[a-z0-9-]+\]|title=zmward: [a-z0-9-]+|description=[ -~]*"
            r"|ports=[0-9:,]+/(?:tcp|udp)(?:\|[0-9:,]+/(?:tcp|udp))*"
        ),
        **{
            f"before{digit}": re.compile(
                rf"# (?:BEGIN|END) zmward|-A {own}-before-input -m comment --comment "
                rf'"zmward: run [A-Za-z0-9-]+"|-A {own}-before-input'
                rf"{_matches(family, comment='')}"
                r" --comment \"zmward: (?:[^\"\\\n]|\\')*\""
                rf" -j (?:ACCEPT|DROP|{own}-logging-deny)"
            )
            for digit, own, family in _IN_UFW
        },
        **{
            f"user{digit}": re.compile(
                r"### tuple ### allow (?:tcp|udp) [0-9:,]+ [0-9a-f.:/]+ any "
                r"[0-9a-f.:/]+ zmward-[a-z0-9-]+ - in comment=7a6d776172643a20[0-9a-f]*"
                rf"|-A {own}-user-input{_matches(family, comment='')} -j ACCEPT "
                r"-m comment --comment 'dapp_zmward-[a-z0-9-]+'"
                rf"|-A {own}-user-input{_matches(family, comment='')} --comment "
                r"(?:dapp_zmward-[a-z0-9-]+|\"\\'dapp_zmward-[a-z0-9-]+\\'\") -j ACCEPT"
            )
            for digit, own, family in _IN_UFW
        },
    }


def _anybodys(head: str) -> re.Pattern[str]:
    """Return a pattern of what our renderer puts first, for whatever host."""
    return re.compile(re.escape(head).replace(re.escape(_SOMEBODY), "[ -~]{0,80}"))


@cache
def _heads() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return patterns of the comments on top of our texts for nft and iptables."""
    nobody = Policy(_SOMEBODY, ())
    tables = nftables(nobody).partition(_OPENING)[0]
    chains = iptables(nobody, "ipv4").partition("\n")[0]
    return _anybodys(tables), _anybodys(chains)


def _depth(bare: str) -> str:
    """Say how brackets leave the table; empty where they do not."""
    depth = 1
    for sign in re.findall("[{}]", bare):
        depth += 1 if sign == "{" else -1
        if depth < 1:
            return "it has more than one table"
    return "" if depth == 1 else "its brackets do not match"


def _unknown(text: str, known: frozenset[str]) -> str:
    for one in dict.fromkeys(_BETWEEN.split(text)):
        if one and one not in known and not _FIGURE.fullmatch(one):
            return f"{one[:60]!r} has no place in it"
    return ""


def _bare_words(bare: str) -> str:
    """Say which word is none of ours in a table without what is quoted."""
    for found in _END.finditer(bare):
        if not _BESIDE_END.match(bare, found.start()):
            line = bare[found.start() :].partition("\n")[0]
            return f"{line[:60]!r} has no place in it"
    elements = " ".join((*_ELEMENTS.findall(bare), *_ENDS.findall(bare)))
    rest = _ASKED.sub(r"\1", _NAMED.sub("{", _ELEMENTS.sub("", bare)))
    return _unknown(elements, _IN_ELEMENTS) or _unknown(_PROTOCOL.sub("", rest), _WORDS)


def _nft(text: str) -> str:
    """Say what in a text for nft is not our one table; empty where nothing is."""
    head, begun, body = text.partition(_OPENING)
    known = not head or _heads()[0].fullmatch(head)
    if not begun or not known or not f"\n{body}".endswith("\n}\n"):
        return f"it does not replace the table {TABLE}"
    bare = _QUOTED.sub(r"\1", _COUNTED.sub(r"\1", body.removesuffix("}\n")))
    if '"' in bare:
        return "a quotation in it does not end, or has no place there"
    other = _ELSEWHERE.search(bare)
    if other:
        return f"{other[0]!r} has no place in it"
    return _depth(bare) or _bare_words(bare)


def _lines(text: str, known: re.Pattern[str]) -> str:
    """Say which line of a text is none of ours."""
    if text and not text.endswith("\n"):
        return "its last line does not end"
    for line in text.split("\n")[:-1]:
        if not known.fullmatch(line):
            return f"{line[:60]!r} has no place in it"
    return ""


def _first(found: Iterable[str]) -> str:
    return next(filter(None, found), "")


def _family(text: str, family: Family) -> str:
    """Say what in a text for iptables-restore is none of ours."""
    head, first, body = text.partition("*security\n")
    if not text:
        return ""
    known = not head or _heads()[1].fullmatch(head.removesuffix("\n"))
    if not known or not first:
        return f"{text.partition(chr(10))[0][:60]!r} has no place in it"
    if not body.endswith("\nCOMMIT\n"):
        return "it does not end with COMMIT"
    lines = body.removesuffix("COMMIT\n").split("\n")[:-1]
    if lines.count(_FLUSH) != 1:
        return f"{_FLUSH!r} does not stand in it once"
    place = lines.index(_FLUSH)
    chains, rules = lines[:place], lines[place + 1 :]
    return _lines("".join(f"{line}\n" for line in chains), _CHAINS) or _lines(
        "".join(f"{line}\n" for line in rules), _rules_of(family)
    )


def _saved(texts: tuple[str, ...]) -> str:
    sets, v4, v6 = texts
    return _lines(sets, _FILLED) or _family(v4, "ipv4") or _family(v6, "ipv6")


def _shapeless(part: str, text: str) -> str:
    """Say why a tool could read a text otherwise than by its lines."""
    if len(text) > _LARGEST or "%% " in text:
        return "a text is too long or holds what no rule holds"
    strange = _STRANGE.search(text)
    if strange:
        return f"{strange[0]!r} has no place in it"
    most = _LONGER.get(part, _LONGEST)
    return _first(
        f"a line is too long: {line[:40]!r}"
        for line in text.split("\n")
        if len(line) > most
    )


def _strange(backend: Backend, texts: tuple[str, ...]) -> str:
    """Say what in the texts of one back end is not ours."""
    if len(texts) != len(PARTS[backend]):
        return "it has other texts than its back end takes"
    pairs = tuple(zip(PARTS[backend], texts, strict=True))
    found = _first(_shapeless(part, text) for part, text in pairs)
    if found:
        return f"these are not zmward's own rules: {found}"
    if backend == "nftables":
        found = _nft(texts[0])
    elif backend == "ufw":
        found = _first(_lines(text, _ufw()[part]) for part, text in pairs)
    else:
        found = _saved(texts)
    return found and f"these are not zmward's own rules: {found}"


def strange_rules(rules: Rules) -> str:
    """Say why texts are not rules of ours; empty where they are."""
    parts = [(rules.backend, rules.texts)]
    if rules.minimum and rules.backend == "ufw":
        # It has its own for where ufw fails: all rules, and the least.
        half = len(rules.minimum) // 2
        parts += [
            ("iptables", rules.minimum[:half]),
            ("iptables", rules.minimum[half:]),
        ]
    elif rules.minimum:
        parts.append((rules.backend, rules.minimum))
    return _first(_strange(*part) for part in parts)
