"""Puts a state's directory, localconfig and schema file into a node's tree."""

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.nodes import Node
from lab.process import run, within
from lab.tree.attrs_xml import attrs_xml
from lab.tree.content import entries
from lab.tree.ldif import ldif_text
from lab.tree.localconfig import localconfig
from lab.tree.slapd import Layout, configuration
from lab.tree.state import State, read_state
from lab.zimbra.localconfig import compiled_defaults, serialize
from lab.zimbra.schema import SOURCE_CATALOG, read_catalog

LDAP = "/opt/zimbra/data/ldap"
CERTIFICATE = "/opt/zimbra/conf/slapd.crt"
KEY = "/opt/zimbra/conf/slapd.key"
_OWNER = (1001, 1001)

Runner = Callable[[Sequence[str]], str]


@dataclass(frozen=True)
class Place:
    """A directory's home: the tree it lies in, and how a command runs there."""

    root: Path
    run: Runner
    ldap: str = LDAP

    def path(self, inside: str) -> Path:
        """Return the host's path of a path inside."""
        return self.root / inside.lstrip("/")


def passwords_of(keys: Mapping[str, str]) -> dict[str, str]:
    """Return each password, the compiled default where the file has none."""
    return {
        name: keys.get(name, default)
        for name, default in {**dict.fromkeys(keys, ""), **compiled_defaults()}.items()
        if "password" in name
    }


def load_directory(
    place: Place, state: State, keys: Mapping[str, str] | None = None
) -> None:
    """Build slapd's configuration and database anew with slapadd."""
    rows = read_catalog(SOURCE_CATALOG)
    passwords = passwords_of(localconfig(state))
    home = place.path(place.ldap)
    for name in ("config", "mdb"):
        shutil.rmtree(home / name, ignore_errors=True)
    for name in ("config", "mdb/db", "mdb/logs", "state/run"):
        (home / name).mkdir(parents=True, exist_ok=True)
    secured = place.path(CERTIFICATE).exists() and place.path(KEY).exists()
    layout = Layout(
        database=f"{place.ldap}/mdb/db",
        state=f"{place.ldap}/state/run",
        root_password=passwords["ldap_root_password"],
        schemas=place.path("/etc/ldap/schema"),
        certificate=CERTIFICATE if secured else "",
        key=KEY if secured else "",
        tls_protocol_minimum=_key(state, "ldap_common_tlsprotocolmin"),
        anonymous=state.habits.anonymous,
        minimum_strength=_key(state, "ldap_common_require_tls"),
    )
    content = ldif_text(entries(rows, passwords, state, keys))
    _slapadd(place, 0, configuration(layout, rows))
    _slapadd(place, 2, content)


def _key(state: State, name: str) -> str:
    return localconfig(state).get(name, compiled_defaults()[name])


def _slapadd(place: Place, number: int, text: str) -> None:
    source = place.path(f"{place.ldap}/load.ldif")
    source.touch(mode=0o600)
    source.write_text(text, encoding="utf-8")
    options = ["-q", "-n", str(number), "-F", f"{place.ldap}/config"]
    place.run(["/usr/sbin/slapadd", *options, "-l", f"{place.ldap}/load.ldif"])
    source.unlink()


def own(path: Path, mode: int | None = None) -> None:
    """Give a path to user zimbra."""
    os.lchown(path, *_OWNER)
    if mode is not None:
        path.chmod(mode)


def write_localconfig(root: Path, state: State, node: Node) -> None:
    """Write a node's localconfig.xml, readable by its owner and group."""
    keys = root / "opt/zimbra/conf/localconfig.xml"
    keys.touch(mode=0o640)
    keys.write_text(serialize(localconfig(state, node)), encoding="utf-8")
    own(keys, 0o640)


def fill(root: Path, name: str, keys: Mapping[str, str] | None = None) -> None:
    """Give a node's tree the directory, localconfig and schema of a state."""
    state = read_state(name)
    place = Place(root, lambda argv: run(within(root, argv)))
    conf = root / "opt/zimbra/conf"
    (conf / "attrs").mkdir(parents=True, exist_ok=True)
    own(conf / "attrs")
    schema = conf / "attrs/zimbra-attrs.xml"
    schema.unlink(missing_ok=True)
    schema.write_text(attrs_xml(read_catalog(SOURCE_CATALOG)), encoding="utf-8")
    own(schema, 0o444)
    write_localconfig(root, state, state.nodes[0])
    load_directory(place, state, keys)
    home = place.path(LDAP)
    for path in (home, *home.rglob("*")):
        own(path)
