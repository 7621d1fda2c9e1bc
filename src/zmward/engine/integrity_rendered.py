"""Lays what zmconfigd renders beside its templates, in a root that nothing runs in."""

import os
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from zmward.catalog.installation import Class, Z, place_of
from zmward.doors.hunted import MOST
from zmward.doors.tree import enter
from zmward.engine.integrity import Place
from zmward.handmade.losses import TEMPLATES, Host, Text, foreign, pairs
from zmward.handmade.program import below, parse
from zmward.integrity.node import Node

_PROGRAM: Final = f"{Z}/conf/zmconfigd.cf"
# Where the site puts a template of nginx that it wants in place of the package's.
_CUSTOM: Final = "conf/nginx/templates_custom"
_SUFFIX: Final = ".template"


def _names(place: Place) -> tuple[str, ...]:
    try:
        folder = enter(place.opened, f"{Z}/{TEMPLATES}")
    except OSError:
        return ()
    try:
        with os.scandir(folder) as entries:
            names = sorted(one.name for one in entries)
    except OSError:
        return ()
    finally:
        os.close(folder)
    return tuple(one for one in names if one.endswith(_SUFFIX) and below(one))


def _wanted(place: Place, paths: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield the templates of rendered files among some paths, below Zimbra's home."""
    program = place.text(_PROGRAM)
    if program is None:
        return
    names = _names(place)
    for section in parse(program).values():
        for template, output in pairs(section, names):
            if f"{Z}/{output}" in paths:
                yield template, output


def _source(place: Place, template: str) -> str | None:
    own = template.replace(TEMPLATES, _CUSTOM)
    custom = place.text(f"{Z}/{own}") if own != template else None
    return place.text(f"{Z}/{template}") if custom is None else custom


def unmade(place: Place, nodes: Collection[Node]) -> Mapping[str, tuple[str, ...]]:
    """Return what of rendered files no values make of their templates, by path.

    Values are not known here, so that any would do; a file of which nothing is said
    may still be another than the directory's values make.
    """
    paths = {
        node.path
        for node in nodes
        if node.sort == "file"
        and node.size <= MOST
        and place_of(node.path).kind is Class.GENERATED
    }
    found: dict[str, tuple[str, ...]] = {}
    for template, output in _wanted(place, paths) if paths else ():
        texts = {
            output: Text(place.text(f"{Z}/{output}")),
            template: Text(_source(place, template)),
        }
        lines = foreign(template, output, Host(texts))
        if lines:
            found[f"{Z}/{output}"] = lines
    return found
