"""Whether texts that a plan would load are rules of ours, and nothing beside them.

A plan may have been edited by hand: what it loads stays within our own table, chains
and sets, whatever it says in there.
"""

import re
from collections.abc import Iterable, Iterator

from zmward.firewall.own_rules import PARTS
from zmward.firewall.render_iptables import CHAIN
from zmward.firewall.render_nftables import TABLE
from zmward.ruleset import Backend, Rules

_LARGEST = 64 << 20
_OPENING = [
    f"add table inet {TABLE}",
    f"delete table inet {TABLE}",
    f"table inet {TABLE} {{",
]
_QUOTED = re.compile(r'"[^"\n]*"')
_STATEMENT = re.compile(r"[;{}\n]")
_NAME = rf"{CHAIN}(?:-[A-Za-z0-9-]{{1,22}})?"
_SAVED = re.compile(
    rf"\*security|COMMIT|-F INPUT|-A INPUT -j {CHAIN}|#.*"
    rf"|:INPUT ACCEPT \[0:0\]|:{_NAME} - \[0:0\]"
    rf"|-A {_NAME} [^\n]*-j (?:ACCEPT|DROP|RETURN|{_NAME})"
)
_SET = r"zmward-[a-z0-9-]{1,24}"
_FILLED = re.compile(
    rf"create {_SET} hash:(?:net|ip) family inet6? [a-z0-9 -]+"
    rf"|(?:flush|destroy) {_SET}|swap {_SET} {_SET}"
    rf"|add {_SET} [0-9a-f.:]+(?:/[0-9]{{1,3}})?"
)


_UFW = {
    "profiles": re.compile(
        r"|\[zmward-[a-z0-9-]+\]|title=zmward: [a-z0-9-]+|description=[ -~]*"
        r"|ports=[0-9:,]+/(?:tcp|udp)(?:\|[0-9:,]+/(?:tcp|udp))*"
    ),
    **{
        f"before{digit}": re.compile(
            rf"# (?:BEGIN|END) zmward|-A {own}-before-input -m comment --comment "
            rf'"zmward: run [A-Za-z0-9-]+"|-A {own}-before-input [^"\n]*'
            rf'--comment "zmward: [^"\n]*" -j (?:ACCEPT|DROP|{own}-logging-deny)'
        )
        for digit, own in (("4", "ufw"), ("6", "ufw6"))
    },
    **{
        f"user{digit}": re.compile(
            r"### tuple ### allow (?:tcp|udp) [0-9:,]+ [0-9a-f.:/]+ any [0-9a-f.:/]+ "
            r"zmward-[a-z0-9-]+ - in comment=7a6d776172643a20[0-9a-f]*"
            rf"|-A {own}-user-input [^\"'\n]*-j ACCEPT -m comment --comment "
            r"'dapp_zmward-[a-z0-9-]+'"
            rf"|-A {own}-user-input [^\"'\n]*-m comment --comment "
            r"(?:dapp_zmward-[a-z0-9-]+|\"\\'dapp_zmward-[a-z0-9-]+\\'\") -j ACCEPT"
        )
        for digit, own in (("4", "ufw"), ("6", "ufw6"))
    },
}


def _bare(text: str) -> Iterator[str]:
    """Yield lines without comments and quoted words, in which anything may stand."""
    for line in text.splitlines():
        plain = _QUOTED.sub('""', line)
        if '"' not in plain.replace('""', ""):
            plain = plain.partition("#")[0]
        if plain.strip():
            yield plain


def _nft(text: str) -> str:
    """Say what in a text for nft is not our one table; empty where nothing is."""
    lines = list(_bare(text))
    if lines[: len(_OPENING)] != _OPENING or lines[-1:] != ["}"]:
        return f"it does not replace the table {TABLE}"
    depth = 1
    for line in lines[len(_OPENING) : -1]:
        words = line.split()
        if words[0] in ("include", "define", "undefine", "redefine"):
            return f"{words[0]!r} has no place in it"
        if '"' in line.replace('""', "") or "\\" in line:
            return "a quotation in it does not end"
        for sign in _STATEMENT.findall(line):
            depth += {"{": 1, "}": -1}.get(sign, 0)
            if depth < 1:
                return "it has more than one table"
    return "" if depth == 1 else "its brackets do not match"


def _lines(text: str, known: re.Pattern[str]) -> str:
    for line in text.splitlines():
        # iptables-save writes an apostrophe of a comment with a backslash.
        if not known.fullmatch(line) or "\\" in line.replace("\\'", ""):
            return f"{line[:60]!r} has no place in it"
    return ""


def _first(found: Iterable[str]) -> str:
    return next(filter(None, found), "")


def _saved(texts: tuple[str, ...]) -> str:
    sets, *families = texts
    return _lines(sets, _FILLED) or _first(_lines(text, _SAVED) for text in families)


def _strange(backend: Backend, texts: tuple[str, ...]) -> str:
    """Say what in the texts of one back end is not ours."""
    if len(texts) != len(PARTS[backend]):
        return "it has other texts than its back end takes"
    if any(len(text) > _LARGEST or "\0" in text or "%% " in text for text in texts):
        return "a text is too long or holds what no rule holds"
    if backend == "nftables":
        found = _nft(texts[0])
    elif backend == "ufw":
        pairs = zip(PARTS[backend], texts, strict=True)
        found = _first(_lines(text, _UFW[part]) for part, text in pairs)
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
