"""`zmward firewall explain`: what becomes of one packet, and by which rule."""

import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from zmward.cli.options import common, door, given
from zmward.errors import BadFile, Unreachable, Usage
from zmward.firewall.loaded import Loaded, live, recognised
from zmward.firewall.packet import ICMP, ICMPV6, Packet
from zmward.firewall.ranges import BadAddress, Family, network
from zmward.firewall.rules import FLAGS, PROTOCOLS, STATES
from zmward.firewall.verdict import SCHEMA, Verdict, verdict
from zmward.reports.plain import in_json, plain
from zmward.sources.source import Unreadable

_LARGEST = 256 << 20
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
    try:
        with Path(path).open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}.") from error
    if len(content) > _LARGEST:
        raise BadFile(f"{path} is larger than any rule set.")
    try:
        rules = recognised(content.decode("utf-8", "replace"), family)
    except Unreadable as error:
        raise BadFile(f"{path} is no rule set: {error}.") from error
    if not rules.chains:
        raise BadFile(f"{path} is no rule set: there is no chain in it.")
    return Loaded(rules)


def _from_host(host: str | None) -> Loaded:
    from zmward.cli.main import own_version
    from zmward.engine.collect import collect
    from zmward.evidence import Answer
    from zmward.sources.firewall import FIREWALL
    from zmward.sources.identity import IDENTITY

    way = door(host)
    found = collect(way, (IDENTITY, FIREWALL), own_version(), lambda *_: None)
    (answers,) = (found.answers[name] for name in found.hosts)
    answer = answers.get(FIREWALL.name)
    if not isinstance(answer, Answer):
        reason = getattr(answer, "reason", "it gave no answer")
        raise Unreachable(f"{way.name} does not tell its rules: {reason}.")
    try:
        return live(answer.text)
    except Unreadable as error:
        raise Unreachable(f"{way.name} does not tell its rules: {error}.") from error


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
@common("host", "quiet")
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
@click.option("--json", "as_json", is_flag=True, help="As zmward.verdict/1.")
@click.pass_context
def command(
    ctx: click.Context, /, *, ruleset: str | None, as_json: bool, **shared: Any
) -> int:
    """Print the verdict; exit code 3 where it is unknown."""
    packet = _packet(shared)
    if shared["proto"] != "icmp" and not packet.destination_port:
        raise Usage("--dst-port says for which port the packet is.")
    host = given(ctx, "host", shared["host"])
    loaded = _from_file(ruleset, packet.family) if ruleset else _from_host(host)
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
