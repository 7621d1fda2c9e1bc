"""`zmward firewall render`: the whitelist in the language of the host's own tool."""

from pathlib import Path
from typing import Any

import click

from zmward.cli.firewall_place import Node, asking, whole
from zmward.cli.options import write
from zmward.errors import BadFile, Refused, Usage
from zmward.firewall.managers import file
from zmward.firewall.minimum import minimum
from zmward.firewall.openings import Policy
from zmward.firewall.policy import policy
from zmward.firewall.render_ufw import ufw
from zmward.firewall.rendered import rendered, ufw_files
from zmward.reports.plain import command as as_line
from zmward.reports.plain import plain

FORMATS = ("nftables", "iptables", "ip6tables", "ufw", "ipset")
_RULES = ("before", "before6")
_IPV6 = "IPV6=yes must stand in /etc/default/ufw, or ufw refuses what is for IPv6"


def _require(found: Policy) -> None:
    """Refuse what may not be loaded, and name every reason."""
    if not found.refused:
        return
    lines = "\n".join(f"  {one.kind}: {plain(one.text)}" for one in found.refused)
    raise Refused(
        f"The policy of {plain(found.host)} may not be loaded; nothing was rendered:\n"
        f"{lines}\n`zmward firewall show` says what to do; --despite-problems prints "
        "it all the same, for reading only."
    )


def _folder(output: str | None) -> Path:
    if output is None:
        raise Usage("--format ufw makes several files: say where with --output DIR.")
    place = Path(output)
    try:
        (place / "applications.d").mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Usage(f"{output} cannot be written: {error.strerror}.") from error
    return place


def _ufw(node: Node, found: Policy, output: str | None) -> None:
    """Write a folder whose files lie as they would in /etc/ufw."""
    own = [file(node.facts, node.host, f"/etc/ufw/{n}.rules") for n in _RULES]
    commands = "".join(f"{as_line(argv)}\n" for argv in ufw(found).commands)
    try:
        texts = ufw_files(found, commands, *own)
    except ValueError as error:
        raise BadFile(f"/etc/ufw of {plain(node.host)} holds {error}.") from error
    place = _folder(output)
    for name, text in texts.items():
        write(text, str(place / name))
    for name, seen in zip(_RULES, own, strict=True):
        if seen is None:
            node.talk(f"{name}.rules of {node.host} was not seen: it is a block alone")
    settings = file(node.facts, node.host, "/etc/default/ufw") or ""
    if "IPV6=yes" not in settings.replace('"', ""):
        node.talk(_IPV6)


@click.command("render", help="The whitelist as rules; nothing is loaded.")
@asking
@click.option("--format", "form", type=click.Choice(FORMATS), required=True)
@click.option("--minimum", "least", is_flag=True, help="What is loaded in need.")
@click.option("--despite-problems", "despite", is_flag=True, help="Only to read it.")
@click.option("--output", metavar="FILE|DIR", help="Write it there, mode 0600.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    form: Any,
    least: bool,
    despite: bool,
    output: str | None,
    **shared: Any,
) -> int:
    """Print the rules; exit code 4 where the policy may not be loaded."""
    node = whole(ctx, shared)
    found = policy(node.facts, node.host)
    if not despite:
        _require(found)
    if least:
        found = minimum(found)
    if form == "ufw":
        _ufw(node, found, output)
    else:
        write(rendered(found, form), output)
    if found.refused:
        node.talk("not for loading: the policy refuses, its problems stand on top")
    return 0
