"""The program git, in an environment of ours: no user's settings, hooks or pager."""

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from zmward.doors.waited import FLOODED, TIMED_OUT, waited
from zmward.errors import Incomplete, Refused

_SECONDS: Final = 120
# How `git config` ends where it finds nothing.
_NONE_FOUND: Final = 1
_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_CLEAN: Final[Mapping[str, str]] = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    # A repository's own settings can name a program that fetches what it lacks, and
    # allow it by name; over these two they have no power.
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_PAGER": "cat",
    "HOME": "/nonexistent",
    "LC_ALL": "C",
    "TZ": "UTC",
}
# What git, gpg and ssh-keygen need to sign with the user's own key.
_OF_THE_USER: Final = (
    "HOME",
    "GNUPGHOME",
    "GPG_TTY",
    "SSH_AUTH_SOCK",
    "XDG_CONFIG_HOME",
)
_SETTINGS: Final = (
    *("core.hooksPath=/dev/null", "core.fsmonitor=false", "core.pager=cat"),
    *("core.attributesFile=/dev/null", "core.untrackedCache=false"),
    *("core.logAllRefUpdates=true", "core.fsync=all", "gc.auto=0"),
    *("core.quotePath=true", "init.defaultBranch=main", "protocol.allow=never"),
    *("core.useReplaceRefs=false", "log.showSignature=false"),
)


class Git:
    """Runs git in one bare repository."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(
        self,
        *words: str,
        given: bytes = b"",
        extra: Mapping[str, str] | None = None,
        as_user: bool = False,
    ) -> tuple[int, bytes, str]:
        """Return exit code, output, and complaint of one git command.

        `as_user` lets the user's own configuration count: who signs, and with what.
        A repository that names a program to sign with is refused then.
        """
        if shutil.which("git", path=_PATH) is None:
            raise Incomplete(
                "git is not installed here: the history of the configuration is kept "
                "with it. Install the package `git`."
            )
        kept = dict(_CLEAN)
        if as_user:
            self._signs_nothing()
            kept.pop("GIT_CONFIG_GLOBAL")
            kept |= {n: os.environ[n] for n in _OF_THE_USER if n in os.environ}
        kept |= {"PATH": _PATH, **(extra or {})}
        settings = (*_SETTINGS, f"safe.directory={self.folder}")
        options = [word for one in settings for word in ("-c", one)]
        git = ("git", f"--git-dir={self.folder}", "--no-replace-objects", *options)
        held = ("sh", "-c", 'umask 077; exec "$@"', "sh", *git, *words)
        pairs = (f"{name}={value}" for name, value in kept.items())
        ended = waited(("env", "-i", *pairs, *held), given, _SECONDS)
        if ended.code in (TIMED_OUT, FLOODED):
            raise Incomplete(f"git gave no answer that could be taken: {words[0]}.")
        said = " ".join(ended.error.decode("utf-8", "replace").split())[:500]
        return ended.code, ended.out, said

    def _signs_nothing(self) -> None:
        """Refuse a repository whose own settings say how to sign."""
        asked = ("config", "--includes", "--name-only", "--get-regexp", r"^gpg\.")
        code, out, said = self.run(*asked)
        if code != _NONE_FOUND:
            found = " ".join(out.decode("utf-8", "replace").split()) or said
            raise Refused(
                f"{self.folder}: the repository's own settings say how to sign "
                f"({found[:200]}), and they may name any program: take them out, and "
                "set them in your own git configuration."
            )

    def must(
        self,
        *words: str,
        given: bytes = b"",
        extra: Mapping[str, str] | None = None,
        as_user: bool = False,
    ) -> bytes:
        """Return the output of a git command that must end well."""
        code, out, said = self.run(*words, given=given, extra=extra, as_user=as_user)
        if code:
            raise Refused(f"{self.folder}: git {words[0]} failed: {said}")
        return out


def lines(wanted: Sequence[str]) -> bytes:
    """Return lines as git reads them from its standard input."""
    return "".join(f"{line}\n" for line in wanted).encode("utf-8", "surrogateescape")
