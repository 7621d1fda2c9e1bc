"""What a plan's rendering would take away on the host: looked for, accepted, kept."""

import shlex
from collections.abc import Iterable, Mapping

import msgspec

from zmward.catalog.triggers import rendered_with
from zmward.change import Change
from zmward.doors.local_settings import own_values, read_settings
from zmward.engine.journal import Entry, Journal, noted
from zmward.engine.read_texts import read_texts
from zmward.engine.services import here, host_of, other_nodes
from zmward.engine.site import Site
from zmward.engine.state import Run, keep
from zmward.errors import Fault, Refused
from zmward.handmade.known import Known, named
from zmward.handmade.losses import (
    HOME,
    MAIN,
    TEMPLATES,
    Host,
    Loss,
    Text,
    losses,
    pairs,
    wanted,
)
from zmward.handmade.parameters import coming
from zmward.handmade.program import Section, below, parse
from zmward.plan import Plan
from zmward.reports.plain import plain

_CONTROL = "/opt/zimbra/bin/zmconfigdctl"
_PROGRAM = "conf/zmconfigd.cf"
_MOST_FILES = 300
_SHOWN = 60


class Found(msgspec.Struct, frozen=True):
    """What would be lost, the texts that tell, and what Postfix will be told anew."""

    losses: tuple[Loss, ...] = ()
    host: Host = Host({})
    parameters: Mapping[str, str] = {}


def _known(site: Site, host: str, texts: Iterable[str]) -> Known:
    names = named(texts)
    own = f"server:{host}"
    found = site.directory.read_many({"global": names, own: names})
    values = {n: found[own].get(n) or found["global"].get(n) or () for n in names}
    return Known(values, own_values(read_settings(site.door)))


def rendered_here(plan: Plan) -> tuple[str, ...]:
    """Return every section that the plan makes zmconfigd render on its host."""
    steps = [step for step in plan.steps if here(plan, step)]
    sections = [name for step in steps for name in step.renders]
    services = [s for step in steps for s in (*step.restarted, *step.restarts)]
    return rendered_with(sections, services)


def _sections(
    site: Site, names: tuple[str, ...]
) -> tuple[tuple[Section, ...], tuple[str, ...], str]:
    """Return the sections that the host's own program has, and nginx's templates."""
    folder = f"{TEMPLATES}/"
    first = read_texts(site.door, (_PROGRAM, folder))
    program = first.get(_PROGRAM, Text())
    if program.text is None:
        why = program.why or "it is not there"
        raise Fault("zmconfigd", f"its program cannot be read: {why}", _PROGRAM)
    listed = (first.get(folder, Text()).text or "").splitlines()
    templates = tuple(n for n in listed if n.endswith(".template") and below(n))
    known = parse(program.text)
    chosen = tuple(
        section
        for name, section in known.items()
        if name in names or ("all" in names and name != "dhparam")
    )
    return chosen, templates, program.text


def _elsewhere(site: Site, plan: Plan) -> tuple[Loss, ...]:
    """Return, for each other node that renders, that nobody has looked there."""
    nodes = other_nodes(plan)
    targets = {f"server:{node}": ("zimbraServiceEnabled",) for node in nodes}
    found = site.directory.read_many(targets) if targets else {}
    losses = []
    for node, names in nodes.items():
        enabled = found[f"server:{node}"].get("zimbraServiceEnabled") or ()
        there = Known({"zimbraServiceEnabled": enabled}, {})
        # No blank in the name, so that it is one word on the command line.
        named = "+".join(name for name in names if there.runs(name))
        if named:
            why = "its files were not looked at: run `zmward plan --host` for it"
            losses.append(Loss(f"{node}:{named}", why=why))
    return tuple(losses)


def awake(site: Site, plan: Plan) -> None:
    """Refuse where nobody would render what the plan changes."""
    if not rendered_here(plan):
        return
    done = site.door.run((_CONTROL, "status"), user="zimbra", seconds=60)
    if done.code:
        raise Refused(
            f"zmconfigd does not run on {host_of(plan)} ({done.said}), so that nothing "
            "would be rendered. Nothing was changed. Start it with `zmconfigdctl "
            "start`, which renders every section, and plan again."
        )


def look_for_losses(site: Site, plan: Plan) -> Found:
    """Return the hand-made lines that the plan's rendering would take away."""
    names = rendered_here(plan)
    elsewhere = _elsewhere(site, plan)
    if not names:
        return Found(elsewhere)
    site.talk(f"looking for hand-made lines in what zmconfigd renders: {words(names)}")
    try:
        sections, templates, program = _sections(site, names)
    except Fault as error:
        unseen = Loss(f"{HOME}/{_PROGRAM}", why=str(error))
        return Found((*elsewhere, unseen))
    paths = wanted(sections, templates)[:_MOST_FILES]
    texts = dict(read_texts(site.door, paths))
    host = Host(texts, templates)
    sources = [text.text for text in texts.values() if text.text]
    before = _known(site, host_of(plan), (program, *sources))
    changes: tuple[Change, ...] = tuple(step.change for step in plan.steps)
    after = before.after(changes, host_of(plan))
    lists = {path: text.text for path, text in texts.items()}
    lines = [line for section in sections for line in section.parameters]
    return Found(
        (*elsewhere, *losses(sections, host, before, after)),
        host,
        coming(lines, before, after, lists),
    )


def lost_in_all(site: Site, host: str) -> tuple[tuple[Loss, ...], tuple[str, ...]]:
    """Return what a rendering of everything would take away, as an upgrade does it.

    Beside it stand the files that were judged: all that zmconfigd is known to write.
    """
    sections, templates, program = _sections(site, ("all",))
    paths = wanted(sections, templates)[:_MOST_FILES]
    texts = dict(read_texts(site.door, paths))
    sources = [text.text for text in texts.values() if text.text]
    known = _known(site, host, (program, *sources))
    outputs = {out for one in sections for _, out in pairs(one, templates)}
    judged = tuple(f"{HOME}/{name}" for name in sorted({*outputs, MAIN}))
    return losses(sections, Host(texts, templates), known, known), judged


def words(names: Iterable[str]) -> str:
    """Return names in one line."""
    return ", ".join(names)


def told(found: Iterable[Loss]) -> str:
    """Return what would be lost, in lines for a person; nothing in them steers."""
    rows = []
    for loss in found:
        rows.append(plain(loss.name))
        if loss.why:
            rows.append(f"    could not be judged: {plain(loss.why)}")
        rows += [f"    {plain(line)}" for line in loss.lines[:_SHOWN]]
        if len(loss.lines) > _SHOWN:
            rows.append(f"    and {len(loss.lines) - _SHOWN} more")
    return "\n".join(rows)


def accepted(found: Found, names: Iterable[str]) -> None:
    """Refuse to go on unless each loss is accepted as it is now."""
    agreed = frozenset(names)
    left = [loss for loss in found.losses if loss.name not in agreed]
    if not left:
        return
    options = " ".join(f"--accept-loss {shlex.quote(loss.name)}" for loss in left)
    raise Refused(
        "zmconfigd would write these files anew, and what was set there by hand, or "
        "cannot be judged, would be lost. Nothing was changed.\n"
        f"{told(left)}\n"
        "Set it in the directory or in the template; or accept the loss, the old "
        f"files are then kept with the run:\n  {options}"
    )


def remember(site: Site, run: Run, journal: Journal, found: Found) -> tuple[str, ...]:
    """Keep the old files whose lines will be lost; return where each one lies."""
    kept = []
    try:
        for loss in found.losses:
            path = loss.path.removeprefix(f"{HOME}/")
            text = found.host.at(path).text
            if text is None:
                journal.write("loses", note=loss.name)
                continue
            name = keep(site.door, run, text.encode("utf-8", "surrogateescape"))
            journal.write("loses", note=f"{loss.path} {name}")
            kept.append(_kept(run, loss.path, name))
    except Fault as error:
        raise Refused(f"Nothing was changed: {error}") from error
    return tuple(kept)


def _kept(run: Run, path: str, name: str) -> str:
    return f"{path}, as it was, is kept as {run.stored(name)}"


def remind(site: Site, run: Run, entries: Iterable[Entry]) -> None:
    """Say where the hand-made lines lie: a rollback does not put them back."""
    for note in noted(entries, "loses"):
        path, space, name = note.rpartition(" ")
        if space:
            site.talk(f"not put back, zmconfigd renders it: {_kept(run, path, name)}")
