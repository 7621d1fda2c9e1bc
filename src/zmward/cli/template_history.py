"""What the site's own baseline and history of the configuration tell of templates."""

from collections.abc import Iterable
from contextlib import closing
from datetime import datetime

from zmward.cli.config_place import store
from zmward.cli.main import own_version
from zmward.cli.patches_place import Judged
from zmward.configuration.overwritten import Record
from zmward.configuration.templates import Kept, differing, since, since_record
from zmward.engine.changed_templates import Known
from zmward.engine.configuration_store import Commit, Store
from zmward.errors import ZmwardError
from zmward.finding import moment
from zmward.i18n import Said, fill, mark

_ELSEWHERE = mark("the baseline lies on the host itself: run this there")
_NONE = mark("this machine has no baseline")
_YOUNGER = mark(
    "baseline {number} of {when} was made after the evidence of before: what the "
    "upgrade changed is in it already"
)


def record(place: Judged, root: str = "/") -> Record:
    """Return what the baseline of this very machine tells, or why none counts."""
    from zmward.engine.integrity import Place
    from zmward.engine.integrity_keys import pinned
    from zmward.engine.integrity_state import exists
    from zmward.engine.integrity_work import Wish
    from zmward.engine.recorded_files import recorded_files

    if not place.live or place.host:
        return Record(why=_ELSEWHERE)
    try:
        if not exists(root):
            return Record(why=_NONE)
        wish = Wish(place.now, own_version(), pinned(place.profile.integrity.keys, ()))
        with closing(Place(root)) as looked:
            return recorded_files(looked, wish)
    except (ZmwardError, PermissionError) as error:
        return Record(why=str(error))


def older_than(found: Record, when: datetime) -> Record:
    """Return a baseline that was made before a time; else one that does not count."""
    if found.why or moment(found.when) <= when:
        return found
    return Record(why=fill(_YOUNGER, number=found.number, when=found.when).by())


def _upto(rows: Iterable[Commit], when: str) -> Commit | None:
    """Return the newest snapshot up to a time; `rows` are newest first."""
    until = moment(when).timestamp()
    return next((one for one in rows if one.when <= until), None)


def _kept(kept: Store, one: Commit) -> Kept:
    return Kept(one.time, kept.files(one.id))


def _known(kept: Store, rows: tuple[Commit, ...], host: str, found: Record) -> Known:
    """Return what the snapshots tell between the oldest of `rows` and the newest."""
    at = _upto(rows, found.when) if found.when else None
    ends = [_kept(kept, one) for one in dict.fromkeys((rows[-1], at or rows[-1]))]
    first, last = ends[0], _kept(kept, rows[0])

    def told(path: str) -> Said | None:
        exact = since_record(reversed(ends), last, host, path, found)
        return exact or since(first, last, host, path)

    changed = differing(first, last, host)
    return Known(told, changed, f"{first.when} … {last.when}")


def template_history(host: str, found: Record) -> Known:
    """Return what the site's own history tells of a host's templates."""
    try:
        kept = store(None)
        rows = kept.log() if kept.exists else ()
        return _known(kept, rows, host, found) if rows else Known()
    except ZmwardError:
        # A history that cannot be read tells nothing; readiness does not need it.
        return Known()


def history_since(host: str, found: Record, when: str) -> Known:
    """Return what changed in a host's templates since the last snapshot up to a time.

    Empty, without a span, where no snapshot is that old, or none is younger.
    """
    try:
        kept = store(None)
        rows = kept.log() if kept.exists else ()
        begin = _upto(rows, when)
        if begin is None or begin == rows[0]:
            return Known()
        return _known(kept, rows[: rows.index(begin) + 1], host, found)
    except ZmwardError:
        return Known()
