"""How root enters a lab's servers from outside: one key, and who they are."""

from collections.abc import Sequence
from pathlib import Path

from lab.network import ADMIN_IPV4
from lab.nodes import Node
from lab.process import run

HOST = """\
Host {name} {host}
  HostName {address}
  HostKeyAlias {host}
"""
ALL = """\
Host *
  User root
  BindAddress {source}
  IdentityFile {directory}/key
  IdentitiesOnly yes
  UserKnownHostsFile {directory}/known_hosts
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
  ControlPath {control}
"""


def make_key(directory: Path) -> None:
    """Make the key by which root enters."""
    words = ["-q", "-t", "ed25519", "-N", "", "-C", "lab"]
    run(["ssh-keygen", *words, "-f", str(directory / "key")])


def let_in(directory: Path, root: Path) -> None:
    """Have a server know the key."""
    home = root / "root/.ssh"
    home.mkdir(mode=0o700, exist_ok=True)
    authorized = home / "authorized_keys"
    with authorized.open("a") as keys:
        keys.write((directory / "key.pub").read_text())
    authorized.chmod(0o600)


def write_client(directory: Path, trees: Sequence[tuple[Node, Path]]) -> None:
    """Write the client's configuration, the servers' keys, and an `ssh` that knows."""
    control = f"{directory}/ssh-%r-%h"
    hosts, known = [], []
    for node, root in trees:
        row = HOST.format(name=node.name, host=node.host, address=node.ipv4)
        hosts.append(row)
        public = sorted((root / "etc/ssh").glob("ssh_host_*_key.pub"))
        keys = (" ".join(path.read_text().split()[:2]) for path in public)
        known += [f"{node.host} {key}\n" for key in keys]
    (directory / "known_hosts").write_text("".join(known))
    common = ALL.format(source=ADMIN_IPV4, directory=directory, control=control)
    (directory / "ssh_config").write_text("".join([*hosts, common]))
    programs = directory / "bin"
    programs.mkdir()
    program = programs / "ssh"
    # Labs side by side have the same host names: each needs its own master
    # connection, whatever path the caller asks for (the first option wins).
    program.write_text(
        f"#!/bin/sh\nexec /usr/bin/ssh -F {directory}/ssh_config "
        f'-o ControlPath={control} "$@"\n'
    )
    program.chmod(0o755)
