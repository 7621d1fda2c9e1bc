"""Zimbra's localconfig.xml, read from the file, secrets masked."""

import re
from collections.abc import Mapping
from xml.etree.ElementTree import ParseError

import msgspec
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from zmward.catalog.localconfig import keys
from zmward.sources.source import Snippet, Source, Unreadable

_REFERENCE = re.compile(r"\$\{([^}]*)\}")
_DEEPEST = 10


class Localconfig(msgspec.Struct, frozen=True):
    """The keys that the file sets; every other key has its compiled default."""

    own: Mapping[str, str]

    def raw(self, key: str) -> str | None:
        """Return the value in force, references unexpanded; None where unknown."""
        if key in self.own:
            return self.own[key]
        row = keys().get(key)
        return None if row is None else row.default

    def value(self, key: str) -> str | None:
        """Return the value in force; None where neither file nor code sets one."""
        return self._expanded(self.raw(key), _DEEPEST)

    def _expanded(self, value: str | None, depth: int) -> str | None:
        if value is None or not depth:
            return value
        return _REFERENCE.sub(
            lambda match: self._expanded(self.raw(match[1]), depth - 1) or "", value
        )


def parse(answer: str) -> Localconfig:
    """Read the XML; entities, broken files and foreign roots are Unreadable."""
    try:
        root = fromstring(answer.strip().encode(), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise Unreadable(f"localconfig.xml cannot be read: {error}") from error
    if root.tag != "localconfig":
        raise Unreadable(f"localconfig.xml has the root <{root.tag}>")
    own = {}
    for key in root.iter("key"):
        value = key.find("value")
        text = "" if value is None else "".join(value.itertext())
        own[key.get("name", "")] = text.strip()
    return Localconfig(own)


LOCALCONFIG = Source(
    name="localconfig",
    about="Zimbra's local configuration; secrets are masked.",
    question=Snippet("localconfig_masked"),
    parse=parse,
)
