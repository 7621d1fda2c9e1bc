"""The whitelist as a plan: which back end loads it, what it serves, what proves it."""

from collections.abc import Iterable

import msgspec

from zmward.doors.files import must
from zmward.doors.host import Door
from zmward.doors.packet_filter import has, proven, standing_rules, tried
from zmward.engine.collect import collect
from zmward.engine.verify import Proof
from zmward.errors import Refused
from zmward.evidence import Answer, Evidence
from zmward.facts import Facts
from zmward.firewall.checked import Checked, Deviating, check
from zmward.firewall.loaded import live
from zmward.firewall.minimum import minimum
from zmward.firewall.openings import FAMILIES, Policy, Sources
from zmward.firewall.ranges import NOTHING, written
from zmward.firewall.render_iptables import foreign_rules, ipset, iptables
from zmward.firewall.render_nftables import nftables
from zmward.firewall.ufw_added import closing
from zmward.firewall.ufw_rules import texts
from zmward.i18n import mark
from zmward.plan import Host, Plan, Step, described
from zmward.ruleset import Backend, LoadRuleset, Rules
from zmward.sources.firewall import FIREWALL
from zmward.sources.identity import IDENTITY
from zmward.sources.source import Unreadable

# What the rules are for, and what is audited again once they are loaded.
CONTROLS = (
    *("admin-console-closed", "internal-ports-closed"),
    *("ipv4-packets-filtered", "ipv6-packets-filtered"),
    *("ldap-closed-to-strangers", "memcached-closed-to-strangers"),
)
_TITLE = mark("Only what the whitelist names is let in, over IPv4 and IPv6")
_IMPACT = mark("Who used a port that the whitelist does not name is not answered.")
_AFFECTS = mark("whoever reaches the server by what the whitelist does not name")
_CONNTRACK_MAX = "/proc/sys/net/netfilter/nf_conntrack_max"
_UFW_RULES = ("/etc/ufw/user.rules", "/etc/ufw/user6.rules")
_SHOWN = 8
_WIDEST = 3


def _active(door: Door, unit: str) -> bool:
    return not door.run(("systemctl", "is-active", "-q", "--", unit)).code


def _ufw_on(door: Door) -> bool:
    done = door.run(("grep", "-qix", "ENABLED=yes", "/etc/ufw/ufw.conf"))
    return not done.code


def _alone(door: Door) -> None:
    """Refuse where another program decides over the same packets."""
    if _active(door, "firewalld.service"):
        raise Refused(
            f"firewalld runs on {door.name}, and a packet must pass its zones and our "
            "rules: what it does not open stays shut. Either open there what "
            "`zmward firewall show` names (`zmward firewall check` says what is "
            "missing), or stop it yourself, then try again. Nothing was changed."
        )


def _require_ufw(door: Door) -> None:
    """Refuse a ufw that would not load its rules at boot."""
    if door.run(("systemctl", "is-enabled", "-q", "--", "ufw.service")).code:
        raise Refused(
            f"ufw is on at {door.name}, but its service does not start at boot: "
            "`systemctl enable ufw.service`, or `ufw disable`, then try again. "
            "Nothing was changed."
        )
    if door.run(("iptables", "-S", "ufw-user-input")).code:
        raise Refused(
            f"ufw is on at {door.name}, but its rules are not loaded: `ufw reload` "
            "says why, then try again. Nothing was changed."
        )


def _roomy(door: Door) -> None:
    """Refuse where tracking what is open now would fill the kernel's table."""
    most = door.run(("cat", "--", _CONNTRACK_MAX))
    if most.code or not most.out.strip().isdigit():
        return
    open_ = must(door.run(("ss", "-Htan")), "ss", door.name).out.count(b"\n")
    if 2 * open_ > int(most.out):
        raise Refused(
            f"{door.name} has {open_} connections and can track {int(most.out)}: a "
            "full table drops new ones of everybody. Raise "
            f"net.netfilter.nf_conntrack_max to {8 * open_} or more, then try again. "
            "Nothing was changed."
        )


def backend(door: Door) -> Backend:
    """Return which program loads our rules here; Refused where none should."""
    _alone(door)
    _roomy(door)
    if _ufw_on(door):
        _require_ufw(door)
        return "ufw"
    if has(door, "nftables"):
        return "nftables"
    if not has(door, "iptables"):
        raise Refused(
            f"{door.name} has neither nft nor iptables: install nftables, then try "
            "again. Nothing was changed."
        )
    _require_own_table(door)
    return "iptables"


def _require_own_table(door: Door) -> None:
    others: tuple[str, ...] = ()
    for program in ("iptables-save", "ip6tables-save"):
        saved = must(door.run((program,)), program, door.name)
        others += foreign_rules(saved.out.decode("utf-8", "replace"))
    if others:
        raise Refused(
            "Others have rules in the table `security`, which ours would replace: "
            f"{'; '.join(others[:_WIDEST])}. Nothing was changed."
        )


def _in_nft(policy: Policy, *, counters: bool) -> Rules:
    texts = (
        nftables(one, element_counters=counters) for one in (policy, minimum(policy))
    )
    whole, least = texts
    return Rules("nftables", (whole,), (least,))


def _in_iptables(policy: Policy, *, bans: bool = False) -> Rules:
    """Return the rules; what is loaded in need asks no set of bans."""
    whole, least = (
        (
            ipset(one, Sources() if asked else None),
            *(iptables(one, family, bans=asked) for family in FAMILIES),
        )
        for one, asked in ((policy, bans), (minimum(policy), False))
    )
    return Rules("iptables", whole, least)


def _in_ufw(policy: Policy) -> Rules:
    # Where ufw fails at boot, its chains are not there: ours stand in another table.
    least = _in_iptables(policy)
    return Rules("ufw", texts(policy), (*least.texts, *least.minimum))


def ruleset(door: Door, policy: Policy, kind: Backend) -> Rules:
    """Return the rules of a policy as this host's own program takes them."""
    if kind == "ufw":
        found = _in_ufw(policy)
        proven(door, found)
        return found
    if kind == "iptables":
        return _first_tried(
            door, *(_in_iptables(policy, bans=bans) for bans in (True, False))
        )
    # nft before 0.9.5 knows no counters of elements.
    return _first_tried(
        door, *(_in_nft(policy, counters=counters) for counters in (True, False))
    )


def _first_tried(door: Door, best: Rules, other: Rules) -> Rules:
    """Return the rules that a host takes: not every one knows all that is good."""
    try:
        tried(door, best)
    except Refused:
        tried(door, other)
        return other
    return best


def _step(change: LoadRuleset) -> Step:
    return msgspec.structs.replace(
        described(change, (), (change.target,)),
        controls=CONTROLS,
        titles=(_TITLE,),
        impact=(_IMPACT,),
        affects=(_AFFECTS,),
        effort="decision",
    )


def planned(door: Door, facts: Facts, host: str, rules: Rules, version: str) -> Plan:
    """Return the plan that loads rules on a host."""
    identity = facts.read(IDENTITY, host)
    # Rules that are loaded already are told in the same words.
    change = LoadRuleset(host, standing_rules(door, rules), rules)
    return Plan(
        host=Host(host, identity.machine),
        when=facts.evidence.when,
        zmward=version,
        steps=(_step(change),),
        reloads=(),
        left=(),
        hosts_seen=(host,),
    )


def _said(one: Deviating) -> str:
    families = ((family, one.sources.of(family)) for family in FAMILIES)
    nets = [net for family, own in families for net in written(own, family)]
    shown = ", ".join(nets[:_WIDEST]) + (", …" if len(nets) > _WIDEST else "")
    name = f" ({', '.join(one.names)})" if one.names else ""
    why = f", {'; '.join(one.said)}" if one.said else ""
    return f"{one.kind}: {one.what}{name} from {shown}{why}"


def _banned(one: Deviating, policy: Policy) -> bool:
    """Say whether a rule of ufw's keeps some out of what everybody else gets to.

    What fail2ban has ufw deny is such, and looks like what somebody has denied.
    """
    own = [o for o in policy.openings if o.name in one.names]
    if one.kind != "missing" or not own:
        return False
    everybody = all(o.zone == "internet" for o in own)
    for family in FAMILIES:
        lacking = one.sources.of(family)
        whole = NOTHING
        for opening in own:
            whole |= opening.sources.of(family)
        if lacking and whole <= lacking:
            return False
        few = all(first == last for first, last in lacking.pairs)
        if not few and not everybody:
            return False
    return True


def _of_others(door: Door) -> str:
    """Return the rules that ufw keeps; nothing where it is not on."""
    if not _ufw_on(door):
        return ""
    done = door.run(("cat", "--", *_UFW_RULES))
    return done.out.decode("utf-8", "replace")


def _ways_out(door: Door, wrong: Iterable[Deviating]) -> tuple[str, ...]:
    """Say which rules of ufw's let in what the whitelist does not name."""
    excess = [one for one in wrong if one.kind == "excess"]
    kept = _of_others(door) if excess else ""
    found = (c for one in excess for c in closing(kept, one.what, one.sources))
    commands = tuple(dict.fromkeys(found))
    shown = ", ".join(f"`{command}`" for command in commands[:_SHOWN])
    return (f"to close what is too much: {shown}",) if commands else ()


def _judged(facts: Facts, policy: Policy, evidence: Evidence) -> Checked | str:
    """Compare what is loaded now with the policy, or say why nobody can."""
    (host,) = evidence.hosts
    answer = evidence.answer(host, FIREWALL.name)
    if not isinstance(answer, Answer):
        return f"the loaded rules are not known: {getattr(answer, 'reason', '')}"
    try:
        found = live(answer.text)
    except Unreadable as error:
        return f"the loaded rules are not known: {error}"
    return check(facts, policy, found.rules, missing=found.missing)


def proved(
    door: Door, facts: Facts, policy: Policy, version: str, proof: Proof
) -> Proof:
    """Add to a proof how the rules that are loaded now differ from the policy."""
    evidence = collect(door, (IDENTITY, FIREWALL), version, lambda *_: None)
    found = _judged(facts, policy, evidence)
    if isinstance(found, str):
        return msgspec.structs.replace(proof, unknown=(*proof.unknown, found))
    by_ufw = _ufw_on(door)
    banned = [d for d in found.deviations if by_ufw and _banned(d, policy)]
    wrong = [d for d in found.deviations if d.kind != "unknown" and d not in banned]
    told = (*map(_said, wrong[:_SHOWN]), *_ways_out(door, wrong))
    doubtful = [_said(d) for d in found.deviations if d.kind == "unknown"]
    doubtful += [f"kept out by others: {_said(d)}" for d in banned]
    return msgspec.structs.replace(
        proof,
        failing=(*proof.failing, *told),
        unknown=(*proof.unknown, *found.reasons, *doubtful[:_SHOWN]),
    )
