"""The rows of the attribute catalog, as the stand-ins ask for them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

NODE_CATALOG = Path("/opt/zimbra/lab/attributes.json")
SOURCE_CATALOG = (
    Path(__file__).resolve().parents[2] / "src/zmward/catalog/attributes.json"
)

# The entry kinds of the tools, by the name that the catalog gives to each.
INHERITED_FROM = {
    "server": "serverInherited",
    "domain": "domainInherited",
    "account": "accountInherited",
}
COS_AND_DOMAIN = "accountCosDomainInherited"
# Types whose values are bytes; zmprov takes a file for them and prints base64.
BINARY = frozenset({"binary", "certificate"})


@dataclass(frozen=True)
class Attribute:
    """One attribute of the schema."""

    name: str
    type: str
    multi: bool
    objects: tuple[str, ...]
    inherited: tuple[str, ...]
    defaults: Mapping[str, tuple[str, ...]]
    values: tuple[str, ...] = ()
    pattern: str = ""
    minimum: str = ""
    maximum: str = ""
    immutable: bool = False
    callback: str = ""
    since: str = ""
    deprecated_since: str = ""
    restart: tuple[str, ...] = ()

    def inherits(self, kind: str) -> bool:
        """Tell whether an entry of this kind falls back to its parent's value."""
        if kind == "account" and COS_AND_DOMAIN in self.inherited:
            return True
        return INHERITED_FROM.get(kind) in self.inherited


def attribute_from_row(name: str, row: Mapping[str, Any]) -> Attribute:
    """Return the attribute that one catalog row describes."""
    return Attribute(
        name=name,
        type=row["type"],
        multi=row["multi"],
        objects=tuple(row["objects"]),
        inherited=tuple(row.get("inherited", ())),
        defaults={k: tuple(v) for k, v in row.get("defaults", {}).items()},
        values=tuple(row.get("values", ())),
        pattern=row.get("value", ""),
        minimum=row.get("min", ""),
        maximum=row.get("max", ""),
        immutable=row.get("immutable", False),
        callback=row.get("callback", ""),
        since=row.get("since", ""),
        deprecated_since=row.get("deprecatedSince", ""),
        restart=tuple(row.get("restart", ())),
    )


def read_catalog(path: Path) -> dict[str, Attribute]:
    """Return the attributes of a catalog file by name."""
    rows: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return {
        name: attribute_from_row(name, row)
        for name, row in rows.items()
        if not name.startswith("_")
    }


@cache
def attributes() -> Mapping[str, Attribute]:
    """Return the attributes of this node, or of the source tree on a host."""
    path = NODE_CATALOG if NODE_CATALOG.is_file() else SOURCE_CATALOG
    return read_catalog(path)


@cache
def _lower_case() -> Mapping[str, str]:
    return {name.lower(): name for name in attributes()}


def canonical(name: str) -> str:
    """Return the name in the schema's own case, or as it is when unknown."""
    return _lower_case().get(name.lower(), name)


def find(name: str) -> Attribute | None:
    """Return the attribute of that name, whatever its case."""
    return attributes().get(canonical(name))
