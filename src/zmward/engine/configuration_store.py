"""The history of the configuration: a bare git repository, one commit a snapshot.

A commit is made whole beside the branch, and the branch is moved to it last, so that an
interrupted run leaves the history as it was.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from zmward.configuration.merged import FORMAT, VERSION
from zmward.configuration.snapshot import Files
from zmward.doors.git import Git
from zmward.errors import BadFile, Refused, Usage
from zmward.finding import moment

BRANCH: Final = "refs/heads/main"
_NEXT: Final = "refs/zmward/next"
_MAIL: Final = "zmward@localhost"
_NOBODY: Final = "0" * 40
_WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/@{}~^+-]*")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}(T[0-9:.]+(Z|[+-]\d{2}:?\d{2})?)?")
_FIELDS: Final = "%H%x00%P%x00%ct%x00%an%x00%s"
_NUMBER: Final = 5


class Commit(msgspec.Struct, frozen=True):
    """One snapshot: its id, the one before it, when it was seen (epoch), by whom."""

    id: str
    parent: str
    when: int
    author: str
    subject: str

    @property
    def time(self) -> str:
        """Return the time in ISO 8601, UTC."""
        return datetime.fromtimestamp(self.when, UTC).isoformat()


def _quoted(path: str) -> str:
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Store:
    """The repository of one site."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._git = Git(folder)

    @property
    def exists(self) -> bool:
        """Say whether there is a repository."""
        return (self.folder / "HEAD").is_file() and (self.folder / "objects").is_dir()

    def make(self) -> None:
        """Make an empty repository that only its owner may read."""
        if self.folder.exists() and any(self.folder.iterdir()):
            raise Refused(
                f"{self.folder} is no repository of git, and not empty: left alone."
            )
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        words = ("--bare", "--quiet", "--template=", "--initial-branch=main")
        self._git.must("init", *words, str(self.folder))
        self.folder.chmod(0o700)

    def head(self) -> str:
        """Return the last commit; empty where there is none yet."""
        code, out, _ = self._git.run("rev-parse", "--verify", "--quiet", BRANCH)
        return "" if code else out.decode().strip()

    def resolve(self, word: str) -> str:
        """Return the commit that a person names: its id, `HEAD~2`, a tag, or a day."""
        if not self.exists or not self.head():
            raise Usage(
                f"{self.folder} holds no snapshot yet: make one with "
                "`zmward config snapshot`."
            )
        if _DAY.fullmatch(word):
            return self._at(word)
        if not _WORD.fullmatch(word):
            raise Usage(f"{word!r} names no snapshot: `zmward config log` lists them.")
        name = f"{word.replace('HEAD', BRANCH, 1)}^{{commit}}"
        asked = ("--verify", "--quiet", "--end-of-options", name)
        code, out, _ = self._git.run("rev-parse", *asked)
        if code:
            raise Usage(
                f"There is no snapshot {word!r}: `zmward config log` lists them."
            )
        return out.decode().strip()

    def _at(self, day: str) -> str:
        """Return the last snapshot up to a moment; a day counts to its end."""
        try:
            until = moment(day if "T" in day else f"{day}T23:59:59+00:00")
        except ValueError as error:
            raise Usage(f"{day!r} is no day: write 2026-11-21.") from error
        for one in self.log():
            if one.when <= until.timestamp():
                return one.id
        raise Usage(f"No snapshot is as old as {day}: `zmward config log` lists them.")

    def files(self, commit: str) -> dict[str, str]:
        """Return all files of a commit; none for an empty name."""
        if not commit:
            return {}
        listed = self._git.must("ls-tree", "-r", "-z", commit)
        rows = [row.partition(b"\t") for row in listed.split(b"\0") if row]
        blobs = [(p.decode("utf-8", "replace"), h.split()[2]) for h, _, p in rows]
        if not blobs:
            return {}
        ids = b"".join(blob + b"\n" for _, blob in blobs)
        contents = self._git.must("cat-file", "--batch", given=ids)
        found = dict(zip((p for p, _ in blobs), _batch(contents), strict=True))
        if found.get(FORMAT) != VERSION:
            raise BadFile(
                f"{self.folder} holds no history of this version of zmward: name "
                "another folder with --repository."
            )
        return found

    def log(self) -> tuple[Commit, ...]:
        """Return all snapshots, newest first."""
        if not self.head():
            return ()
        out = self._git.must(
            "log", "-z", "--first-parent", f"--format={_FIELDS}", BRANCH
        )
        return tuple(_commits(out.decode("utf-8", "replace").split("\0")))

    def commit(
        self,
        files: Files,
        before: Files,
        when: str,
        message: str,
        *,
        sign: bool = False,
    ) -> str:
        """Put a snapshot on top of the history and return its id."""
        head = self.head()
        at = f"{int(moment(when).timestamp())} +0000"
        stream = b"".join(_stream(files, before, head, at))
        self._git.must("fast-import", "--quiet", "--done", "--force", given=stream)
        tree = self._git.must("rev-parse", f"{_NEXT}^{{tree}}").decode().strip()
        parents = ("-p", head) if head else ()
        words = ("-S", *parents) if sign else parents
        made = self._git.must(
            *("commit-tree", *words, "-F", "-", tree),
            given=message.encode(),
            extra=_author(at, sign=sign),
            as_user=sign,
        )
        new = made.decode().strip()
        moved = ("-m", "snapshot", BRANCH, new, head or _NOBODY)
        self._git.must("update-ref", *moved)
        self._git.must("update-ref", "-d", _NEXT)
        return new


def _author(at: str, *, sign: bool) -> Mapping[str, str]:
    found = {"GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at}
    if sign:
        return found
    for role in ("AUTHOR", "COMMITTER"):
        found |= {f"GIT_{role}_NAME": "zmward", f"GIT_{role}_EMAIL": _MAIL}
    return found


def _commits(fields: Iterable[str]) -> Iterator[Commit]:
    words = iter(fields)
    for row in zip(*[words] * _NUMBER, strict=False):
        commit, parents, when, author, subject = row
        yield Commit(
            id=commit.strip(),
            parent=parents.split()[0] if parents else "",
            when=int(when),
            author=author,
            subject=subject,
        )


def _batch(out: bytes) -> Iterator[str]:
    """Yield the contents of `cat-file --batch`, one after the other."""
    place = 0
    while place < len(out):
        end = out.index(b"\n", place)
        words = out[place:end].split()
        if words[1] != b"blob":
            raise BadFile(f"The history is damaged: {out[place:end].decode()!r}.")
        size = int(words[2])
        yield out[end + 1 : end + 1 + size].decode("utf-8", "surrogateescape")
        place = end + 1 + size + 1


def _data(content: bytes) -> bytes:
    return b"data %d\n%b\n" % (len(content), content)


def _stream(files: Files, before: Files, head: str, at: str) -> Iterator[bytes]:
    """Yield a commit for `git fast-import`: what changed, on top of the last one."""
    yield f"reset {_NEXT}\n".encode()
    if head:
        yield f"from {head}\n\n".encode()
    yield f"commit {_NEXT}\ncommitter zmward <{_MAIL}> {at}\n".encode()
    yield _data(b"snapshot")
    for path in sorted(set(before) - set(files)):
        yield f"D {_quoted(path)}\n".encode()
    for path in sorted(files):
        content = files[path]
        if before.get(path) != content:
            yield f"M 100644 inline {_quoted(path)}\n".encode()
            yield _data(content.encode("utf-8", "surrogateescape"))
    yield b"done\n"
