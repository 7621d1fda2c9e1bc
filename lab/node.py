"""A running lab: one mail server in a container, and the outside around it."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from lab import cgroup, image, loghost, outside, ready, states
from lab.errors import LabError
from lab.layers import cache, mount_overlay, remove_tree
from lab.network import ADMIN_IPV4, ADMIN_IPV6, NODE_IPV4, Network, namespaces
from lab.process import INSIDE_ENVIRONMENT, require_host, run

HOST = "mail.example.test"
NODES = ("mail", "outside")
BOOT_TIMEOUT = 60.0
STOP_TIMEOUT = 15.0
SSH_CONFIG = """\
Host mail {host}
  HostName {address}
  HostKeyAlias {host}
  User root
  BindAddress {source}
  IdentityFile {directory}/key
  IdentitiesOnly yes
  UserKnownHostsFile {directory}/known_hosts
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
  ControlPath {directory}/ssh-%r
"""


@dataclass(frozen=True)
class Lab:
    """A lab by its name; its facts are kept in its run directory."""

    name: str
    state: str = "default"

    def __post_init__(self) -> None:
        """Refuse names that cannot be part of a namespace's name."""
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", self.name):
            raise LabError(f"lab name {self.name!r}: use a-z, 0-9 and '-', at most 40")

    @property
    def directory(self) -> Path:
        """Return the run directory."""
        return runs() / self.name

    @property
    def network(self) -> Network:
        """Return the lab's namespaces."""
        return Network(self.name)

    @property
    def root(self) -> Path:
        """Return the mail server's file tree as the host sees it."""
        return self.directory / "root"

    @property
    def ssh_config(self) -> Path:
        """Return the ssh configuration that reaches the host `mail` as root."""
        return self.directory / "ssh_config"

    @property
    def programs(self) -> Path:
        """Return a directory whose `ssh` knows the lab, to be first in a PATH."""
        return self.directory / "bin"

    def up(self) -> None:
        """Boot the lab and wait until its services answer."""
        require_host()
        layer = states.ensure_state(self.state)
        if self.directory.exists() or self.network.node in namespaces():
            raise LabError(
                f"the lab {self.name} is up or was left behind: "
                f"python -m lab down --name {self.name}"
            )
        self.directory.mkdir(parents=True, mode=0o755)
        (self.directory / "lab.json").write_text(json.dumps(asdict(self)))
        groups = cgroup.create(self.name)
        self.network.create()
        outside.start(self.network, image.base_layer(), self.directory, groups)
        mount_overlay(
            layer.trees, self.directory / "upper", self.directory / "work", self.root
        )
        self._prepare()
        self.boot()
        ready.wait(self)

    def _prepare(self) -> None:
        now = datetime.now(UTC)
        states.write_backups(self.root, states.read(self.state).system, now)
        (self.root / "etc/machine-id").write_text(uuid.uuid4().hex + "\n")
        trusted = self.root / "etc/ssl/certs/loghost-ca.pem"
        trusted.write_text(loghost.authority(self.directory / "outside"))
        key = self.directory / "key"
        run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", str(key)]
        )
        home = self.root / "root/.ssh"
        home.mkdir(mode=0o700, exist_ok=True)
        authorized = home / "authorized_keys"
        with authorized.open("a") as keys:
            keys.write(key.with_suffix(".pub").read_text())
        authorized.chmod(0o600)
        public = sorted((self.root / "etc/ssh").glob("ssh_host_*_key.pub"))
        known = [f"{HOST} {' '.join(p.read_text().split()[:2])}\n" for p in public]
        (self.directory / "known_hosts").write_text("".join(known))
        self.ssh_config.write_text(
            SSH_CONFIG.format(
                host=HOST,
                address=NODE_IPV4,
                source=ADMIN_IPV4,
                directory=self.directory,
            )
        )

        self.programs.mkdir()
        ssh = self.programs / "ssh"
        # Labs side by side have the same host names: each needs its own master
        # connection, whatever path the caller asks for (the first option wins).
        control = f"-o ControlPath={self.directory}/ssh-%r"
        ssh.write_text(
            f'#!/bin/sh\nexec /usr/bin/ssh -F {self.ssh_config} {control} "$@"\n'
        )
        ssh.chmod(0o755)

    def boot(self) -> None:
        """Start the mail server's container on the tree that is mounted."""
        argv = [
            *("systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--boot"),
            f"--directory={self.root}",
            f"--network-namespace-path=/run/netns/{self.network.node}",
            f"--machine={self.network.node}",
            f"--hostname={HOST}",
            "--capability=CAP_NET_ADMIN,CAP_NET_RAW,CAP_AUDIT_CONTROL",
            *("--resolv-conf=off", "--timezone=off", "--link-journal=no"),
            "--console=pipe",
        ]
        outside.spawn(argv, cgroup.create(self.name), self.directory / "console.log")

    def leader(self) -> int:
        """Return the number of the node's process 1, as the host counts."""
        for pid in cgroup.pids(self.name):
            try:
                status = Path(f"/proc/{pid}/status").read_text()
            except OSError:
                continue
            if re.search(r"^Name:\s+systemd$", status, re.MULTILINE) and re.search(
                r"^NSpid:\s+\d+\s+1$", status, re.MULTILINE
            ):
                return pid
        raise LabError(f"the lab {self.name} is not running")

    def argv(self, node: str, argv: Sequence[str]) -> list[str]:
        """Return the command that runs another one on a node or outside."""
        if node == "outside":
            return ["ip", "netns", "exec", self.network.outside, *argv]
        if node != "mail":
            raise LabError(f"no node {node!r}: there are {', '.join(NODES)}")
        enter = ["nsenter", "-t", str(self.leader()), "-m", "-u", "-i", "-n", "-p"]
        return [*enter, "--", "env", "-i", *INSIDE_ENVIRONMENT, *argv]

    def run(
        self,
        node: str,
        argv: Sequence[str],
        *,
        given: str | None = None,
        timeout: float = 120,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command on a node and return how it ended, whatever its exit."""
        return subprocess.run(
            self.argv(node, argv),
            input=given,
            stdin=None if given is not None else subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def down(self) -> None:
        """End the lab and remove all that it was made of, also after a crash."""
        require_host()
        self._power_off()
        for pid in self.network.pids():
            cgroup.end(pid, signal.SIGKILL)
        cgroup.end_all(self.name)
        for place in reversed(self._mounts()):
            run(["umount", "--lazy", place])
        self.network.delete()
        cgroup.delete(self.name)
        for rest in Path("/run/systemd/nspawn").glob(f"*/{self.network.node}"):
            shutil.rmtree(rest, ignore_errors=True)
        remove_tree(self.directory)

    def _power_off(self) -> None:
        try:
            leader = self.leader()
        except LabError:
            return
        # SIGRTMIN+4 is systemd's poweroff; it asks the services to end well.
        os.kill(leader, signal.SIGRTMIN + 4)
        limit = time.monotonic() + STOP_TIMEOUT
        while Path(f"/proc/{leader}").exists() and time.monotonic() < limit:
            time.sleep(0.05)

    def _mounts(self) -> list[str]:
        rows = Path("/proc/mounts").read_text().splitlines()
        places = [row.split()[1] for row in rows]
        return [place for place in places if place.startswith(f"{self.directory}/")]


def runs() -> Path:
    """Return the directory that holds the run directories."""
    return cache() / "runs"


def labs() -> list[Lab]:
    """Return every lab that is up or left something behind."""
    kept = [path.name for path in runs().glob("*") if path.is_dir()]
    spaces = [re.sub(r"^zmward-(.+)-(mail|outside)$", r"\1", n) for n in namespaces()]
    found = []
    for name in sorted({*kept, *spaces, *cgroup.labs()}):
        record = runs() / name / "lab.json"
        known = json.loads(record.read_text()) if record.exists() else {"name": name}
        found.append(Lab(**known))
    return found


__all__ = ["ADMIN_IPV6", "HOST", "Lab", "labs", "runs"]
