"""Proof that zmconfigd has rendered: each section wrote a file of its own anew."""

from collections.abc import Iterable, Mapping

from zmward.doors.host import Door
from zmward.engine.read_texts import read_texts
from zmward.handmade.known import Known
from zmward.handmade.losses import HOME
from zmward.handmade.program import parse

_PROGRAM = "conf/zmconfigd.cf"
_NGINX = "conf/nginx.conf"
# Inode and times: a file is renamed into place, or written where it lies.
_FORM = "%i %y %z %n"

Stamps = Mapping[str, str]


def outputs(
    door: Door, names: Iterable[str], enabled: tuple[str, ...]
) -> Mapping[str, tuple[str, ...]]:
    """Return the files that sections write on a host, of those that run there.

    Where the host's own program cannot be read, nothing is known of them.
    """
    text = read_texts(door, (_PROGRAM,)).get(_PROGRAM)
    if text is None or text.text is None or not enabled:
        return {}
    known = Known({"zimbraServiceEnabled": enabled}, {})
    sections = parse(text.text)
    found = {}
    for name in names:
        section = sections.get(name)
        if section is not None and known.runs(name):
            own = [one.output for one in section.rewrites]
            paths = (*own, *((_NGINX,) if section.proxy else ()))
            found[name] = tuple(f"{HOME}/{path}" for path in paths)
    return found


def stamps(door: Door, files: Mapping[str, tuple[str, ...]]) -> Stamps:
    """Return what tells whether a file was written anew; what is absent has none."""
    paths = tuple(dict.fromkeys(path for own in files.values() for path in own))
    if not paths:
        return {}
    # It ends with 1 where one of them is absent, and tells of the others.
    done = door.run(("stat", "-c", _FORM, "--", *paths))
    rows = done.out.decode("utf-8", "replace").splitlines()
    return {row.partition(" /")[2]: row for row in rows}


def stale(
    files: Mapping[str, tuple[str, ...]], before: Stamps, now: Stamps
) -> tuple[str, ...]:
    """Return the sections of which no file was written since, though one was there."""
    return tuple(
        name
        for name, paths in files.items()
        if any(path[1:] in before for path in paths)
        and all(before.get(path[1:]) == now.get(path[1:]) for path in paths)
    )
