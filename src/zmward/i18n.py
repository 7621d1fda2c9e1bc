"""The one function through which all text for people passes."""

import gettext
from functools import cache
from importlib.resources import files

LANGUAGES = ("en",)


def mark(text: str) -> str:
    """Mark a text for the catalogs where it is defined, and return it unchanged."""
    return text


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
