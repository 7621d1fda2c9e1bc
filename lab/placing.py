"""A cluster's node above the state that all share: what is its own, laid over it."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from lab import debs
from lab.nodes import STATES, Node
from lab.process import run, within
from lab.tree import install
from lab.tree.state import State, read_state
from lab.zimbra.services import SERVICES

KEYS = "opt/zimbra/lab/keys"
_HOME = "opt/zimbra/.ssh"
_ZMRCD = 'command="/opt/zimbra/libexec/zmrcd" '
_LDAP = "opt/zimbra/data/ldap"
# Units of services that zmcontrol does not list, by the service they belong to.
_PARTS = {"zimbra-saslauthd": "mta", "zimbra-proxy-lookup": "proxy"}
_HOSTS = """\
127.0.0.1 localhost
::1 localhost ip6-localhost ip6-loopback
{ipv4} {host} {name}
{ipv6} {host} {name}
"""


def make_keys(root: Path, nodes: Sequence[Node]) -> Mapping[str, str]:
    """Make each server's keys, its host's too, and let all of them in for zmrcd alone.

    The first are what zmsshkeygen makes and zmupdateauthkeys spreads.
    """
    place = root / KEYS
    place.mkdir(parents=True)
    found: dict[str, str] = {}
    for node in nodes:
        path = place / node.name
        words = ["-q", "-N", "", "-C", node.host]
        run(["ssh-keygen", *words, "-t", "rsa", "-b", "2048", "-f", str(path)])
        run(["ssh-keygen", *words, "-t", "ed25519", "-f", f"{path}.host"])
        found[node.host] = path.with_suffix(".pub").read_text().strip()
    lines = "".join(f"{_ZMRCD}{public}\n" for public in found.values())
    (root / _HOME / "authorized_keys").write_text(lines)
    return found


def fill(root: Path, name: str, node: Node) -> None:
    """Make a cluster's tree that of one node."""
    state = read_state(name)
    _purge(root, node)
    own = STATES / name / "nodes" / node.name
    if own.is_dir():
        shutil.copytree(own, root, dirs_exist_ok=True)
    _name(root, node)
    install.write_localconfig(root, state, node)
    _give_keys(root, state, node)
    if "ldap" not in node.services:
        shutil.rmtree(root / _LDAP)
    _set_units(root, node)


def _purge(root: Path, node: Node) -> None:
    """Remove the packages of other roles, with the files that they ship."""
    installed = [package.name for package in debs.packages()]
    gone = [name for name in installed if name not in node.packages]
    run(within(root, ["dpkg", "--purge", *gone]))


def _name(root: Path, node: Node) -> None:
    (root / "etc/hostname").write_text(f"{node.host}\n")
    text = _HOSTS.format(ipv4=node.ipv4, ipv6=node.ipv6, host=node.host, name=node.name)
    (root / "etc/hosts").write_text(text)
    server = "127.0.0.1" if "dnscache" in node.services else "192.0.2.1"
    (root / "etc/resolv.conf").write_text(f"nameserver {server}\n")


def _give_keys(root: Path, state: State, node: Node) -> None:
    """Leave the node's own key, host keys of its own, and all servers' host keys."""
    home = root / _HOME
    shutil.copy(root / KEYS / node.name, home / "zimbra_identity")
    shutil.copy(root / KEYS / f"{node.name}.pub", home / "zimbra_identity.pub")
    known = [
        f"{one.host} {line}\n"
        for one in state.nodes
        for line in (root / KEYS / f"{one.name}.host.pub").read_text().splitlines()
    ]
    (home / "known_hosts").write_text("".join(known))
    for path in home.iterdir():
        install.own(path, 0o600)
    _set_host_key(root, node)
    shutil.rmtree(root / KEYS)


def _set_host_key(root: Path, node: Node) -> None:
    for path in (root / "etc/ssh").glob("ssh_host_*_key*"):
        path.unlink()
    source, target = root / KEYS / f"{node.name}.host", "etc/ssh/ssh_host_ed25519_key"
    for suffix in ("", ".pub"):
        shutil.copy(f"{source}{suffix}", root / f"{target}{suffix}")


def _set_units(root: Path, node: Node) -> None:
    """Have only the units of the node's own services start."""
    needed = {s.unit for s in SERVICES if s.name in (*node.services, "zmconfigd")}
    needed |= {unit for unit, service in _PARTS.items() if service in node.services}
    gone = ({s.unit for s in SERVICES} | _PARTS.keys()) - needed
    wants = root / "etc/systemd/system/zimbra.target.wants"
    for unit in gone:
        (wants / f"{unit}.service").unlink(missing_ok=True)
