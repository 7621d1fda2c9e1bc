"""`zmward verify`: audits the controls of a run again."""

import click

from zmward.cli.audit import exit_code
from zmward.cli.options import common, given, profile
from zmward.cli.place import Place, place
from zmward.cli.repairing import tell
from zmward.engine.history import past
from zmward.engine.run_plan import plan_of
from zmward.engine.state import Run, known
from zmward.engine.verify import Proof
from zmward.errors import Usage
from zmward.i18n import Speaker
from zmward.profile import Profile
from zmward.reports.plain import in_json
from zmward.reports.run_json import render as as_document
from zmward.reports.run_words import Judged, RunReport, verified
from zmward.scan.seen import Seen


def _looks(host: str, site: Profile) -> tuple[Seen, ...]:
    from zmward.cli.looking import look_at

    return look_at(host, site)


def _report(here: Place, run: Run, proof: Proof) -> RunReport:
    rows = proof.report.findings
    return RunReport(
        verb="verify",
        run=run.id,
        host=here.name,
        sample=here.sample is not None,
        state=past(here.door, run).state,
        controls=tuple(Judged(f.control, f.status.value, f.reason) for f in rows),
        failing=proof.failing,
        unknown=proof.unknown,
    )


@click.command("verify", help="Audit the controls that a run was meant to repair.")
@common("host", "profile")
@click.argument("run", metavar="RUN")
@click.option("--demo", "sample", is_flag=True, help="On the sample server.")
@click.option("--scan", "outside", is_flag=True, help="Look from outside as well.")
@click.option("--json", "as_json", is_flag=True, help="The result as zmward.run/1.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    run: str,
    sample: bool,
    outside: bool,
    as_json: bool,
    **shared: object,
) -> int:
    """Print how each control of the run stands now."""
    options = {name: given(ctx, name, value) for name, value in shared.items()}
    wanted, site_profile = known(run), profile(options["profile"])
    if outside and sample:
        raise Usage("--scan looks at a real host: the sample server has no ports.")
    with place(options["host"], sample=sample) as here:
        plan = plan_of(here.door, wanted)
        looks = _looks(plan.host.name, site_profile) if outside else ()
        proof = here.prove(plan, site_profile, looks=looks)
        report = _report(here, wanted, proof)
    if as_json:
        tell(in_json(as_document(report)), end="")
    else:
        for line in verified(report, Speaker()):
            tell(line)
    return 3 if report.unknown else exit_code(proof.report)
