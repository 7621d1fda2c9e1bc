"""What the verbs of `zmward integrity` share: a root, a profile, keys, a passphrase."""

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from zmward.cli.main import own_version
from zmward.cli.options import given, language, profile, write
from zmward.cli.options import time as given_time
from zmward.cli.screen import screen
from zmward.engine.examiners import gentle
from zmward.engine.integrity import Place
from zmward.engine.integrity_keys import (
    Signer,
    create,
    load,
    passphrase_of,
    pinned,
    told_by,
)
from zmward.engine.integrity_state import exists, folder
from zmward.engine.integrity_work import Wish
from zmward.errors import Usage
from zmward.profile import Profile
from zmward.reports.integrity_json import IntegrityShown, render
from zmward.reports.integrity_text import render as as_text
from zmward.reports.plain import in_json

F = TypeVar("F", bound=Callable[..., Any])
_NUMBER = re.compile(r"\d+(?::[0-9A-Fa-f]*)?")
FORMATS = ("text", "json", "html")
SHARED = ("profile", "now", "lang", "quiet", "no_color")

_OPTIONS = {
    "root": click.option(
        "--root", metavar="DIR", default="/", help="A mounted image instead of `/`."
    ),
    "hurry": click.option(
        "--hurry", is_flag=True, help="Do not let other programs go first."
    ),
    "keys": click.option(
        "--public-key",
        "keys",
        multiple=True,
        metavar="KEY",
        help="Believe this key: base64, or a PEM file.",
    ),
    "expect": click.option(
        "--expect",
        metavar="NUMBER[:DIGEST]|FILE",
        default="",
        help="Refuse a baseline older than this one, or than FILE tells: KEY.newest, "
        "or lines of your log server.",
    ),
    "key": click.option(
        "--key", metavar="FILE", help="The private key that signs, in PEM."
    ),
    "passphrase": click.option(
        "--passphrase-file",
        "phrase",
        metavar="FILE",
        help="The passphrase, in a file of mode 0600; else it is asked for.",
    ),
}


def own(*names: str) -> Callable[[F], F]:
    """Give a verb some of the options that those of integrity share."""

    def decorate(function: F) -> F:
        for name in reversed(names):
            function = _OPTIONS[name](function)
        return function

    return decorate


class Asked:
    """The options of one run, read."""

    def __init__(self, ctx: click.Context, shared: Mapping[str, Any]) -> None:
        if given(ctx, "host"):
            raise Usage(
                "`zmward integrity` reads this machine's own files: run it on the host "
                "itself, or mount its disk and give --root DIR."
            )
        options = {name: given(ctx, name, shared.get(name)) for name in SHARED}
        language(options["lang"])
        self.site: Profile = profile(options["profile"])
        self.now = given_time(options["now"]) or datetime.now(UTC)
        self.color = not options["no_color"]
        self.quiet = bool(options["quiet"])
        self.root: str = shared["root"]
        self._hurry = bool(shared.get("hurry"))
        self._given: tuple[str, ...] = tuple(shared.get("keys", ()))
        self._expect: str = shared.get("expect", "")

    def wish(self, signer: Signer | None = None) -> Wish:
        """Return whose word counts; a first baseline is believed by its own key."""
        keys = self.site.integrity.keys
        if signer is not None and not self._given and not keys:
            believed: tuple[str, ...] = (signer.public,)
        else:
            believed = pinned(keys, self._given)
        told = None
        if self._expect and not _NUMBER.fullmatch(self._expect):
            told = told_by(Path(self._expect))
        number = "" if told is not None else self._expect
        return Wish(self.now, own_version(), believed, number, told)

    @contextmanager
    def place(self) -> Iterator[Place]:
        """Give the root, and let everybody else on this machine go first."""
        if not self._hurry:
            gentle()
        found = Place(self.root)
        try:
            if not exists(self.root):
                found.require_zimbra()
            yield found
        finally:
            found.close()

    def warn(self, text: str) -> None:
        """Say what went wrong beside the verb's own work; nothing for an empty text."""
        if text:
            click.echo(text, err=True)

    def say(
        self,
        shown: IntegrityShown,
        *,
        as_json: bool,
        everything: bool,
        output: str | None = None,
    ) -> None:
        """Write what was found, as text or as JSON."""
        if as_json:
            write(in_json(render(shown)), output)
            return
        terminal = screen(color=self.color and output is None)
        text = as_text(
            shown,
            width=terminal.width,
            color=terminal.color,
            encoding=terminal.encoding,
            everything=everything,
        )
        write(text, output)


def _phrase(file: str | None, *, twice: bool) -> bytes:
    if file is not None:
        return passphrase_of(Path(file))
    if not sys.stdin.isatty():
        raise Usage(
            "The key has a passphrase, and there is no terminal to ask for it: give "
            "--passphrase-file FILE."
        )
    asked: str = click.prompt(
        "passphrase of the key", hide_input=True, confirmation_prompt=twice, err=True
    )
    return asked.encode()


def signer(root: str, key: str | None, new: str | None, phrase: str | None) -> Signer:
    """Return the private key that is named, or a new one."""
    if (key is None) == (new is None):
        raise Usage("A baseline is signed: give --key FILE, or --new-key FILE.")
    if new is not None:
        return create(Path(new), _phrase(phrase, twice=True))
    return load(Path(str(key)), lambda: _phrase(phrase, twice=False), folder(root))
