"""A running lab: mail servers in containers, and the outside around them."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from lab import cgroup, image, loghost, outside, ready, ssh, states
from lab.errors import LabError
from lab.layers import Layer, cache, mount_overlay, remove_tree
from lab.network import ADMIN_IPV6, OUTSIDE, Network, lab_of, namespaces
from lab.nodes import SINGLE, Node, nodes
from lab.process import INSIDE_ENVIRONMENT, require_host, run

HOST = SINGLE[0].host
STOP_TIMEOUT = 15.0
# A container's first process, as /proc tells it.
_FIRST = re.compile(r"^Name:\s+systemd\n(.*\n)*NSpid:\s+\d+\s+1$", re.MULTILINE)


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
    def nodes(self) -> tuple[Node, ...]:
        """Return the servers."""
        return nodes(self.state)

    @property
    def network(self) -> Network:
        """Return the lab's namespaces."""
        return Network(self.name, self.nodes)

    def node(self, name: str) -> Node:
        """Return the server of that name."""
        for node in self.nodes:
            if node.name == name:
                return node
        known = ", ".join((*(node.name for node in self.nodes), OUTSIDE))
        raise LabError(f"no node {name!r}: there are {known}")

    def tree(self, name: str) -> Path:
        """Return a server's file tree as the host sees it."""
        return self.directory / name / "root"

    @property
    def root(self) -> Path:
        """Return the file tree of the first server as the host sees it."""
        return self.tree(self.nodes[0].name)

    @property
    def ssh_config(self) -> Path:
        """Return the ssh configuration that reaches the servers as root."""
        return self.directory / "ssh_config"

    @property
    def programs(self) -> Path:
        """Return a directory whose `ssh` knows the lab, to be first in a PATH."""
        return self.directory / "bin"

    def up(self) -> None:
        """Boot the lab and wait until its services answer."""
        require_host()
        built = states.ensure_nodes(self.state)
        if self.directory.exists() or self.network.outside in namespaces():
            raise LabError(
                f"the lab {self.name} is up or was left behind: "
                f"python -m lab down --name {self.name}"
            )
        self.directory.mkdir(parents=True, mode=0o755)
        record = {"name": self.name, "state": self.state}
        (self.directory / "lab.json").write_text(json.dumps(record))
        groups = cgroup.create(self.name)
        self.network.create()
        outside.start(self.network, image.base_layer(), self.directory, groups)
        ssh.make_key(self.directory)
        for node in self.nodes:
            self._prepare(node, built[node.name])
            self.boot(node.name)
        ssh.write_client(self.directory, [(n, self.tree(n.name)) for n in self.nodes])
        ready.wait(self)

    def _prepare(self, node: Node, layer: Layer) -> None:
        place, root = self.directory / node.name, self.tree(node.name)
        mount_overlay(layer.trees, place / "upper", place / "work", root)
        now = datetime.now(UTC)
        states.write_backups(root, states.read(self.state).system, now)
        (root / "etc/machine-id").write_text(uuid.uuid4().hex + "\n")
        trusted = root / "etc/ssl/certs/loghost-ca.pem"
        trusted.write_text(loghost.authority(self.directory / "outside"))
        ssh.let_in(self.directory, root)

    def boot(self, name: str = "") -> None:
        """Start a server's container on the tree that is mounted."""
        node = self.node(name) if name else self.nodes[0]
        space = self.network.space(node.name)
        argv = [
            *("systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--boot"),
            f"--directory={self.tree(node.name)}",
            f"--network-namespace-path=/run/netns/{space}",
            f"--machine={space}",
            f"--hostname={node.host}",
            "--capability=CAP_NET_ADMIN,CAP_NET_RAW,CAP_AUDIT_CONTROL",
            *("--resolv-conf=off", "--timezone=off", "--link-journal=no"),
            "--console=pipe",
        ]
        console = self.directory / node.name / "console.log"
        outside.spawn(argv, cgroup.create(self.name, node.name), console)

    def leader(self, name: str = "") -> int:
        """Return the number of a node's process 1, as the host counts."""
        node = self.node(name) if name else self.nodes[0]
        space = Path("/run/netns") / self.network.space(node.name)
        for pid in cgroup.pids(self.name):
            try:
                status = Path(f"/proc/{pid}/status").read_text()
                own = Path(f"/proc/{pid}/ns/net").stat().st_ino == space.stat().st_ino
            except OSError:
                continue
            if own and _FIRST.search(status):
                return pid
        raise LabError(f"the lab {self.name} is not running")

    def argv(self, node: str, argv: Sequence[str]) -> list[str]:
        """Return the command that runs another one on a node or outside."""
        if node == OUTSIDE:
            return ["ip", "netns", "exec", self.network.outside, *argv]
        enter = ["nsenter", "-t", str(self.leader(node)), "-m", "-u", "-i", "-n", "-p"]
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
        for rest in Path("/run/systemd/nspawn").glob("*/*"):
            if lab_of(rest.name) == self.name:
                shutil.rmtree(rest, ignore_errors=True)
        remove_tree(self.directory)

    def _power_off(self) -> None:
        leaders = []
        for node in self.nodes:
            with contextlib.suppress(LabError):
                leaders.append(self.leader(node.name))
        for leader in leaders:
            # SIGRTMIN+4 is systemd's poweroff; it asks the services to end well.
            os.kill(leader, signal.SIGRTMIN + 4)
        limit = time.monotonic() + STOP_TIMEOUT
        while any(Path(f"/proc/{leader}").exists() for leader in leaders):
            if time.monotonic() > limit:
                return
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
    spaces = [lab_of(name) for name in namespaces() if name.endswith(f"-{OUTSIDE}")]
    found = []
    for name in sorted({*kept, *spaces, *cgroup.labs()}):
        record = runs() / name / "lab.json"
        known = json.loads(record.read_text()) if record.exists() else {"name": name}
        found.append(Lab(**known))
    return found


__all__ = ["ADMIN_IPV6", "HOST", "Lab", "labs", "runs"]
