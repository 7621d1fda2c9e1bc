"""Options that several verbs share, and what they mean."""

import os
import stat
import sys
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from zmward.doors.host import Door, Local, Remote
from zmward.errors import BadFile, Usage
from zmward.evidence import believed
from zmward.i18n import LANGUAGES
from zmward.profile import Profile

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = {
    "host": click.option("--host", metavar="USER@HOST", help="Ask it over ssh."),
    "profile": click.option("--profile", metavar="FILE", help="The site's profile."),
    "now": click.option("--now", metavar="DATE", help="Judge as if at this time."),
    "lang": click.option("--lang", metavar="LANG", help="Language of the texts."),
    "quiet": click.option("--quiet", is_flag=True, default=None, help="No talk."),
    "no_color": click.option(
        "--no-color", is_flag=True, default=None, help="No colours."
    ),
}


def common(*names: str) -> Callable[[F], F]:
    """Give a verb some of the options that also stand before the verb."""

    def decorate(function: F) -> F:
        for name in reversed(names):
            function = _OPTIONS[name](function)
        return function

    return decorate


def given(ctx: click.Context, name: str, value: Any = None) -> Any:
    """Return the option as given after the verb, else before it."""
    return value if value is not None else (ctx.obj or {}).get(name)


def door(host: str | None) -> Door:
    """Return the way to the host that is to be asked."""
    return Remote(host) if host else Local()


def time(now: str | None) -> datetime | None:
    """Return the time given with --now."""
    if now is None:
        return None
    try:
        believed(now, "--now")
        from zmward.finding import moment

        return moment(now)
    except (BadFile, ValueError) as error:
        raise Usage(
            f"--now {now!r} is no date: write 2026-11-21 or 2026-11-21T12:00:00+00:00."
        ) from error


def language(lang: str | None) -> str:
    """Return a language that this version speaks."""
    if lang is None or lang in LANGUAGES:
        return lang or "en"
    raise Usage(
        f"--lang {lang} has not landed in this version: it speaks "
        f"{', '.join(LANGUAGES)}."
    )


def profile(path: str | None) -> Profile:
    """Return the profile: the file given, the site's own, or an empty one."""
    from zmward.engine.profiles import load, site

    return load(Path(path)) if path else site()


def _replace(path: Path, text: str) -> None:
    """Put a whole new file in the place of whatever has that name."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    new = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def _stream(path: Path, text: str) -> None:
    """Write to a device or pipe, unless another user reads from it."""
    # What it has become meanwhile is neither made nor emptied.
    opened = os.open(path, os.O_WRONLY | os.O_NOCTTY | os.O_CLOEXEC)
    with os.fdopen(opened, "w", encoding="utf-8") as file:
        found = os.fstat(opened)
        if stat.S_ISREG(found.st_mode):
            raise Usage(f"{path} has become a file meanwhile: the report stays here.")
        if found.st_uid not in (0, os.getuid()):
            raise Usage(f"{path} belongs to another user: the report stays here.")
        file.write(text)


def write(text: str, output: str | None) -> None:
    """Write a result to a file that only its owner may read, or to stdout."""
    # The link itself is the system's: a file in its place would be everybody's.
    if output is None or output == "/dev/stdout":
        sys.stdout.write(text)
        return
    path = Path(output)
    try:
        kind = path.stat().st_mode if path.exists() else stat.S_IFREG
        if stat.S_ISDIR(kind):
            raise Usage(f"{output} cannot be written: it is a folder.")
        if stat.S_ISREG(kind):
            _replace(path, text)
        else:
            _stream(path, text)
    except OSError as error:
        raise Usage(f"{output} cannot be written: {error.strerror}.") from error
