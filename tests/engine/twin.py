"""A host in memory: answers the argv of the doors, and can die at any command."""

import fnmatch
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from tests.engine.twin_filter import TwinFilter
from zmward.change import Mode, UnitState
from zmward.doors.host import Done
from zmward.doors.local_settings import PATH, own_values

ROOT = Mode(0o755, "root", "root")
ZIMBRA = Mode(0o640, "zimbra", "zimbra")
NO_SUCH = b"No such file or directory"
NOT_PERMITTED = Done(1, b"", b"Operation not permitted")


class Killed(BaseException):
    """The process is gone: nothing of it runs any more."""


def settings(values: dict[str, str]) -> bytes:
    """Return localconfig.xml as zmlocalconfig writes it."""
    keys = "".join(
        f'  <key name="{k}">\n    <value>{v}</value>\n  </key>\n'
        for k, v in sorted(values.items())
    )
    return f'<?xml version="1.0"?>\n<localconfig>\n{keys}</localconfig>\n'.encode()


@dataclass
class Entry:
    kind: str
    content: bytes = b""
    mode: Mode = ROOT


@dataclass
class Moments:
    """Counts what happens, and kills before or after the n-th of it."""

    die_at: int = -1
    after: bool = False
    count: int = 0

    def passing(self, act: Callable[[], Done | None]) -> Done | None:
        number = self.count
        if 0 <= self.die_at < number:
            # Not even what follows whatever happens is done any more.
            raise Killed
        self.count += 1
        if number == self.die_at and not self.after:
            raise Killed
        done = act()
        if number == self.die_at:
            raise Killed
        return done


@dataclass
class Twin(TwinFilter):
    """A recorded host; `fails` answers for a program before the twin does."""

    name: str = "twin"
    streams: int = 1
    entries: dict[str, Entry] = field(default_factory=dict)
    crontabs: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    units: dict[str, UnitState] = field(default_factory=dict)
    packages: set[str] = field(default_factory=set)
    timers: set[str] = field(default_factory=set)
    moments: Moments = field(default_factory=Moments)
    fails: Callable[[Sequence[str]], Done | None] = lambda _argv: None
    said: list[tuple[str, ...]] = field(default_factory=list)
    rendered: list[tuple[str, ...]] = field(default_factory=list)
    removes: str = ""
    user: str = "root"
    now: int = 1000
    written: int = 1000
    flags: dict[str, str] = field(default_factory=dict)
    working: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def lines(self, script: str) -> Iterator[bytes]:
        raise NotImplementedError(script)

    def run(
        self,
        argv: Sequence[str],
        *,
        given: bytes = b"",
        user: str = "root",
        seconds: int = 60,
    ) -> Done:
        del seconds
        words = tuple(argv)
        self.user = user
        self.said.append(words)
        done = self.moments.passing(lambda: self._answer(words, given))
        assert done is not None
        return done

    def _answer(self, words: tuple[str, ...], given: bytes) -> Done:
        failed = self.fails(words)
        if failed is not None:
            return failed
        if words[0] == "unshare":
            words = words[3:]
        while words[0] == "env" or "=" in words[0]:
            words = words[1:]
        program = PurePosixPath(words[0]).name.replace("-", "_")
        answer = getattr(self, f"_{program}", None)
        if answer is None:
            raise AssertionError(f"the twin does not know {words}")
        done: Done = answer(words[1:], given)
        return done

    # what stands there -------------------------------------------------------

    def add(self, path: str, content: str | bytes = "", mode: Mode = ROOT) -> None:
        text = content.encode() if isinstance(content, str) else content
        self.entries[path] = Entry("regular file", text, mode)

    def folder(self, path: str, mode: Mode = ROOT) -> None:
        self.entries[path] = Entry("directory", b"", mode)

    def state(self) -> dict[str, object]:
        """Return all that a run could change, but for zmward's own folder."""
        return {
            "files": {
                path: (e.kind, e.content, e.mode)
                for path, e in self.entries.items()
                if not path.startswith("/var/lib/zmward")
            },
            "crontabs": dict(self.crontabs),
            "parameters": dict(self.parameters),
            "units": dict(self.units),
            "packages": set(self.packages),
            "timers": set(self.timers),
            "rules": (self.loaded, dict(self.kept_rules)),
            "flags": {path: bits for path, bits in self.flags.items() if bits},
        }

    def forbids(self, *paths: str) -> bool:
        """Say whether a bit of a file, or of its folder, forbids to change it."""
        near = (p for path in paths for p in (path, path.rpartition("/")[0]))
        return any(self.flags.get(path) for path in near)

    def _lsattr(self, words: Sequence[str], _given: bytes) -> Done:
        rows = [
            f"----{self.flags.get(path) or '-'}-------e------- {path}\n"
            for path in words[2:]
            if path in self.entries
        ]
        return Done(int(len(rows) < len(words) - 2), "".join(rows).encode())

    def _chattr(self, words: Sequence[str], _given: bytes) -> Done:
        bits, path = words[0], words[-1]
        self.flags[path] = "" if bits[0] == "-" else bits[1:]
        return Done(0)

    # programs ----------------------------------------------------------------

    def _id(self, _words: Sequence[str], _given: bytes) -> Done:
        return Done(0, b"0\n")

    def _date(self, _words: Sequence[str], _given: bytes) -> Done:
        return Done(0, f"{self.now}\n".encode())

    def _cat(self, words: Sequence[str], _given: bytes) -> Done:
        entry = self.entries.get(words[-1])
        return Done(0, entry.content) if entry else Done(1, b"", NO_SUCH)

    def _stat(self, words: Sequence[str], _given: bytes) -> Done:
        if words[1] == "%a|%U|%G":
            nodes = [self.entries.get(p, Entry("directory")).mode for p in words[3:]]
            rows = (f"{m.mode:o}|{m.owner}|{m.group}\n" for m in nodes)
            return Done(0, "".join(rows).encode())
        if words[1] == "%i %y %z %n":
            rows = (
                f"{len(self.rendered)} {p}\n" for p in words[3:] if p in self.entries
            )
            return Done(0, "".join(rows).encode())
        entry = self.entries.get(words[-1])
        if entry is None:
            return Done(1, b"", NO_SUCH)
        if words[1] == "%Y":
            return Done(0, f"{self.written}\n".encode())
        mode = entry.mode
        row = f"{entry.kind}|{mode.mode:o}|{mode.owner}|{mode.group}\n"
        return Done(0, row.encode())

    def _readlink(self, _words: Sequence[str], _given: bytes) -> Done:
        return Done(0, b"pid:[1]\n")

    def _realpath(self, words: Sequence[str], _given: bytes) -> Done:
        return Done(0, f"{words[-1]}\n".encode())

    def _test(self, words: Sequence[str], _given: bytes) -> Done:
        return Done(0 if words[-1] in self.entries else 1)

    def _mkdir(self, words: Sequence[str], _given: bytes) -> Done:
        path = words[-1]
        if path in self.entries:
            return Done(0 if "-p" in words else 1, b"", b"File exists")
        self.folder(path, Mode(0o700, "root", "root"))
        return Done(0)

    def _dd(self, words: Sequence[str], given: bytes) -> Done:
        options = dict(word.split("=", 1) for word in words)
        path = options["of"]
        if path not in self.entries and self.forbids(path):
            return NOT_PERMITTED
        if "excl" in options.get("conv", "") and path in self.entries:
            return Done(1, b"", b"File exists")
        if options.get("oflag") == "append" and path in self.entries:
            self.entries[path].content += given
        else:
            self.add(path, given, Mode(0o600, self.user, self.user))
        return Done(0)

    def _program_mark(self, words: Sequence[str], given: bytes) -> Done:
        if f"{words[0]}/fired" in self.entries:
            return Done(4)
        self.entries[f"{words[0]}/journal"].content += given
        return Done(0)

    def _sh(self, words: Sequence[str], given: bytes) -> Done:
        """Stand in for the programs that the doors bring along, by their first word."""
        what, *rest = words[3:]
        done: Done = getattr(self, f"_program_{what.replace('-', '_')}")(rest, given)
        return done

    def _program_texts(self, words: Sequence[str], _given: bytes) -> Done:
        rows = []
        for number, path in enumerate(words[1:], 1):
            there = self.entries.get(path)
            if path.endswith("/"):
                names = [p[len(path) :] for p in self.entries if p.startswith(path)]
                rows.append(f"{number} folder\n".encode())
                rows.append(b64encode("\n".join(sorted(names)).encode()) + b"\n")
            elif there is None:
                rows.append(f"{number} absent\n".encode())
            else:
                rows.append(f"{number} file\n".encode())
                rows.append(b64encode(there.content) + b"\n")
        return Done(0, b"".join(rows))

    def _program_try_postfix(self, _words: Sequence[str], _given: bytes) -> Done:
        return Done(0)

    def _program_try_nginx(self, _words: Sequence[str], _given: bytes) -> Done:
        return Done(0)

    def _zmconfigdctl(self, _words: Sequence[str], _given: bytes) -> Done:
        return Done(0)

    def _program_read(self, words: Sequence[str], given: bytes) -> Done:
        return self._cat(words, given)

    def _program_working(self, words: Sequence[str], _given: bytes) -> Done:
        """Return the commands that go on under a lock."""
        found = "".join(f"/proc/{n}/environ\n" for n in self.working.get(words[0], ()))
        return Done(0 if found else 1, found.encode())

    def _program_inhabited(self, words: Sequence[str], _given: bytes) -> Done:
        """Say whether a process lives in a space, one of `working` by its name."""
        return Done(0 if words[0] in self.working else 1)

    def _program_swap(self, words: Sequence[str], _given: bytes) -> Done:
        path, seen, wanted = words
        there = self.entries.get(path)
        now = there.content.decode().rstrip("\n") if there else "-"
        if now != seen:
            return Done(4, b"", b"it has changed meanwhile")
        if wanted == "-":
            self.entries.pop(path, None)
        else:
            self.add(path, f"{wanted}\n", Mode(0o600, "root", "root"))
        return Done(0)

    def _program_mode(self, words: Sequence[str], _given: bytes) -> Done:
        path, seen, owners, mode = words
        if self.flags.get(path):
            return NOT_PERMITTED
        entry = self.entries[path]
        now = entry.mode
        assert seen == f"{now.mode:o} {now.owner} {now.group}"
        entry.mode = Mode(int(mode, 8), *owners.split(":"))
        return Done(0)

    def _chown(self, words: Sequence[str], _given: bytes) -> Done:
        owner, _, group = words[1].partition(":")
        entry = self.entries[words[-1]]
        entry.mode = Mode(entry.mode.mode & 0o1777, owner, group)
        return Done(0)

    def _chmod(self, words: Sequence[str], _given: bytes) -> Done:
        entry = self.entries[words[-1]]
        entry.mode = Mode(int(words[0], 8), entry.mode.owner, entry.mode.group)
        return Done(0)

    def _mv(self, words: Sequence[str], _given: bytes) -> Done:
        old, new = words[-2:]
        if self.forbids(old, new):
            return NOT_PERMITTED
        for path in [p for p in self.entries if p == old or p.startswith(f"{old}/")]:
            self.entries[new + path[len(old) :]] = self.entries.pop(path)
        return Done(0)

    def _rm(self, words: Sequence[str], _given: bytes) -> Done:
        for name in words[words.index("--") + 1 :]:
            if name in self.entries and self.forbids(name):
                return NOT_PERMITTED
            for path in fnmatch.filter(self.entries, name + "*"):
                if path == name or path.startswith(f"{name}/"):
                    del self.entries[path]
        return Done(0)

    def _sync(self, _words: Sequence[str], _given: bytes) -> Done:
        return Done(0)

    def _ls(self, words: Sequence[str], _given: bytes) -> Done:
        base = f"{words[-1]}/"
        names = {
            p[len(base) :].split("/")[0] for p in self.entries if p.startswith(base)
        }
        return Done(0, "".join(f"{n}\n" for n in sorted(names)).encode())

    def _cmp(self, words: Sequence[str], given: bytes) -> Done:
        return Done(0 if self.entries[words[-2]].content == given else 1)

    def _crontab(self, words: Sequence[str], given: bytes) -> Done:
        user, verb = words[1], words[2]
        if verb == "-l":
            if user not in self.crontabs:
                return Done(1, b"", b"no crontab for " + user.encode())
            return Done(0, self.crontabs[user].encode())
        if verb == "-r":
            del self.crontabs[user]
        else:
            self.crontabs[user] = given.decode()
        return Done(0)

    def _systemctl(self, words: Sequence[str], _given: bytes) -> Done:
        verb, unit = words[0], words[-1]
        if verb in {"daemon-reload", "reset-failed", "reload-or-restart"}:
            return Done(0)
        if unit.startswith("zmward-"):
            return self._own_unit(verb, words)
        state = self.units.get(unit, UnitState(enabled=False, active=False))
        if verb == "is-active":
            return Done(0 if state.active else 3)
        if verb == "show":
            enabled = "enabled" if state.enabled else "disabled"
            active = "active" if state.active else "inactive"
            rows = f"LoadState=loaded\nUnitFileState={enabled}\nActiveState={active}\n"
            return Done(0, rows.encode())
        self.units[unit] = UnitState(
            enabled={"enable": True, "disable": False}.get(verb, state.enabled),
            active={"start": True, "stop": False}.get(verb, state.active),
        )
        return Done(0)

    def _own_unit(self, verb: str, words: Sequence[str]) -> Done:
        names = {word for word in words if word.startswith("zmward-")}
        if verb == "is-active" and words[-1].endswith(".service"):
            # Its services are enabled for a boot, and run when a test says so.
            return Done(3)
        if verb in {"is-active", "is-enabled"}:
            return Done(0 if names <= self.timers else 1)
        if verb == "enable":
            self.timers |= names
        if verb in {"disable", "stop"}:
            self.timers -= names
        return Done(0)

    def _systemd_run(self, words: Sequence[str], _given: bytes) -> Done:
        unit = next(w for w in words if w.startswith("--unit=")).partition("=")[2]
        if f"{unit}.timer" in self.timers:
            return Done(1, b"", b"Unit was already loaded or has a fragment file.")
        self.timers.add(f"{unit}.timer")
        return Done(0)

    def _dpkg_query(self, words: Sequence[str], _given: bytes) -> Done:
        there = words[-1] in self.packages
        return Done(0, b"installed") if there else Done(1, b"", b"no packages found")

    def _apt_get(self, words: Sequence[str], _given: bytes) -> Done:
        if "-s" in words:
            lost = f"Remv {self.removes} [1]\n" if self.removes else ""
            return Done(0, f"{lost}Inst {words[-1]} (1.0)\n".encode())
        self.packages.add(words[-1])
        return Done(0)

    def _zmlocalconfig(self, words: Sequence[str], _given: bytes) -> Done:
        if self.forbids(PATH):
            return NOT_PERMITTED
        values = dict(own_values(self.entries[PATH].content))
        key, _, value = words[1].partition("=")
        if words[0] == "-u":
            values.pop(key, None)
        else:
            values[key] = value
        # The real one renames a new file into place and forgets order and mode.
        self.add(PATH, settings(values), Mode(0o600, "zimbra", "zimbra"))
        return Done(0)

    def _configrewrite(self, words: Sequence[str], _given: bytes) -> Done:
        self.rendered.append(tuple(words))
        return Done(0)

    def _sshd(self, _words: Sequence[str], _given: bytes) -> Done:
        files = [
            e.content for p, e in self.entries.items() if p.startswith("/etc/ssh/")
        ]
        wrong = any(b"Nonsense" in content for content in files)
        return Done(255 if wrong else 0, b"", b"Bad configuration option: Nonsense")

    def _zmmtactl(self, _words: Sequence[str], _given: bytes) -> Done:
        return Done(0)

    def _zmmailboxdctl(self, _words: Sequence[str], _given: bytes) -> Done:
        return Done(0)

    def _postconf(self, words: Sequence[str], _given: bytes) -> Done:
        verb, last = words[0], words[-1]
        if verb == "-h":
            return Done(0, b"yes\n")
        if verb == "-d":
            there = last.startswith("smtpd_")
            return Done(0, f"{last} = no\n".encode() if there else b"")
        if verb == "-X":
            self.parameters.pop(last, None)
        if verb == "-e":
            name, _, value = last.partition("=")
            self.parameters[name] = value
        shown = (f"{n} = {v}\n" for n, v in self.parameters.items())
        return Done(0, "".join(shown).encode() if verb == "-n" else b"")
