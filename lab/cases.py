"""The rule sets of the proof, and how each gets into a kernel: by its own real tool."""

import json
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lab.policies import BANS, policies
from lab.ufw import loaded as by_ufw
from lab.wire import Wire
from lab.written import in_order
from zmward.firewall import ipset, iptables, nft, nft_text
from zmward.firewall.openings import FAMILIES, Policy
from zmward.firewall.ranges import Family
from zmward.firewall.render_iptables import ipset as ipset_text
from zmward.firewall.render_iptables import iptables as iptables_text
from zmward.firewall.render_nftables import nftables
from zmward.firewall.render_ufw import ufw
from zmward.firewall.rules import Ruleset

RULESETS = Path(__file__).parent / "rulesets"
Rules = Mapping[Family, Ruleset]
_TOOLS: dict[Family, str] = {"ipv4": "iptables", "ipv6": "ip6tables"}
_WITH_UFW = frozenset({"plain", "store", "odd"})
_SUFFIX: dict[str, Family] = {".v4": "ipv4", ".v6": "ipv6"}


@dataclass(frozen=True)
class Read:
    """What a kernel holds, as the engine reads it; `others` read the same elsewhere.

    `sets` is what `ipset save` told.
    """

    rules: Rules
    others: Mapping[str, Rules]
    sets: str = ""


@dataclass(frozen=True)
class Case:
    """One rule set: its name, and what loads it and reads it back."""

    name: str
    load: Callable[[Wire], None]
    back: Callable[[Wire, bool], Read]

    def read(self, link: Wire, *, counted: bool = False) -> Read:
        """Return what is loaded now; `counted` with what iptables has counted."""
        return self.back(link, counted)


def _nft(text: str, link: Wire) -> None:
    link.inside("nft", "-f", "-", given=text)


def _with_counters(text: str) -> str:
    """Return nft's JSON with each rule told as it stands, its counter as well."""
    told = json.loads(text)
    for row in told["nftables"]:
        if "rule" in row:
            expressions = row["rule"].get("expr", [])
            row["rule"]["said"] = json.dumps(expressions, separators=(",", ":"))
    return json.dumps(told)


def _nft_back(text: str, link: Wire, counted: bool) -> Read:  # noqa: FBT001  # of a kind
    """Read nft's JSON; its listing and the file itself must say the same."""
    if counted:
        found = nft.parse(_with_counters(link.ruleset()))
        return Read(dict.fromkeys(FAMILIES, found), {})

    def both(one: Ruleset) -> Rules:
        return dict.fromkeys(FAMILIES, one)

    told, listing = nft.parse(link.ruleset()), nft_text.parse(link.listing())
    written = nft_text.parse(text)
    # The JSON of some versions does not tell the devices of such chains.
    if any(chain.hook == "ingress" for chain in told.chains.values()):
        return Read(both(listing), {"json": both(told), "file": both(written)})
    return Read(both(told), {"listing": both(listing), "file": both(written)})


def _restore(texts: Mapping[Family, str], sets: str, kind: str, link: Wire) -> None:
    """Load the sets of ipset first, which the rules ask."""
    if sets:
        link.inside("ipset", "restore", given=sets)
    for family, text in texts.items():
        link.inside(f"{_TOOLS[family]}-{kind}-restore", given=text)


def _parsed(texts: Mapping[Family, str], told: str) -> Rules:
    """Read rules of iptables with the sets that `ipset save` tells."""
    known = ipset.parse(told)
    sets = ipset.Sets(known, ipset.changed(known, "".join(texts.values())))
    return {
        family: iptables.parse(text, family, sets) for family, text in texts.items()
    }


def saved(link: Wire, kind: str, *options: str, sets: str = "") -> Rules:
    """Return what iptables-save and ip6tables-save tell now."""
    texts = {
        family: link.inside(f"{tool}-{kind}-save", *options)
        for family, tool in _TOOLS.items()
    }
    return _parsed(texts, sets)


def _saved(
    texts: Mapping[Family, str],
    sets: str,
    kind: str,
    link: Wire,
    counted: bool,  # noqa: FBT001  # of a kind
) -> Read:
    """Read what was saved; the file itself must say the same."""
    told = in_order(link.inside("ipset", "save")) if sets else ""
    if counted:
        return Read(saved(link, kind, "-c", sets=told), {}, told)
    return Read(saved(link, kind, sets=told), {"file": _parsed(texts, told)}, told)


def _by_ufw(link: Wire, counted: bool) -> Read:  # noqa: FBT001  # of a kind
    return Read(saved(link, "nft", *(("-c",) if counted else ())), {})


def _nft_case(name: str, text: str) -> Case:
    return Case(name, partial(_nft, text), partial(_nft_back, text))


def _iptables_case(
    name: str, texts: Mapping[Family, str], kind: str, sets: str = ""
) -> Case:
    load = partial(_restore, texts, sets, kind)
    return Case(name, load, partial(_saved, texts, sets, kind))


def _files() -> Iterator[Case]:
    """Yield the rule sets that stand in files."""
    for stem in sorted({path.stem for path in RULESETS.iterdir()}):
        found = sorted(RULESETS.glob(f"{stem}.*"))
        paths: Sequence[Path] = [path for path in found if path.suffix != ".ipset"]
        sets = "".join(path.read_text() for path in found if path.suffix == ".ipset")
        if paths[0].suffix == ".nft":
            yield _nft_case(stem, paths[0].read_text())
        elif paths[0].suffix == ".ufw":
            script = paths[0].read_text()
            yield Case(stem, partial(by_ufw, script, "", ("", "")), _by_ufw)
        elif paths[0].suffix in _SUFFIX:
            texts = {_SUFFIX[path.suffix]: path.read_text() for path in paths}
            kind = "legacy" if "legacy" in stem else "nft"
            yield _iptables_case(stem, texts, kind, sets)


def _ours_with_ufw(name: str, found: Policy) -> Case:
    wanted = ufw(found)
    script = "\n".join(shlex.join(argv) for argv in wanted.commands)
    blocks = (wanted.before, wanted.before6)
    load = partial(by_ufw, script, wanted.applications, blocks)
    return Case(f"ours-{name}-ufw", load, _by_ufw)


def _ours() -> Iterator[Case]:
    """Yield our own rule sets: every renderer's."""
    for name, found in policies().items():
        yield _nft_case(f"ours-{name}-nft", nftables(found, BANS))
        banned = name not in ("store", "minimum")
        texts = {f: iptables_text(found, f, bans=banned) for f in FAMILIES}
        kind = "legacy" if name in ("mta", "minimum") else "nft"
        sets = ipset_text(found, BANS if banned else None)
        yield _iptables_case(f"ours-{name}-iptables-{kind}", texts, kind, sets)
        # Each of its commands is a process of half a second.
        if name in _WITH_UFW:
            yield _ours_with_ufw(name, found)


def cases() -> dict[str, Case]:
    """Return all rule sets of the proof by their names."""
    return {case.name: case for case in (*_files(), *_ours())}
