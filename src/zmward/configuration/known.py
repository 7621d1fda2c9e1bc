"""The fingerprints that a host made of its own secrets, as its answer tells them.

A line each: `D` with the DN, the attribute and the fingerprint, `L` with a key of
localconfig, `T` with the path of a text, parted by tabs.
"""

import re
from collections.abc import Mapping

import msgspec

from zmward.configuration.asked import FINGERPRINTS
from zmward.configuration.written import Value
from zmward.evidence import Answer, Evidence
from zmward.sources.ldif import decoded

_HEX = re.compile(r"[0-9a-f]{32}")
_FIELDS = {"D": 4, "L": 3, "T": 3}


class Known(msgspec.Struct, frozen=True):
    """Fingerprints by (DN, lower-case attribute), by localconfig key, by path."""

    directory: Mapping[tuple[str, str], tuple[str, ...]] = {}
    keys: Mapping[str, str] = {}
    texts: Mapping[str, str] = {}

    def attribute(self, dn: str, name: str) -> tuple[Value, ...]:
        """Return what stands for an attribute's secret values; () where not known."""
        found = self.directory.get((dn.lower(), name.lower()), ())
        return tuple(Value(one, secret=True) for one in found)


def parse(text: str) -> Known:
    """Read the answer; a line that is none of ours is left out."""
    directory: dict[tuple[str, str], list[str]] = {}
    keys: dict[str, str] = {}
    texts: dict[str, str] = {}
    for line in text.splitlines():
        kind, *words = line.split("\t")
        if len(words) + 1 != _FIELDS.get(kind) or not _HEX.fullmatch(words[-1]):
            continue
        if kind == "D":
            dn = (
                decoded(words[0][2:].strip()) if words[0].startswith(": ") else words[0]
            )
            directory.setdefault((dn.lower(), words[1].lower()), []).append(words[2])
        else:
            (keys if kind == "L" else texts)[words[0]] = words[1]
    return Known({k: tuple(sorted(v)) for k, v in directory.items()}, keys, texts)


def known(evidence: Evidence, host: str) -> Known:
    """Return the fingerprints that were made on a host, or for the directory."""
    answer = evidence.answer(host, FINGERPRINTS)
    return parse(answer.text) if isinstance(answer, Answer) else Known()
