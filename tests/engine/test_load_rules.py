"""The script that loads rules at boot, with programs that only write down their words."""

import hashlib
import subprocess
from pathlib import Path

import pytest

from tests.engine.repair import RULES
from zmward.engine.boot_rules import folder as boot_folder
from zmward.engine.boot_rules import kept_texts
from zmward.engine.state import known
from zmward.firewall.own_rules import PARTS
from zmward.ruleset import Backend, Rules

RUN = known("20261129T072831Z-ee24")
CHAINS = "*security\n:INPUT ACCEPT [0:0]\n:ZMWARD - [0:0]\n-F INPUT\nCOMMIT\n"
# What is loaded has the mark of a run if the file `loaded` names it.
_STUB = """#!/bin/sh
printf '%s %s\\n' "${{0##*/}}" "$*" >>{place}/said
case "$*" in
*--help*) ;;
*-V*) echo 'nf_tables' ;;
*'list tables'*) ;;
*'list chain'* | *' -S ZMWARD-'[0-9]*) grep -qsF -- "{run}" {place}/loaded ;;
*' -S '*) exit 1 ;;
*-f* | *--noflush*) cat >/dev/null; echo {run} >{place}/loaded ;;
esac
"""


class Loader:
    """A folder with kept rules, and the programs that would load them."""

    def __init__(self, place: Path, backend: Backend) -> None:
        self.place = place
        texts = (RULES,) if backend == "nftables" else ("", CHAINS, CHAINS)
        folder = place / "firewall"
        found = kept_texts(Rules(backend, texts), RUN)
        script = found["load"].replace(boot_folder(RUN.base), str(folder))
        lines = script.split("\n")
        at = next(n for n, line in enumerate(lines) if line.startswith("PATH="))
        lines[at] = f"PATH={place}/programs:/usr/bin:/bin"
        self.script = "\n".join(lines)
        kept = folder / "current"
        kept.mkdir(parents=True)
        names = ("backend", "run", *PARTS[backend])
        for name in names:
            (kept / name).write_text(found[name])
        sums = (
            f"{hashlib.sha256(found[name].encode()).hexdigest()}  {name}\n"
            for name in names
        )
        (kept / "digests").write_text("".join(sums))
        programs = place / "programs"
        programs.mkdir()
        for name in ("nft", "iptables", "ip6tables", "ip6tables-restore"):
            self._stub(programs / name)
        self._stub(programs / "iptables-restore")

    def _stub(self, path: Path) -> None:
        path.write_text(_STUB.format(place=self.place, run=RUN.id))
        path.chmod(0o755)

    def run(self, *words: str) -> list[str]:
        """Run it and return what loads something."""
        said = self.place / "said"
        said.write_text("")
        argv = ("sh", "-s", "--", *words)
        done = subprocess.run(
            argv, input=self.script, text=True, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
        loads = ("nft -f", "iptables-restore", "ip6tables-restore")
        return [line for line in said.read_text().split("\n") if line.startswith(loads)]


BOTH = pytest.mark.parametrize("backend", ["nftables", "iptables"])


@BOTH
def test_a_boot_loads_what_is_kept(tmp_path: Path, backend: Backend) -> None:
    assert Loader(tmp_path, backend).run()
    other = tmp_path / "once"
    other.mkdir()
    assert Loader(other, backend).run("once")


@BOTH
def test_connections_open_before_the_load_go_on(
    tmp_path: Path, backend: Backend
) -> None:
    """Loaded once more, the rules would know nothing of their far ends."""
    loader = Loader(tmp_path, backend)
    assert loader.run("once")
    # As `zmward confirm` starts it: the rules of the run are loaded already.
    assert loader.run("once") == []
    # Who reloads the service asks for it.
    assert loader.run()


@BOTH
def test_the_rules_of_another_run_are_not_taken_for_its_own(
    tmp_path: Path, backend: Backend
) -> None:
    loader = Loader(tmp_path, backend)
    (tmp_path / "loaded").write_text("20261129T072832Z-0a0b\n")
    assert loader.run("once")
