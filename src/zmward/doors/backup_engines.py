"""The door to restic and borg: argv lists, passwords by the name of their file only.

What an engine needs from the environment comes from a file of root's, which a shell
on the host reads, so that it is no argument of any program.
"""

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final

from zmward.backup_places import Copy
from zmward.backups.listing import Trouble
from zmward.doors.files import look
from zmward.doors.host import Done, Door
from zmward.doors.waited import TIMED_OUT
from zmward.i18n import mark

_SOURCED: Final = 'file=$1; shift; [ "$file" = - ] || { set -a; . "$file"; }; exec "$@"'
_ABSENT: Final = 127
_TIMED_OUT: Final = frozenset({TIMED_OUT, 137})
# What engines say, and what it means; the exit codes of restic are newer than these.
_LOCKED: Final = ("already locked", "Failed to create/acquire the lock", "LockTimeout")
_WRONG: Final = ("wrong password", "no key found", "passphrase supplied", "Passphrase")
# restic asks whether there is a repository whatever hindered it; only this says no.
_NONE: Final = ("does not exist", "is not a valid repository", "no such file")


def problem(door: Door, path: str) -> str:
    """Say why a file of secrets is not to be trusted; empty where it is."""
    node = look(door, path)
    if node is None:
        return f"{path} is not there"
    if node.kind not in {"regular file", "regular empty file"}:
        return f"{path} is a {node.kind}"
    if node.mode.owner != "root":
        return f"{path} belongs to {node.mode.owner}, not to root"
    if node.mode.mode & 0o077:
        return f"{path} has the mode {node.mode.mode:04o}: others may read it"
    return _swappable(door, path)


def _swappable(door: Door, path: str) -> str:
    """Say which folder of a path lets others than root put another file there."""
    for folder in PurePosixPath(path).parents:
        node = look(door, f"{folder}/.")
        if node is None or node.mode.owner != "root":
            return f"{folder}, where {path} lies, is not root's"
        if node.mode.mode & 0o022 and not node.mode.mode & 0o1000:
            return f"{folder}, where {path} lies, can be written by others"
    return ""


def secrets(door: Door, copy: Copy) -> Trouble | None:
    """Return what is wrong with the files that hold a copy's secrets."""
    for path in (copy.password_file, copy.environment_file):
        said = problem(door, path) if path else ""
        if said:
            step = mark(
                "make it a file of root's with the mode 0600, in folders of root's"
            )
            return Trouble("bad", "place", said, step)
    return None


def borg_environment(copy: Copy, *, plain: bool = True) -> tuple[str, ...]:
    """Return the words of env for borg; no value among them is a secret.

    `plain` says whether a repository that is not encrypted is spoken to.
    """
    words: tuple[str, ...] = (
        *("TZ=UTC", "BORG_EXIT_CODES=legacy", "BORG_DISPLAY_PASSPHRASE=no"),
        # Without a terminal, a question of borg's would be a refusal.
        f"BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK={'yes' if plain else 'no'}",
        *("BORG_RELOCATED_REPO_ACCESS_IS_OK=no",),
    )
    if copy.password_file:
        # borg splits this by the rules of a shell, which the path must survive.
        quoted = "'" + copy.password_file.replace("'", "'\\''") + "'"
        words = (*words, f"BORG_PASSCOMMAND=cat -- {quoted}")
    return words


def called(copy: Copy, *words: str, plain: bool = True) -> tuple[str, ...]:
    """Return the whole argument list that runs an engine on a copy's host."""
    if copy.kind == "restic":
        engine: tuple[str, ...] = (
            *("restic", "--repo", copy.place),
            *("--password-file", copy.password_file),
        )
    else:
        engine = ("env", *borg_environment(copy, plain=plain), "borg")
    given = copy.environment_file or "-"
    return ("sh", "-c", _SOURCED, "zmward", given, *engine, *words)


def ask(door: Door, copy: Copy, *words: str, seconds: int = 120) -> Done:
    """Run one question; nothing is locked, and nothing is written to the repository."""
    return door.run(called(copy, *words), seconds=seconds)


def _says(done: Done, words: Sequence[str]) -> bool:
    text = (done.error + done.out).decode("utf-8", "replace").lower()
    return any(word.lower() in text for word in words)


def trouble(done: Done, copy: Copy) -> Trouble:
    """Return what an engine's failure means."""
    program = copy.kind
    if done.code == _ABSENT:
        step = mark("install it on the host that is asked, or ask another with --host")
        return Trouble("unknown", "place", f"{program} is not installed", step)
    if done.code in _TIMED_OUT:
        text = f"{program} gave no answer in time"
        return Trouble("unknown", "place", text, mark("ask it by hand"))
    if _says(done, _WRONG):
        text = f"the password in {copy.password_file or 'the profile'} does not open it"
        step = mark("find the right one now: without it nothing can be restored")
        return Trouble("bad", "place", text, step)
    if _says(done, _LOCKED):
        text = f"the repository is locked: {done.said}"
        step = mark("wait for who works on it; if nobody does, unlock it by hand")
        return Trouble("unknown", "place", text, step)
    if _says(done, _NONE):
        text = f"there is no repository at {copy.place}: {done.said}"
        return Trouble("bad", "place", text, mark("see where it went"))
    step = mark("ask it by hand; the profile names place and password-file")
    return Trouble("unknown", "place", f"{program} did not answer: {done.said}", step)
