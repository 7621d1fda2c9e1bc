"""Options that several verbs share, and what they mean."""

import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from zmward.doors.host import Door, Local, Remote
from zmward.errors import Usage
from zmward.finding import moment
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
        return moment(now)
    except ValueError as error:
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


def write(text: str, output: str | None) -> None:
    """Write a result to a file that only its owner may read, or to stdout."""
    if output is None:
        sys.stdout.write(text)
        return
    path = Path(output)
    try:
        path.touch(mode=0o600)
        path.write_text(text, "utf-8")
    except OSError as error:
        raise Usage(f"{output} cannot be written: {error.strerror}.") from error
