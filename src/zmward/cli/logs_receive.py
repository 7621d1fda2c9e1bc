"""`zmward logs receive`: makes a host a central log server, or writes what it needs."""

import sys
from functools import partial
from pathlib import Path
from typing import Any

import click

from zmward.cli.applying import asked, carried_out, report, told
from zmward.cli.log_identity import Signed, folder, identified, named, put, signed
from zmward.cli.log_plan import log_plan
from zmward.cli.main import own_version
from zmward.cli.options import common, given, write
from zmward.cli.place import Place, place
from zmward.cli.progress import progress
from zmward.cli.repairing import say, who
from zmward.engine.apply import Applied, Wish
from zmward.engine.collect import collect
from zmward.engine.forwarding import TAKING, receiving
from zmward.engine.log_arrival import listens, said
from zmward.engine.verify import Proof
from zmward.errors import Unreachable, Usage
from zmward.facts import Facts
from zmward.finding import Report, moment
from zmward.logs.forward import (
    AUTHORITY,
    CERTIFICATE,
    KEY,
    PORT,
    RECEIVE,
    Taking,
    receive,
)
from zmward.plan import Plan
from zmward.profile import Profile
from zmward.reports.plan_json import render
from zmward.sources.identity import IDENTITY
from zmward.sources.logging import RSYSLOG
from zmward.sources.packages import PACKAGES

_ASKED = (IDENTITY, PACKAGES, RSYSLOG)


def _facts(here: Place, *, quiet: bool) -> tuple[Facts, str]:
    silent = quiet or not sys.stderr.isatty()
    with progress(f"asking {here.name}", silent=silent) as moved:
        evidence = collect(here.door, _ASKED, own_version(), moved)
    if len(evidence.hosts) != 1:
        raise Unreachable(f"{here.name} does not say its name.")
    return Facts(evidence, Profile(), moment(evidence.when)), evidence.hosts[0]


def _plan(
    here: Place, name: str, what: Taking, certificates: Signed, *, quiet: bool
) -> Plan:
    facts, host = _facts(here, quiet=quiet)
    return log_plan(
        *(here, facts, host),
        name=name,
        certificates=certificates,
        lacking=partial(receiving, here.door, facts, host, what),
        about=TAKING,
    )


def _written(place: Path, name: str, what: Taking, signs: Signed) -> None:
    """Write the files of a log host that is set up by other means."""
    folder(place)
    texts = {RECEIVE: receive(what)}
    mine = signs.identity(name)
    texts |= {AUTHORITY: mine.authority, CERTIFICATE: mine.certificate, KEY: mine.key}
    there = [p for path in texts if (p := place / Path(path).name).exists()]
    if there:
        raise Usage(f"{there[0]} is there already: give a new --output DIR.")
    for path, text in texts.items():
        put(place / Path(path).name, text, private=path == KEY)
    say(
        f"put these four files into {Path(RECEIVE).parent} of the log host, the key "
        "with mode 0600 for rsyslog's own user; install rsyslog-gnutls; "
        "`rsyslogd -N1`; `systemctl restart rsyslog`"
    )


def _proof(here: Place, plan: Plan, port: int) -> Proof:
    host = plan.host.name
    found = Report(host, plan.when, plan.zmward, "", (host,), (), ())
    if listens(here.door, port):
        return Proof(found, (), ())
    return Proof(
        found, (f"rsyslog does not listen on port {port}: {said(here.door)}",), ()
    )


@click.command("receive", help="Make a host a central log server.")
@common("host", "quiet")
@click.option(
    "--name", required=True, metavar="NAME", help="The log host, as senders call it."
)
@click.option(
    "--from",
    "senders",
    required=True,
    multiple=True,
    metavar="NAME",
    help="A mail server that may send.",
)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=PORT,
    show_default=True,
    help="Where it listens.",
)
@identified
@click.option("--output", metavar="DIR", help="Only write the files into DIR.")
@click.option("--plan", "planfile", metavar="FILE", help="Only write the plan.")
@click.option("--json", "as_json", is_flag=True, help="The result as zmward.run/1.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    name: str,
    senders: tuple[str, ...],
    port: int,
    output: str | None,
    planfile: str | None,
    as_json: bool,
    yes: bool,
    **shared: Any,
) -> int:
    """Make the plan, show it, carry it out, and see that rsyslog listens."""
    for option in ("host", "quiet"):
        shared[option] = given(ctx, option, shared[option])
    quiet = bool(shared["quiet"])
    own = named(name, "--name").name
    peers = tuple(dict.fromkeys(named(one, "--from") for one in senders))
    what = Taking(peers, port)
    certificates = signed(shared, say)
    if output is not None:
        _written(Path(output), own, what, certificates)
        return 0
    with place(shared["host"], sample=False) as here:
        plan = _plan(here, own, what, certificates, quiet=quiet)
        if planfile is not None:
            write(render(plan), planfile)
            return 0

        def prove() -> Proof:
            return _proof(here, plan, port)

        if not plan.steps:
            say("everything is in place already")
            done = Applied("", prove())
            return told(report(plan, done, here), here, as_json=as_json)
        wish = Wish(who=who())
        asked(plan, here, wish, quiet=quiet, yes=yes)
        found = carried_out(plan, here, wish, prove, lambda: (), quiet=quiet)
        return told(found, here, as_json=as_json)
