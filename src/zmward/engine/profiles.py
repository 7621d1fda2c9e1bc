"""Reads the site's profile: TOML, strict, with the line of what is wrong."""

import difflib
import os
import re
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from zmward.errors import BadFile
from zmward.profile import Profile

_WRITABLE = stat.S_IWGRP | stat.S_IWOTH


def root() -> Path:
    """Return where the site keeps its profile; ZMWARD_ETC moves it, for tests."""
    return Path(os.environ.get("ZMWARD_ETC", "/etc/zmward"))


def _line(text: str, word: str) -> int:
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(rf"\s*(\[+\s*)?[\"']?([\w.-]+\.)?{re.escape(word)}\b", line):
            return number
    return 0


def _known() -> tuple[str, ...]:
    names: list[str] = []
    schema = msgspec.json.schema(Profile)
    for definition in schema["$defs"].values():
        names += definition.get("properties", {})
    return tuple(names)


def _explained(error: msgspec.ValidationError, text: str) -> str:
    said = str(error)
    match = re.search(r"unknown field `([^`]+)`", said)
    if match is None:
        place = re.search(r"at `\$\.?([^`]*)`", said)
        word = place[1].rpartition(".")[2].partition("[")[0] if place else ""
        line = _line(text, word) if word else 0
        return f"line {line}: {said}" if line else said
    word = match[1]
    near = difflib.get_close_matches(word, _known(), 1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"line {_line(text, word)}: unknown key {word!r}{hint}"


def parse(text: str, name: str) -> Mapping[str, Any]:
    """Return the tables of one file."""
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadFile(f"{name}: {error}.") from error


def convert(tables: Mapping[str, Any], text: str, name: str) -> Profile:
    """Return the profile that the tables describe."""
    try:
        return msgspec.convert(tables, Profile)
    except (msgspec.ValidationError, ValueError) as error:
        if isinstance(error, msgspec.ValidationError):
            said = _explained(error, text)
            end = "" if said.endswith("?") else "."
            raise BadFile(f"{name}: {said}{end}") from error
        raise BadFile(f"{name}: {error}.") from error


def load(path: Path) -> Profile:
    """Read one file."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(f"The profile {path} cannot be read: {error}.") from error
    return convert(parse(text, str(path)), text, str(path))


def _joined(one: Mapping[str, Any], two: Mapping[str, Any]) -> dict[str, Any]:
    joined = dict(one)
    for key, value in two.items():
        old = joined.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            joined[key] = _joined(old, value)
        elif isinstance(old, list) and isinstance(value, list):
            joined[key] = [*old, *value]
        else:
            joined[key] = value
    return joined


def _ours(path: Path) -> None:
    """Refuse a file that somebody else could have written: it can waive failures."""
    try:
        found = path.stat()
    except OSError as error:
        raise BadFile(f"The profile {path} cannot be read: {error}.") from error
    if found.st_uid not in (0, os.geteuid()) or found.st_mode & _WRITABLE:
        raise BadFile(
            f"The profile {path} can be changed by others: make root its owner and "
            f"take their right to write (chmod go-w {path})."
        )


def site() -> Profile:
    """Read /etc/zmward/profile.toml and profile.d/*.toml, where they are."""
    base = root()
    tables: dict[str, Any] = {}
    texts = ""
    paths = (base / "profile.toml", *sorted((base / "profile.d").glob("*.toml")))
    for path in paths:
        if not path.exists():
            continue
        for place in (path, path.parent):
            _ours(place)
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadFile(f"The profile {path} cannot be read: {error}.") from error
        own = parse(text, str(path))
        convert(own, text, str(path))
        tables = _joined(tables, own)
        texts += text
    return convert(tables, texts, str(base))
