"""`zmward scan`: looks at hosts from outside, as an attacker would, and says so."""

import sys
from typing import Any

import click

from zmward.cli.audit import exit_code
from zmward.cli.looking import SECONDS, targets, wish
from zmward.cli.main import own_version
from zmward.cli.options import common, given, language, profile, time, write
from zmward.cli.probe import login
from zmward.cli.progress import progress
from zmward.cli.screen import Screen, screen
from zmward.controls.registry import controls
from zmward.engine.audit import audit
from zmward.engine.scan import scan
from zmward.finding import Report, moment
from zmward.outside import evidence_of
from zmward.reports.plain import in_json
from zmward.scan.seen import Seen
from zmward.waivers import validate

FORMATS = ("text", "json", "html")


def _render(
    report: Report, looks: tuple[Seen, ...], form: str, shown: Screen, *, all_: bool
) -> str:
    if form == "json":
        from zmward.reports.scan_json import render as as_json

        return in_json(as_json(report, looks))
    if form == "html":
        from zmward.reports.html.page import render as as_html

        return as_html(report, looks=looks)
    from zmward.reports.scan_text import render as as_text

    return as_text(
        report,
        looks,
        width=shown.width,
        color=shown.color,
        encoding=shown.encoding,
        everything=all_,
    )


@click.command("scan", help="Look at hosts of your own as an attacker would.")
@common("profile", "now", "lang", "quiet", "no_color")
@click.argument("hosts", nargs=-1, required=True, metavar="HOST…")
@click.option(
    "--i-may-scan", "vouched", multiple=True, metavar="HOST", help="It is mine."
)
@click.option("--all-ports", "every", is_flag=True, help="All 65,535 TCP ports.")
@click.option("--ports", metavar="LIST", help="These TCP ports: 25,80,7000-7100.")
@click.option("--connect", is_flag=True, help="No raw packets, also as root.")
@click.option("--domain", "domains", multiple=True, metavar="NAME", help="Its DNS too.")
@click.option(
    "--deep", is_flag=True, help="Every TLS cipher, and sslyze if it is there."
)
@click.option("--account", metavar="NAME", help="Prove with this probe account too.")
@click.option("--password-file", metavar="FILE", help="Its password; else it is asked.")
@click.option("--alias", metavar="NAME", help="An alias of it, which may not log in.")
@click.option(
    "--without",
    "disabled",
    multiple=True,
    type=click.Choice(("imap", "pop3")),
    help="A protocol that the account may not use.",
)
@click.option(
    "--send-test", metavar="TO", help="Send one message; look at its headers."
)
@click.option("--ssh-user", metavar="USER", help="Prove how USER may log in over SSH.")
@click.option(
    "--evidence", "paths", multiple=True, metavar="FILE", help="It tells of lockouts."
)
@click.option("--log-host", metavar="USER@HOST", help="Look there for the login.")
@click.option("--any-certificate", is_flag=True, help="Send the password anyway.")
@click.option("--even-if-locked", is_flag=True, help="Though a lockout could act.")
@click.option("--rate", type=click.IntRange(1, 100_000), help="Packets a second.")
@click.option(
    "--seconds",
    type=click.IntRange(1, 86_400),
    default=SECONDS,
    help="End after so many.",
)
@click.option("--format", "form", type=click.Choice(FORMATS), default=None)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--all", "everything", is_flag=True, help="Fold nothing (text).")
@click.option("--output", metavar="FILE", help="Write the report there, mode 0600.")
@click.pass_context
def command(  # one parameter for each option
    ctx: click.Context,
    /,
    *,
    hosts: tuple[str, ...],
    form: str | None,
    as_json: bool,
    everything: bool,
    output: str | None,
    **shared: Any,
) -> int:
    """Print what was seen, and return what it means as an exit code."""
    common_ = ("profile", "now", "lang", "quiet", "no_color")
    options = {n: given(ctx, n, v) if n in common_ else v for n, v in shared.items()}
    language(options["lang"])
    site = profile(options["profile"])
    whom = targets(hosts, site, options["vouched"])
    options["login"] = login(options, site)
    silent = bool(options["quiet"]) or not sys.stderr.isatty()
    with progress(f"looking at {', '.join(hosts)}", silent=silent) as moved:
        looks = scan(whom, wish(options, site), moved)
    evidence = evidence_of(looks, own_version())
    now = time(options["now"]) or moment(evidence.when)
    validate(site, controls(), now)
    report = audit(evidence, controls().values(), site, now, inside=False)
    kind = "json" if as_json else form or "text"
    seen = screen(color=not options["no_color"] and output is None)
    write(_render(report, looks, kind, seen, all_=everything), output)
    return exit_code(report)
