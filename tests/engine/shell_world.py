"""A small host on disk, whose programs are stand-ins, for rollback.sh and real dash."""

import getpass
import grp
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests.engine.repair import HOST, MACHINE
from zmward.change import (
    Change,
    FileText,
    Mode,
    SetAttr,
    SetCrontab,
    SetLocalConfig,
    SetMode,
    SetUnit,
    UnitState,
    WriteFile,
)
from zmward.engine.state import Run
from zmward.engine.undo_script import script
from zmward.plan import Host, Plan, described

ME, GROUP = getpass.getuser(), grp.getgrgid(os.getgid()).gr_name
PROGRAMS = {
    "runuser": """
        [ "$1" = -l ] && {
            echo welcome: to this host; line=$3; shift 6; exec sh -c "$line" sh "$@"
        }
        [ "$1" = -u ] && { echo "as $2" >>"$WORLD/said"; shift 3; exec "$@"; }
        """,
    "systemctl": """
        for unit in "$@"; do :; done
        place=$WORLD/units/$unit
        case $1 in
        show) cat "$place/load" 2>/dev/null || echo not-found ;;
        is-enabled) cat "$place/enabled" ;;
        is-active) cat "$place/active"; [ "$(cat "$place/active")" = active ] ;;
        enable) echo enabled >"$place/enabled" ;;
        disable) echo disabled >"$place/enabled" ;;
        start) echo active >"$place/active" ;;
        stop) [ ! -d "$place" ] || echo inactive >"$place/active" ;;
        esac
        """,
    "crontab": """
        case $3 in
        -l) cat "$WORLD/cron-$2" 2>/dev/null || { echo "no crontab for $2" >&2; exit 1; } ;;
        -r) rm "$WORLD/cron-$2" ;;
        -) cat >"$WORLD/cron-$2" ;;
        esac
        """,
    "sleep": "",
    "systemd-run": 'echo "systemd-run $*" >>"$WORLD/said"',
    "lsattr": """
        letters=$(cat "$WORLD/flags$2.bits" 2>/dev/null)
        echo "----${letters:--}---------e------- $2"
        """,
    "chattr": """
        mkdir -p "$WORLD/flags${2%/*}"
        case $1 in -*) rm "$WORLD/flags$2.bits" ;; +*) echo "${1#+}" >"$WORLD/flags$2.bits" ;; esac
        """,
}
CONTROLS = ("configrewrite", "zmmailboxdctl", "zmproxyctl")
_ZMPROV = """
import json, pathlib, sys
store = pathlib.Path(WORLD, "directory.json")
words = sys.argv[1:]
offline = words[:1] == ["-l"]
words = words[offline:]
if not offline and pathlib.Path(WORLD, "starting").exists():
    sys.exit("ERROR: zclient.IO_ERROR (refused)")
objects = json.loads(store.read_text())
verb, words = words[0], [word for word in words[1:] if word != "-e"]
if verb == "fc":
    sys.exit(0)
kinds = {"gacf": "global", "mcf": "global", "gs": "server", "ms": "server",
    "gc": "cos", "mc": "cos", "gd": "domain", "md": "domain",
    "ga": "account", "ma": "account"}
kind = kinds[verb]
key = kind if kind == "global" else kind + ":" + words.pop(0)
if key not in objects:
    print(f"ERROR: account.NO_SUCH_{kind.upper()} (no such {key})", file=sys.stderr)
    sys.exit(2)
own = objects[key]
if verb.startswith("g"):
    if kind != "global":
        print("# name", key.partition(":")[2])
    for value in own.get(words[0], ()):
        print(f"{words[0]}: {value}")
    if kind != "global":
        print()
    sys.exit(0)
fresh = {}
while words:
    name, value = words.pop(0), words.pop(0)
    if name[0] == "+":
        own.setdefault(name[1:], []).append(value)
    elif name[0] == "-":
        own[name[1:]].remove(value)
    else:
        fresh.setdefault(name, []).append(value)
for name, values in fresh.items():
    own.pop(name, None)
    if values != [""]:
        own[name] = values
store.write_text(json.dumps(objects))
"""
_ZMLOCALCONFIG = """
import pathlib, re, sys
path = pathlib.Path(ZIMBRA, "conf/localconfig.xml")
text = path.read_text()
values = dict(re.findall('<key name="(.*?)">.*?<value>(.*?)</value>', text, re.S))
if sys.argv[1] == "-q":
    print(values[sys.argv[4]])
    sys.exit(0)
key, _, value = sys.argv[2].partition("=")
values.pop(key, None)
if sys.argv[1] == "-e":
    values[key] = value
row = '  <key name="{}">\\n    <value>{}</value>\\n  </key>\\n'
rows = "".join(row.format(*pair) for pair in sorted(values.items()))
path.unlink()
start = '<?xml version="1.0"?>\\n<localconfig>\\n'
path.write_text(start + rows + "</localconfig>\\n")
path.chmod(0o644)
"""


def _executable(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


@dataclass
class World:
    """The host below a folder, and the run that changed it."""

    root: Path
    objects: dict[str, dict[str, list[str]]] = field(
        default_factory=lambda: {"global": {}}
    )

    def __post_init__(self) -> None:
        for name in ("bin", "units", "etc", "zimbra/conf", "state/runs"):
            (self.root / name).mkdir(parents=True)
        start = f"#!/bin/dash\nWORLD={self.root}\n"
        for name, text in PROGRAMS.items():
            _executable(self.bin / name, f"{start}{text}")
        for name in CONTROLS:
            place = "libexec" if name == "configrewrite" else "bin"
            said = f'echo "{name} $*" >>"$WORLD/said"\n'
            failing = f'[ ! -e "$WORLD/fail-{name}" ]\n'
            _executable(self.zimbra / place / name, f"{start}{said}{failing}")
        python = f"#!{sys.executable} -IS\nWORLD={str(self.root)!r}\n"
        _executable(self.zimbra / "bin/zmprov", python + _ZMPROV)
        words = f"ZIMBRA={str(self.zimbra)!r}\n"
        local = f"#!{sys.executable} -IS\n{words}{_ZMLOCALCONFIG}"
        _executable(self.zimbra / "bin/zmlocalconfig", local)

    @property
    def bin(self) -> Path:
        return self.root / "bin"

    @property
    def zimbra(self) -> Path:
        return self.root / "zimbra"

    @property
    def run(self) -> Run:
        return Run("20261121T120000Z-0000", f"{self.root}/state")

    @property
    def folder(self) -> Path:
        return Path(self.run.folder)

    @property
    def settings(self) -> Path:
        return self.zimbra / "conf/localconfig.xml"

    def said(self) -> list[str]:
        path = self.root / "said"
        return path.read_text().splitlines() if path.exists() else []

    def log(self) -> str:
        return (self.folder / "rollback.log").read_text()

    def flags(self, path: Path, letters: str) -> None:
        place = Path(f"{self.root}/flags{path}.bits")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f"{letters}\n")

    def flagged(self, path: Path) -> str:
        place = Path(f"{self.root}/flags{path}.bits")
        return place.read_text().strip() if place.is_file() else ""

    def path(self, name: str) -> str:
        return str(self.root / "etc" / name)

    def stand(self, changes: Iterable[Change], *, after: bool) -> None:
        """Bring the host to how it is before, or after, these changes."""
        for change in changes:
            self._one(change, after=after)
        (self.root / "directory.json").write_text(json.dumps(self.objects))

    def _one(self, change: Change, *, after: bool) -> None:
        value = getattr(change, "after" if after else "before", None)
        match change, value:
            case WriteFile(path=path), FileText():
                Path(path).write_text(value.text)
                Path(path).chmod(value.mode)
            case WriteFile(path=path), None:
                Path(path).unlink(missing_ok=True)
            case SetMode(path=path), Mode():
                Path(path).touch()
                Path(path).chmod(value.mode)
            case SetCrontab(user=user), str():
                (self.root / f"cron-{user}").write_text(value)
            case SetCrontab(user=user), None:
                (self.root / f"cron-{user}").unlink(missing_ok=True)
            case SetUnit(unit=unit), UnitState():
                self.unit(unit, value)
            case SetAttr(target=target, attribute=name), _:
                own = self.objects.setdefault(target, {})
                own.pop(name, None)
                if value:
                    own[name] = list(value)
            case SetLocalConfig(key=key), _:
                edit = ("-u", key) if value is None else ("-e", f"{key}={value}")
                subprocess.run([self.zimbra / "bin/zmlocalconfig", *edit], check=True)
            case _:
                raise TypeError(change)

    def unit(self, name: str, state: UnitState, load: str = "loaded") -> None:
        place = self.root / "units" / name
        place.mkdir(exist_ok=True)
        (place / "load").write_text(f"{load}\n")
        (place / "enabled").write_text("enabled\n" if state.enabled else "disabled\n")
        (place / "active").write_text("active\n" if state.active else "inactive\n")

    def prepare(self, changes: Iterable[Change], journal: str = "") -> None:
        """Write what a run leaves on the host before its first change."""
        path = f"{self.bin}:{os.environ['PATH']}"
        units = f"{self.root}/units"
        where = str(self.zimbra)
        steps = tuple(described(change, (), (HOST,)) for change in changes)
        plan = Plan(Host(HOST, MACHINE), "2026-11-21", "1", steps, (), ())
        text, contents = script(plan, self.run, units, where, path)
        (self.folder / "store").mkdir(parents=True)
        for name, content in contents.items():
            (self.folder / "store" / name).write_bytes(content)
        (self.folder / "journal").write_text(journal)
        (self.folder / "rollback.sh").write_text(text)

    def take_back(self, mode: str = "all") -> int:
        """Run the script with the real dash; return its exit code."""
        shell = shutil.which("dash") or "/bin/sh"
        done = subprocess.run(
            [shell, str(self.folder / "rollback.sh"), mode],
            env={"WORLD": str(self.root), "PATH": os.environ["PATH"]},
            capture_output=True,
            timeout=120,
            check=False,
        )
        self.stderr = done.stderr.decode()
        return done.returncode

    def state(self) -> dict[str, object]:
        """Return all that a run may have changed."""
        files = {
            str(path): (path.stat().st_mode, path.read_bytes())
            for place in ("etc", "units", "zimbra/conf")
            for path in sorted((self.root / place).rglob("*"))
            if path.is_file()
        }
        crontabs = {p.name: p.read_text() for p in self.root.glob("cron-*")}
        objects = json.loads((self.root / "directory.json").read_text())
        values = {
            (target, name): frozenset(found)
            for target, own in objects.items()
            for name, found in own.items()
        }
        return {"files": files, "crontabs": crontabs, "values": values}


def mode(octal: int) -> Mode:
    return Mode(octal, ME, GROUP)


def text(content: str, octal: int = 0o644) -> FileText:
    return FileText(content, octal, ME, GROUP)


__all__ = ["GROUP", "HOST", "ME", "World", "mode", "text"]
