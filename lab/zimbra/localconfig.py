"""Zimbra's localconfig: its file, its compiled defaults, its ${references}."""

import json
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

# Where the JVM property zimbra.config points on a real server.
PATH = Path(os.environ.get("ZIMBRA_CONFIG", "/opt/zimbra/conf/localconfig.xml"))
NODE_DEFAULTS = Path("/opt/zimbra/lab/localconfig-defaults.json")
SOURCE_DEFAULTS = (
    Path(__file__).resolve().parents[2] / "src/zmward/catalog/localconfig.json"
)

# Compiled defaults that other defaults refer to and the catalog does not hold.
_ALSO = {
    "mailboxd_java_heap_size": "512",
    "mailboxd_truststore": "/opt/zimbra/common/etc/java/cacerts",
    "networkaddress_cache_ttl": "60",
    "zimbra_java_home": "${zimbra_home}/common/lib/jvm/java",
    "zimbra_log_directory": "${zimbra_home}/log",
    "zimbra_tmp_directory": "${zimbra_home}/data/tmp",
}

_REFERENCE = re.compile(r"\$\{([^}]+)\}")
_DEEPEST = 20


@cache
def compiled_defaults() -> Mapping[str, str]:
    """Return the value of each declared key when no file mentions it."""
    path = NODE_DEFAULTS if NODE_DEFAULTS.is_file() else SOURCE_DEFAULTS
    rows: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    declared = {
        name: row["default"]
        for name, row in rows.items()
        if not name.startswith("_") and row.get("default") is not None
    }
    return {**_ALSO, **declared}


def parse(text: str) -> dict[str, str]:
    """Return the keys of a localconfig document; ParseError if it is none."""
    root = ET.fromstring(text)  # noqa: S314 - the server's own file
    return {
        key.get("name", ""): key.findtext("value") or "" for key in root.iter("key")
    }


def serialize(keys: Mapping[str, str]) -> str:
    """Return the document that holds these keys."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<localconfig>"]
    for name, value in keys.items():
        lines += [
            f"  <key name={quoteattr(name)}>",
            f"    <value>{escape(value)}</value>",
            "  </key>",
        ]
    return "\n".join([*lines, "</localconfig>", ""])


@dataclass(frozen=True)
class LocalConfig:
    """The keys that a file sets, over the compiled defaults."""

    own: Mapping[str, str]

    def raw(self, name: str) -> str | None:
        """Return the value as it is written, None for a key nobody declares."""
        return self.own.get(name, compiled_defaults().get(name))

    def get(self, name: str) -> str | None:
        """Return the value with its references expanded."""
        value = self.raw(name)
        return None if value is None else self.expand(value)

    def expand(self, value: str, depth: int = 0) -> str:
        """Return the text with each known ${key} replaced."""
        if depth > _DEEPEST:
            return value

        def replaced(found: re.Match[str]) -> str:
            inner = self.raw(found[1])
            return found[0] if inner is None else self.expand(inner, depth + 1)

        return _REFERENCE.sub(replaced, value)

    def names(self) -> list[str]:
        """Return every key that has a value, sorted."""
        return sorted({*compiled_defaults(), *self.own})

    def changed(self) -> list[str]:
        """Return the keys whose value is not the compiled default."""
        defaults = compiled_defaults()
        return sorted(k for k, v in self.own.items() if defaults.get(k) != v)


def load(path: Path = PATH) -> LocalConfig:
    """Return the configuration of a file; OSError or ParseError if it cannot."""
    return LocalConfig(parse(path.read_text(encoding="utf-8")))


def save(keys: Mapping[str, str], path: Path = PATH) -> None:
    """Replace the file: comments and order are lost, the mode comes from umask."""
    number, name = tempfile.mkstemp(dir=path.parent, prefix="localconfig.xml.")
    with os.fdopen(number, "w", encoding="utf-8") as stream:
        stream.write(serialize(dict(sorted(keys.items()))))
    mask = os.umask(0)
    os.umask(mask)
    Path(name).chmod(0o666 & ~mask)
    Path(name).replace(path)
