"""Values of the directory that are still those of an older line's installation."""

from collections.abc import Iterator

from zmward.catalog.attributes import attributes
from zmward.catalog.former_defaults import FORMER, Former
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.i18n import Said, fill, mark
from zmward.patches.readiness import Ready
from zmward.sources.directory import Entry

SUBJECT = mark("old defaults")
_STEP = mark("an upgrade keeps them: zmward audit judges each, zmward plan changes it")


def _today(row: Former) -> str:
    defaults = attributes()[row.attribute].defaults
    values = defaults.cos if row.kind == "cos" else defaults.global_config
    return " ".join(values)


def _held(entry: Entry, row: Former) -> Iterator[Said]:
    if frozenset(entry.own(row.attribute)) == row.values:
        yield fill(
            mark("{object} {attribute} = {values} as before {until}, today {today}"),
            object=entry.label,
            attribute=row.attribute,
            values=" ".join(sorted(row.values)),
            until=row.until,
            today=_today(row),
        )


def kept(facts: Facts) -> Iterator[Ready]:
    """Yield the values that an upgrade would keep below today's defaults."""
    try:
        objects = {"globalConfig": (facts.config(),), "cos": facts.coses()}
    except Unseen as signal:
        yield Ready(SUBJECT, "unknown", signal.missing.reason)
        return
    found = tuple(
        text
        for row in FORMER
        for entry in objects[row.kind]
        for text in _held(entry, row)
    )
    if found:
        yield Ready(SUBJECT, "bad", fill("{values}", values=found), _STEP)
    else:
        yield Ready(SUBJECT, "well", mark("no value is known to be an older default"))
