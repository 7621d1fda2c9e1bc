"""Holds templates and generated files against the newest baseline of this machine."""

from collections.abc import Iterator, Mapping

from zmward.configuration.overwritten import Moved, Now, Record, written
from zmward.engine.integrity import Place
from zmward.engine.integrity_work import Wish, recorded
from zmward.errors import ZmwardError
from zmward.integrity.names import named
from zmward.integrity.node import Node
from zmward.integrity.shipped import Database


def _now(place: Place, path: str, owners: Database) -> Now | None:
    """Return what became of a file that has no digest now; None if nobody can say."""
    node, why = place.look(named(path), owners)
    if node is None:
        return None if why else "gone"
    return None if node.sort == "file" else "other"


def _moved(
    place: Place, was: Mapping[str, Node], now: Mapping[str, str], owners: Database
) -> Iterator[tuple[str, Now | None]]:
    other = [path for path in was if path in now and now[path] != was[path].digest]
    shipped = place.agreeing(other, owners)
    yield from ((path, "shipped" if path in shipped else "other") for path in other)
    yield from ((path, _now(place, path, owners)) for path in was if path not in now)


def recorded_files(place: Place, wish: Wish) -> Record:
    """Return what the newest baseline tells of files that an upgrade may write.

    It is proved first, as `integrity check` does; why it cannot count is in `why`.
    """
    try:
        manifest = recorded(place, wish)
    except ZmwardError as error:
        return Record(why=str(error))
    nodes = manifest.nodes().values()
    mine = [node for node in nodes if node.sort == "file" and written(node.path)]
    was = {node.path: node for node in mine if len(node.digest) == _SHA256}
    read = place.digests(was, "sha256")
    found = dict(_moved(place, was, read, place.database()))
    return Record(
        number=manifest.header.serial,
        when=manifest.header.when,
        looked={path: node.digest for path, node in was.items()},
        moved=tuple(Moved(path, now) for path, now in sorted(found.items()) if now),
        unread=tuple(
            sorted(
                {node.path for node in mine if node.path not in was}
                | {path for path, state in found.items() if state is None}
            )
        ),
    )


_SHA256 = 64
