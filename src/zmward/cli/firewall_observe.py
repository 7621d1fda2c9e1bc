"""`zmward firewall observe`: counts, without dropping, what the policy would drop."""

import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import msgspec

from zmward.cli.firewall_place import with_others
from zmward.cli.main import own_version
from zmward.cli.options import common, given, profile, write
from zmward.cli.place import Place, place
from zmward.cli.repairing import say, tell, working
from zmward.engine.collect import collect
from zmward.engine.observe import Heard, observe
from zmward.engine.operator import operators
from zmward.engine.site import Site
from zmward.errors import Interrupted, NotUndone, Usage, ZmwardError
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.finding import moment
from zmward.firewall.known import Known, heard, known, later
from zmward.firewall.observed import Circumstances, Observed, Wanted, document, observed
from zmward.firewall.policy import policy
from zmward.firewall.render_observe import beginning, observing
from zmward.firewall.unsettled import open_callers, unsettled
from zmward.profile import Profile
from zmward.reports.observed import text as in_words
from zmward.reports.plain import in_json
from zmward.sources.established import ESTABLISHED, Connection
from zmward.sources.identity import IDENTITY
from zmward.sources.listeners import LISTENERS, Listener

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_DURATION = re.compile(r"([1-9][0-9]{0,5})([smhd])")
# A month: longer counts more noise than it learns.
_LONGEST = 31 * 86_400
_STOPPING = "listening ends; what was seen so far is reported"
_FINDINGS, _INCOMPLETE = 1, 3


class _Found(msgspec.Struct, frozen=True):
    """What the host showed before anything was counted."""

    known: Known
    before: tuple[Connection, ...]


def duration(text: str) -> int:
    """Return a duration in seconds."""
    found = _DURATION.fullmatch(text)
    seconds = int(found[1]) * _SECONDS[found[2]] if found else 0
    if not 0 < seconds <= _LONGEST:
        raise Usage(f"--for {text!r}: write 30s, 10m, 2h or 1d, at most 31d.")
    return seconds


def _look(site: Site, own: Profile, paths: tuple[str, ...]) -> _Found:
    """Make the policy from what the host is now; refuse what is no mail server."""

    def shown(done: int, total: int, about: str) -> None:
        if sys.stderr.isatty():
            site.step(done, total, f"looking: {about}")

    evidence, host = with_others(site.door, paths, shown)
    facts = Facts(evidence, own, moment(evidence.when))
    made = policy(facts, host, operators(site.door))
    try:
        before = facts.read(ESTABLISHED, host)
    except Unseen:
        before = ()
    return _Found(known(facts, host, made), before)


def _observed(
    site: Site, own: Profile, seconds: int, paths: tuple[str, ...]
) -> tuple[Observed, Known, Heard]:
    found = _look(site, own, paths)
    if site.stop():
        raise Interrupted("Stopped before anything was loaded.")
    made = found.known.policy
    counting = observing(made, heard(found.known), seconds)
    began = datetime.now(UTC).isoformat(timespec="seconds")
    told = observe(site, beginning(), counting, seconds)
    how = Circumstances(began, told.seconds, seconds, told.ended, own_version())
    seen = later(found.known, _sockets(site))
    return observed(told.counted, seen, found.before, how), seen, told


def _sockets(site: Site) -> tuple[Listener, ...]:
    """Return what listens now: after a day, that may be more than before."""
    try:
        found = collect(site.door, (IDENTITY, LISTENERS), own_version())
        (host,) = found.hosts
        return Facts(found, Profile(), moment(found.when)).read(LISTENERS, host)
    except (Unseen, ZmwardError) as error:
        site.talk(f"what listens now is not known: {error}")
        return ()


def _writable(output: str | None) -> None:
    """Refuse a file now that could not be written after all the waiting."""
    if output is None:
        return
    folder = Path(output).absolute().parent
    if not folder.is_dir():
        raise Usage(f"{output} cannot be written: there is no folder {folder}.")
    if Path(output).is_dir():
        raise Usage(f"{output} cannot be written: it is a folder.")


def _told(found: Observed, shown: str, output: str | None, *, as_json: bool) -> None:
    """Keep and print the result: neither a full disk nor a closed window loses both."""
    whole = in_json(document(found))
    failed: Usage | None = None
    if output is not None:
        try:
            write(whole, output)
        except Usage as error:
            failed = error
    tell(whole if as_json else shown, end="")
    if failed is not None:
        raise failed


def _code(found: Observed, made: Known, own: Profile) -> int:
    """Return the exit code: what is not known outweighs what is undecided."""
    if found.untracked or {"told", "spoken"} & found.uncounted.keys():
        return _INCOMPLETE
    refusing = [p for p in unsettled(found, made.policy, own) if p.refuses]
    return _FINDINGS if refusing else 0


def _sparing(site: Site) -> None:
    """Let somebody without a terminal hear ten steps, not hundreds."""
    step, heard_of = site.step, [-1]

    def some(done: int, total: int, about: str) -> None:
        tenth = 10 * done // max(1, total)
        if tenth != heard_of[0]:
            heard_of[0] = tenth
            step(done, total, about)

    site.step = some


def _run(where: Place, own: Profile, seconds: int, options: dict[str, Any]) -> int:
    quiet = bool(options["quiet"])
    with working(where, "observing", quiet=quiet, stopping=_STOPPING) as site:
        if not sys.stderr.isatty():
            _sparing(site)
        found, made, told = _observed(site, own, seconds, options["paths"])

    def is_open(wanted: Wanted) -> tuple[str, ...]:
        return open_callers(wanted, made.policy, own)

    shown = in_words(found, is_open)
    _told(found, shown, options["output"], as_json=options["as_json"])
    if told.left:
        raise NotUndone(f"What counted is still on {where.name}: {told.left}.")
    if options["output"] and not quiet:
        say(f"wrote {options['output']}")
    return _code(found, made, own)


@click.command("observe", help="Count what the policy would drop; drop nothing.")
@common("host", "profile", "quiet")
@click.option(
    *("--for", "duration_text"),
    required=True,
    metavar="DURATION",
    help="So long: 30s, 10m, 2h, 1d. Ctrl-C ends it early.",
)
@click.option(
    "--evidence", "paths", multiple=True, metavar="FILE", help="Of the other nodes."
)
@click.option("--json", "as_json", is_flag=True, help="As zmward.observed/1.")
@click.option("--output", metavar="FILE", help="Keep the result there, as JSON.")
@click.option("--demo", is_flag=True, hidden=True)
@click.pass_context
def command(ctx: click.Context, /, *, duration_text: str, **options: Any) -> int:
    """Print who asked for what the policy closes, and the lines that decide."""
    seconds = duration(duration_text)
    if options["demo"]:
        raise Usage("--demo: no packets come to the sample server; observe a real one.")
    options["quiet"] = given(ctx, "quiet", options["quiet"])
    own = profile(given(ctx, "profile", options["profile"]))
    _writable(options["output"])
    with place(given(ctx, "host", options["host"]), sample=False) as where:
        return _run(where, own, seconds, options)
