"""The states in which a server is found: what differs from the image.

Order: Zimbra's packages, packages removed, files, owners, directory and
localconfig, package lists, diary, logs, modes, units, commands; backups at boot.
"""

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from lab import debs, history, logs, ownership, placing, programs, updates
from lab.image import LAB, copy_tree, ensure_image
from lab.layers import Layer, digest, ensure
from lab.nodes import STATES, Node, nodes
from lab.process import run, within
from lab.tree import install
from lab.tree.identity import TODAY, secret
from lab.tree.localconfig import localconfig
from lab.tree.state import read_state
from lab.zimbra.localconfig import serialize

NAMES = ("default", "careless", "hardened")
CLUSTER = "cluster"
MODULES = (
    *("states.py", "logs.py", "history.py", "updates.py", "packages.toml"),
    *("nodes.py", "placing.py"),
)


@dataclass(frozen=True)
class System:
    """The operating system's side of a state: the table `[system]`."""

    packages_removed: tuple[str, ...] = ()
    units_enabled: tuple[str, ...] = ()
    units_disabled: tuple[str, ...] = ()
    units_masked: tuple[str, ...] = ()
    commands: tuple[tuple[str, ...], ...] = ()
    modes: tuple[tuple[str, str, str], ...] = ()
    appended: tuple[tuple[str, str], ...] = ()
    levels: dict[str, str] = field(default_factory=dict)
    offered: str = ""
    installed: str = "2024-07-20"
    patched: tuple[str, ...] = ()
    updates_security: tuple[str, ...] = ()
    updates_other: tuple[str, ...] = ()
    origin: str = "mail-only"
    backups: tuple[int, ...] = ()
    requires_pax: bool = True


@dataclass(frozen=True)
class State:
    """A state: its name, Zimbra's release and the operating system's side."""

    name: str
    release: str
    system: System


def read(name: str) -> State:
    """Return the state of that name; the directory's tables are read elsewhere."""
    tables = tomllib.loads((STATES / f"{name}.toml").read_text())
    system: dict[str, Any] = {
        key: tuple(map(_frozen, value)) if isinstance(value, list) else value
        for key, value in tables["system"].items()
    }
    return State(name, tables["zimbra_version"], System(**system))


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def state_layer(name: str, top: Layer) -> Layer:
    """Return the layer of a state above an image, without building it."""
    inputs = [STATES / f"{name}.toml", STATES / name, *(LAB / m for m in MODULES)]
    day = TODAY.date().isoformat()
    return Layer(f"state-{name}", digest(inputs, top.digest, day), top)


def ensure_state(name: str) -> Layer:
    """Return the built layer of a state."""
    layer = state_layer(name, ensure_image())
    return ensure(layer, lambda root: _fill(root, read(name)))


def node_layer(state: Layer, name: str, node: Node) -> Layer:
    """Return a node's layer above its state's; a single node has none of its own."""
    if len(nodes(name)) == 1:
        return state
    # All inputs of the state below are inputs here too.
    return Layer(f"state-{name}-{node.name}", state.digest, state)


def ensure_nodes(name: str) -> dict[str, Layer]:
    """Return the built layer of each node of a state, by the node's name."""
    state = ensure_state(name)
    found: dict[str, Layer] = {}
    for node in nodes(name):
        layer = node_layer(state, name, node)
        fill = partial(placing.fill, name=name, node=node)
        found[node.name] = layer if layer is state else ensure(layer, fill)
    return found


def layers_of(name: str, top: Layer) -> list[Layer]:
    """Return all layers of a state above an image, without building them."""
    state = state_layer(name, top)
    return [state, *(node_layer(state, name, node) for node in nodes(name))]


def _fill(root: Path, state: State) -> None:
    system = state.system
    versions = debs.versions(state.release, system.levels)
    if versions != debs.versions(debs.NEWEST):
        print("lab: packages of this state", flush=True)
        debs.install(root, versions, dependencies=system.requires_pax)
    if system.packages_removed:
        run(within(root, ["dpkg", "--purge", *system.packages_removed]))
    if (STATES / state.name / "rootfs").is_dir():
        copy_tree(STATES / state.name / "rootfs", root)
    servers = nodes(state.name)
    keys = _let_in(root, servers)
    for name, text in system.appended:
        with (root / name).open("a") as file:
            file.write(text)
    programs.copy_programs(root)
    ownership.apply(root, LAB / "ownership.toml")
    print("lab: certificates and directory", flush=True)
    _make_certificates(root, state)
    install.fill(root, state.name, keys)
    _write_packages(root, state, versions)
    _write_logs(root, state)
    for path, owner, mode in system.modes:
        run(within(root, ["chown", "--no-dereference", owner, f"/{path}"]))
        run(within(root, ["chmod", mode, f"/{path}"]))
    _set_units(root, system)
    for argv in system.commands:
        run(within(root, argv))


def _make_certificates(root: Path, state: State) -> None:
    """Make the certificates before slapd's configuration looks for its own."""
    keys = root / "opt/zimbra/conf/localconfig.xml"
    keys.write_text(serialize(localconfig(read_state(state.name))))
    inside = ["env", "PYTHONPATH=/opt/zimbra/lab", "python3", "-m"]
    run(within(root, [*inside, "zimbra.certificates"]))


def _let_in(root: Path, servers: Sequence[Node]) -> Mapping[str, str]:
    """Let the servers of this installation in, and return the keys of a cluster's."""
    if len(servers) > 1:
        return placing.make_keys(root, servers)
    _write_own_key(root)
    return {}


def _write_own_key(root: Path) -> None:
    """Let the one server in, as zmupdateauthkeys does."""
    keys = root / "opt/zimbra/.ssh/authorized_keys"
    foreign = keys.read_text() if keys.exists() else ""
    own = f"ssh-rsa {secret('ssh key', 43)} {logs.HOST}"
    keys.parent.mkdir(mode=0o700, exist_ok=True)
    keys.write_text(f'command="/opt/zimbra/libexec/zmrcd" {own}\n{foreign}')


def _write_packages(root: Path, state: State, versions: dict[str, str]) -> None:
    system = state.system
    installed = _epoch(system.installed)
    patched = [_epoch(day) for day in system.patched]
    diary = root / "opt/zimbra/.install_history"
    diary.write_text("\n".join(history.lines(installed, versions, patched)) + "\n")
    diary.chmod(0o644)
    offered = debs.versions(system.offered) if system.offered else {}
    updates.write(root, system.updates_security, system.updates_other, offered)


def _epoch(day: str) -> int:
    return int(TODAY.fromisoformat(f"{day}T06:30:00+00:00").timestamp())


def _write_logs(root: Path, state: State) -> None:
    scene = logs.Scene(TODAY, state.system.origin, f"{state.release}_GA_4655")
    for name, owner, mode, lines in logs.FILES:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in lines(scene)))
        path.chmod(mode)
        run(within(root, ["chown", owner, f"/{name}"]))
        _set_time(path, TODAY.timestamp())


def _set_time(path: Path, when: float) -> None:
    os.utime(path, (when, when))


def write_backups(root: Path, system: System, now: datetime) -> None:
    """Leave the artefacts of backups that many days old, at the boot of a node."""
    shelf = root / "opt/zimbra/backup"
    shelf.mkdir(parents=True, exist_ok=True)
    for age in system.backups:
        taken = now - timedelta(days=age, hours=3)
        place = shelf / f"full-{taken:%Y%m%d-%H%M%S}"
        place.mkdir(mode=0o750)
        for name, size in (("ldap.ldif.gz", 180_000), ("store.tar.gz", 40_000_000)):
            with (place / name).open("wb") as artefact:
                artefact.write(b"\x1f\x8b\x08")
                artefact.truncate(size)
        for path in (*place.iterdir(), place):
            path.chmod(0o750 if path.is_dir() else 0o640)
            _set_time(path, taken.timestamp())
    run(within(root, ["chown", "-R", "zimbra:zimbra", "/opt/zimbra/backup"]))


def _set_units(root: Path, system: System) -> None:
    systemctl = ["systemctl", f"--root={root}", "--quiet"]
    for verb, units in (
        ("enable", system.units_enabled),
        ("disable", system.units_disabled),
        ("mask", system.units_masked),
    ):
        if units:
            run([*systemctl, verb, *units])
