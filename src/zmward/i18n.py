"""The one function through which all text for people passes."""

import gettext
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Union

import msgspec

LANGUAGES = ("en",)


def mark(text: str) -> str:
    """Mark a text for the catalogs where it is defined, and return it unchanged."""
    return text


Field = Union[str, int, "Said", tuple["Said", ...]]


class Said(msgspec.Struct, frozen=True):
    """A marked text with what fills its fields, put together where it is shown.

    A field is data, which no catalog translates, or texts that are said too.
    """

    form: str
    fields: Mapping[str, Field] = {}

    def by(self, say: Callable[[str], str] = mark) -> str:
        """Return the whole text as a speaker says it; in English without one."""
        form = say(self.form)
        if not self.fields:  # what was never a form may hold braces
            return form
        return form.format(
            **{name: _filled(one, say) for name, one in self.fields.items()}
        )


def _filled(field: Field, say: Callable[[str], str]) -> str:
    if isinstance(field, Said):
        return field.by(say)
    if isinstance(field, tuple):
        return "; ".join(one.by(say) for one in field)
    return str(field)


def fill(form: str, **fields: Field) -> Said:
    """Return a marked text with its fields."""
    return Said(form, fields)


def as_is(text: str) -> Said:
    """Return what is data as a text to say: no catalog translates it."""
    return Said("{text}", {"text": text})


def spoken(said: Said | str, say: Callable[[str], str] = mark) -> str:
    """Return a text as a speaker says it; in English without one."""
    return said.by(say) if isinstance(said, Said) else say(said)


@cache
def _catalog(language: str) -> gettext.NullTranslations:
    directory = str(files("zmward") / "locale")
    return gettext.translation("zmward", directory, [language], fallback=True)


class Speaker:
    """Translates marked texts into one language."""

    def __init__(self, language: str = "en") -> None:
        self.language = language

    def __call__(self, text: str) -> str:
        """Return the text in this speaker's language."""
        if self.language == "en" or not text:
            return text
        return _catalog(self.language).gettext(text)

    def number(self, one: str, many: str, count: int) -> str:
        """Return the text for a number of things, with `{count}` filled in."""
        if self.language == "en":
            text = one if count == 1 else many
        else:
            text = _catalog(self.language).ngettext(one, many, count)
        return text.format(count=count)
