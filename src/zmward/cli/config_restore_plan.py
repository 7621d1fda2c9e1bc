"""`zmward config restore-plan A`: a plan that brings a snapshot's settings back."""

from typing import Any

import click

from zmward.cli.config_place import opened, seal, seen
from zmward.cli.options import common, given, language, profile, time
from zmward.cli.plan import audited, machine, show
from zmward.configuration.restore import restored
from zmward.configuration.snapshot import snapshot
from zmward.controls.registry import controls
from zmward.engine.catalog import active
from zmward.engine.restoring import restore_plan
from zmward.facts import Facts
from zmward.finding import moment
from zmward.plan import Plan
from zmward.waivers import validate

_OPTIONS = ("host", "profile", "now", "lang", "quiet", "no_color")


def _planned(was: str, options: dict[str, Any]) -> Plan:
    import msgspec

    store = opened(options["repository"])
    commit = store.resolve(was)
    when = next((one.time for one in store.log() if one.id == commit), commit)
    secret = seal(store, options["key_path"])
    evidence = seen(options, lambda: secret, plan=True)
    site = profile(options["profile"])
    now = time(options["now"]) or moment(evidence.when)
    validate(site, controls(), now)
    facts = Facts(evidence, site, now, active(site.patches))
    report = audited(evidence, site, facts)
    host = report.hosts_seen[0] if report.hosts_seen else report.host
    report = msgspec.structs.replace(report, machine=machine(facts, host))
    found = restored(store.files(commit), snapshot(evidence, secret), host)
    return restore_plan(found, report, facts, when, alone=options["alone"])


@click.command("restore-plan", help="Plan the way back to a snapshot; change nothing.")
@common(*_OPTIONS)
@click.argument("was", metavar="A")
@click.option("--demo", "sample", is_flag=True, help="Of the sample server.")
@click.option("--evidence", "paths", multiple=True, metavar="FILE", help="Recorded.")
@click.option("--repository", metavar="DIR", help="Where the history lies.")
@click.option("--key", "key_path", metavar="FILE", help="The fingerprints' key.")
@click.option(
    "--only-this-node-seen",
    "alone",
    is_flag=True,
    help="Change what other nodes share, though they were not seen.",
)
@click.option("--all", "everything", is_flag=True, help="Fold nothing (text).")
@click.option("--json", "as_json", is_flag=True, help="As zmward.plan/1.")
@click.option("--output", metavar="FILE", help="Write the plan there, mode 0600.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    was: str,
    as_json: bool,
    everything: bool,
    output: str | None,
    **shared: Any,
) -> int:
    """Print the plan, or write it as the file that apply takes."""
    options = {**shared, **{n: given(ctx, n, shared[n]) for n in _OPTIONS}}
    language(options["lang"])
    found = _planned(was, options)
    asked = not (options["paths"] or options["sample"])
    show(found, options, output, as_json=as_json, everything=everything, asked=asked)
    return 0
