"""`zmward firewall explain`: what becomes of one packet, and by which rule."""

import sys
from typing import Any

import click
import msgspec

from zmward.cli.firewall_place import asking
from zmward.cli.rule_files import content
from zmward.errors import BadFile, Usage
from zmward.firewall.loaded import SAVED, Loaded, recognised
from zmward.firewall.packet import ICMP, ICMPV6, Packet
from zmward.firewall.ranges import BadAddress, Family, network
from zmward.firewall.rules import FLAGS, PROTOCOLS, STATES
from zmward.firewall.saved import told
from zmward.firewall.verdict import SCHEMA, Verdict, verdict
from zmward.reports.plain import in_json, plain
from zmward.sources.source import Unreadable

_HIGHEST = 65535


def _address(text: str, option: str) -> tuple[Family, int]:
    try:
        family, (first, last) = network(text)
    except BadAddress as error:
        raise Usage(f"{option}: {error}.") from error
    if first != last:
        raise Usage(f"{option}: {text!r} is more than one address.")
    return family, first


def _flags(text: str) -> int:
    found = 0
    for word in text.split(","):
        name = word.strip().upper()
        if name and name not in FLAGS:
            raise Usage(f"--flags: {word!r} is none of {', '.join(FLAGS)}.")
        found |= FLAGS.get(name, 0)
    return found


def _protocol(text: str, family: Family) -> int:
    if text == "icmp":
        return ICMP if family == "ipv4" else ICMPV6
    return PROTOCOLS[text]


def _packet(options: dict[str, Any]) -> Packet:
    family, source = _address(options["src"], "--src")
    destination = -1
    if options["dst"] is not None:
        other, destination = _address(options["dst"], "--dst")
        if other != family:
            raise Usage("--src and --dst are not of one family.")
    loopback = family == "ipv6" and source == 1
    loopback = loopback or (family == "ipv4" and source >> 24 == 127)  # noqa: PLR2004
    return Packet(
        family,
        source,
        destination,
        _protocol(options["proto"], family),
        destination_port=options["dst_port"],
        source_port=options["src_port"],
        flags=_flags(options["flags"]),
        state=options["state"] or "",
        entry=options["interface"] or ("lo" if loopback else ""),
        icmp=(8, 0) if family == "ipv4" else (128, 0),
    )


def _from_file(path: str, family: Family) -> Loaded:
    text = content(path)
    own = told(text) if SAVED.search(text) else None
    if own not in (None, family):
        raise BadFile(f"{path} holds rules of {own}, and the packet is of {family}.")
    try:
        rules = recognised(text, family)
    except Unreadable as error:
        raise BadFile(f"{path} is no rule set: {error}.") from error
    if not rules.chains:
        raise BadFile(f"{path} is no rule set: there is no chain in it.")
    return Loaded(rules)


def _planned(ctx: click.Context, shared: dict[str, Any]) -> Loaded:
    """Return the rules that `render --format nftables` prints."""
    from zmward.cli.firewall_place import whole
    from zmward.firewall.nft_text import parse
    from zmward.firewall.policy import policy
    from zmward.firewall.rendered import rendered

    node = whole(ctx, shared)
    found = policy(node.facts, node.host)
    if found.refused:
        node.talk(
            "the whitelist may not be loaded; lines are those of `zmward firewall "
            "render --format nftables --despite-problems`"
        )
    return Loaded(parse(rendered(found, "nftables")))


def _rules(ctx: click.Context, shared: dict[str, Any], family: Family) -> Loaded:
    """Return the rules that the options name: planned, saved or loaded ones."""
    ruleset, planned = shared["ruleset"], shared["planned"]
    if ruleset and planned:
        raise Usage("--planned and --ruleset name two rule sets: give one of them.")
    if ruleset:
        return _from_file(ruleset, family)
    if planned:
        return _planned(ctx, shared)
    from zmward.cli.firewall_place import RULES, node

    return node(ctx, shared, RULES).loaded()


def _shown(found: Verdict) -> None:
    for step in found.trail:
        sure = "" if step.sure else ", perhaps"
        place = f"{step.table}, {step.chain}, line {step.line}: {step.verdict}{sure}"
        click.echo(plain(place))
        click.echo(f"    {plain(step.rule)}")
    click.echo(f"{found.verdict}: {plain(found.reason)}")
    for text in found.assumed:
        click.echo(f"taken as for a first packet: {plain(text)}")


@click.command("explain", help="What becomes of one packet, and by which rule.")
@asking
@click.option("--src", required=True, metavar="ADDR", help="Where it comes from.")
@click.option("--dst", metavar="ADDR", help="Which of the host's addresses it is for.")
@click.option(
    "--proto",
    type=click.Choice(("tcp", "udp", "icmp")),
    default="tcp",
    show_default=True,
)
@click.option("--dst-port", type=click.IntRange(0, _HIGHEST), metavar="N", default=0)
@click.option(
    "--src-port", type=click.IntRange(0, _HIGHEST), default=49152, metavar="N"
)
@click.option("--flags", default="SYN", metavar="SYN,…", help="TCP's flags.")
@click.option("--state", type=click.Choice(tuple(STATES)), help="Instead of a first.")
@click.option("--interface", metavar="NAME", help="By which it comes in.")
@click.option("--ruleset", metavar="FILE", help="These rules, not the loaded ones.")
@click.option("--planned", is_flag=True, help="Those that render would print.")
@click.option("--json", "as_json", is_flag=True, help="As zmward.verdict/1.")
@click.pass_context
def command(ctx: click.Context, /, *, as_json: bool, **shared: Any) -> int:
    """Print the verdict; exit code 3 where it is unknown."""
    packet = _packet(shared)
    if shared["proto"] != "icmp" and not packet.destination_port:
        raise Usage("--dst-port says for which port the packet is.")
    loaded = _rules(ctx, shared, packet.family)
    found = verdict(loaded.rules, packet)
    if loaded.missing and found.verdict == "accept":
        why = f"not asked: {', '.join(loaded.missing)}"
        found = msgspec.structs.replace(found, verdict="unknown", reason=why)
    if as_json:
        document = {"schema": SCHEMA, **msgspec.to_builtins(found)}
        text = msgspec.json.format(msgspec.json.encode(document)).decode()
        sys.stdout.write(in_json(text) + "\n")
    else:
        _shown(found)
    return 3 if found.verdict == "unknown" else 0
