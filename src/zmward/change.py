"""A change that can be shown, applied and taken back: one value per kind.

The union is closed. Each kind knows its target, its inverse and the very commands
that an administrator would type; who carries it out is the engine's matter.

SetAttr · SetLocalConfig    the directory, localconfig.xml
WriteFile · SetMode         a file's whole text, its mode and owners
SetParameter                one of Postfix's own parameters in main.cf
SetCrontab                  a user's whole crontab
SetUnit                     whether a systemd unit is enabled and running
LoadRuleset                 our own rules in the packet filter, kept when confirmed
InstallPackage              compensated: what was installed stays and is named
Act                         an action of the catalog, such as rendering a section
"""

from typing import Literal

import msgspec

from zmward.catalog.actions import READERS, argv, restarted
from zmward.catalog.attributes import attributes
from zmward.catalog.localconfig import keys
from zmward.ruleset import LoadRuleset

SECRET = "(secret)"  # noqa: S105  # what is shown instead of one
"""What stands for a text that is shown to nobody."""

_VERBS = {"server": "ms", "cos": "mc", "domain": "md", "account": "ma"}

Reversible = Literal["reversible", "compensated", "irreversible"]
Support = Literal["vendor", "local", "unsupported"]
Commands = tuple[tuple[str, ...], ...]


class SetAttr(msgspec.Struct, frozen=True, tag="set-attr", tag_field="kind"):
    """Sets one attribute of one object of the directory.

    `target` is `global`, `server:NAME`, `cos:NAME`, `domain:NAME` or `account:NAME`.
    `before` and `after` are the object's own values; None means that none is set
    there, so that an inherited value shows through.
    """

    target: str
    attribute: str
    before: tuple[str, ...] | None
    after: tuple[str, ...] | None

    @property
    def place(self) -> tuple[str, ...]:
        """Return what two changes must not share."""
        return "directory", self.target, self.attribute

    def inverse(self) -> "SetAttr":
        """Return the change that gives the old own values back."""
        return SetAttr(self.target, self.attribute, self.after, self.before)

    def commands(self) -> Commands:
        """Return the zmprov line that does the same."""
        kind, _, name = self.target.partition(":")
        verb = ("mcf",) if kind == "global" else (_VERBS[kind], name)
        pairs = [
            word for value in self.after or ("",) for word in (self.attribute, value)
        ]
        return (("zmprov", *verb, *pairs),)

    def restarts(self) -> tuple[str, ...]:
        """Return the services that must restart before the value works."""
        row = attributes().get(self.attribute)
        return () if row is None else row.restart


class SetLocalConfig(
    msgspec.Struct, frozen=True, tag="set-localconfig", tag_field="kind"
):
    """Sets one localconfig key on one host; None means: not in the file."""

    target: str
    key: str
    before: str | None
    after: str | None

    @property
    def place(self) -> tuple[str, ...]:
        """Return what two changes must not share."""
        return "localconfig", self.target, self.key

    def inverse(self) -> "SetLocalConfig":
        """Return the change that gives the old value back."""
        return SetLocalConfig(self.target, self.key, self.after, self.before)

    def commands(self) -> Commands:
        """Return the zmlocalconfig line that does the same, run as user zimbra."""
        if self.after is None:
            return (("zmlocalconfig", "-u", self.key),)
        return (("zmlocalconfig", "-e", f"{self.key}={self.after}"),)

    def restarts(self) -> tuple[str, ...]:
        """Return the services that must restart before the value works."""
        row = keys().get(self.key)
        return () if row is None or row.reloadable else row.restart


class FileText(msgspec.Struct, frozen=True):
    """A whole file: its text, octal mode, owner and group by name.

    A `secret` text is written and kept by root only, and shown to nobody.
    """

    text: str
    mode: int = 0o644
    owner: str = "root"
    group: str = "root"
    secret: bool = False

    def __repr__(self) -> str:
        """Return the mode and owners, and a text only where it is no secret."""
        text = SECRET if self.secret else self.text
        return f"FileText({text!r}, 0o{self.mode:o}, {self.owner!r}, {self.group!r})"


class WriteFile(msgspec.Struct, frozen=True, tag="write-file", tag_field="kind"):
    """Writes or removes one file on one host; None means: no such file.

    `validator` names the daemon that must accept the result before it stays, and
    `reloads` the units that read it, both by rows of catalog/actions.py.
    """

    target: str
    path: str
    before: FileText | None
    after: FileText | None
    validator: str = ""
    reloads: tuple[str, ...] = ()

    @property
    def place(self) -> tuple[str, ...]:
        """Return what two changes must not share."""
        return "file", self.target, self.path

    def inverse(self) -> "WriteFile":
        """Return the change that gives the old file back."""
        return WriteFile(
            self.target,
            self.path,
            self.after,
            self.before,
            self.validator,
            self.reloads,
        )

    def commands(self) -> Commands:
        """Return what an administrator would type; the text itself is shown apart."""
        if self.after is None:
            return (("rm", "--", self.path),)
        owner = f"{self.after.owner}:{self.after.group}"
        return (
            ("install", "-m", f"{self.after.mode:04o}", "/dev/stdin", self.path),
            ("chown", owner, self.path),
        )

    def restarts(self) -> tuple[str, ...]:
        """Return no Zimbra service: the units are only reloaded."""
        return ()


class Mode(msgspec.Struct, frozen=True):
    """The octal mode of a path, its owner and group by name."""

    mode: int
    owner: str
    group: str


class SetMode(msgspec.Struct, frozen=True, tag="set-mode", tag_field="kind"):
    """Sets mode and owners of one existing path on one host."""

    target: str
    path: str
    before: Mode
    after: Mode

    @property
    def place(self) -> tuple[str, ...]:
        """Return what two changes must not share."""
        return "mode", self.target, self.path

    def inverse(self) -> "SetMode":
        """Return the change that gives the old mode and owners back."""
        return SetMode(self.target, self.path, self.after, self.before)

    def commands(self) -> Commands:
        """Return the chown and chmod lines."""
        owner = f"{self.after.owner}:{self.after.group}"
        return (
            ("chown", owner, "--", self.path),
            ("chmod", f"{self.after.mode:04o}", "--", self.path),
        )

    def restarts(self) -> tuple[str, ...]:
        """Return nothing: no service needs to know."""
        return ()


class SetParameter(msgspec.Struct, frozen=True, tag="set-parameter", tag_field="kind"):
    """Sets one parameter of Postfix in main.cf; None means: it is not said there.

    `builtin` is what Postfix does where main.cf does not say it; it is known, and
    needed, only where one of the two sides is None.
    """

    target: str
    parameter: str
    before: str | None
    after: str | None
    builtin: str = ""

    @property
    def place(self) -> tuple[str, ...]:
        """Return what two changes must not share."""
        return "parameter", self.target, self.parameter

    def inverse(self) -> "SetParameter":
        """Return the change that gives the old setting back."""
        pair = (self.after, self.before)
        return SetParameter(self.target, self.parameter, *pair, self.builtin)

    def commands(self) -> Commands:
        """Return the postconf line, run as user zimbra."""
        if self.after is None:
            return (("postconf", "-X", self.parameter),)
        return (("postconf", "-e", f"{self.parameter}={self.after}"),)

    def restarts(self) -> tuple[str, ...]:
        """Return the MTA, which is reloaded."""
        return ("mta",)


class SetCrontab(msgspec.Struct, frozen=True, tag="set-crontab", tag_field="kind"):
    """Sets the whole crontab of one user on one host; None means: has none."""

    target: str
    user: str
    before: str | None
    after: str | None

    @property
    def place(self) -> tuple[str, ...]:
        """Return what two changes must not share."""
        return "crontab", self.target, self.user

    def inverse(self) -> "SetCrontab":
        """Return the change that gives the old crontab back."""
        return SetCrontab(self.target, self.user, self.after, self.before)

    def commands(self) -> Commands:
        """Return the crontab line; the text itself is shown apart."""
        word = "-r" if self.after is None else "-"
        return (("crontab", "-u", self.user, word),)

    def restarts(self) -> tuple[str, ...]:
        """Return nothing: cron looks by itself."""
        return ()


class UnitState(msgspec.Struct, frozen=True):
    """Whether a unit starts at boot, and whether it runs."""

    enabled: bool
    active: bool


class SetUnit(msgspec.Struct, frozen=True, tag="set-unit", tag_field="kind"):
    """Enables and starts one systemd unit on one host, or the opposite."""

    target: str
    unit: str
    before: UnitState
    after: UnitState

    @property
    def place(self) -> tuple[str, ...]:
        """Return what two changes must not share."""
        return "unit", self.target, self.unit

    def inverse(self) -> "SetUnit":
        """Return the change that gives the old state back."""
        return SetUnit(self.target, self.unit, self.after, self.before)

    def commands(self) -> Commands:
        """Return the systemctl lines, only for what differs."""
        found = []
        if self.before.enabled != self.after.enabled:
            verb = "enable" if self.after.enabled else "disable"
            found.append(("systemctl", verb, self.unit))
        if self.before.active != self.after.active:
            verb = "start" if self.after.active else "stop"
            found.append(("systemctl", verb, self.unit))
        return tuple(found)

    def restarts(self) -> tuple[str, ...]:
        """Return nothing: the unit itself is what changes."""
        return ()


class InstallPackage(
    msgspec.Struct, frozen=True, tag="install-package", tag_field="kind"
):
    """Installs one package on one host; undo leaves it there and names it."""

    target: str
    package: str
    manager: Literal["apt", "dnf"]

    @property
    def place(self) -> tuple[str, ...]:
        """Return what two changes must not share."""
        return "package", self.target, self.package

    def inverse(self) -> None:
        """Return None: what was installed stays and is named."""
        return

    def commands(self) -> Commands:
        """Return the package manager's line."""
        if self.manager == "apt":
            return (
                ("apt-get", "install", "-y", "--no-install-recommends", self.package),
            )
        return (("dnf", "install", "-y", self.package),)

    def restarts(self) -> tuple[str, ...]:
        """Return the services that look for the package only when they start."""
        return READERS.get(self.package, ())


class Act(msgspec.Struct, frozen=True, tag="act", tag_field="kind"):
    """Carries out one action of catalog/actions.py on one host."""

    target: str
    action: str
    arguments: tuple[str, ...] = ()

    @property
    def place(self) -> tuple[str, ...]:
        """Return what two changes must not share."""
        return "act", self.target, self.action, *self.arguments

    def inverse(self) -> "Act":
        """Return the same action: it renders or reloads what is there then."""
        return self

    def commands(self) -> Commands:
        """Return the catalog's command for the action."""
        return (argv(self.action, self.arguments),)

    def restarts(self) -> tuple[str, ...]:
        """Return the services that the action restarts."""
        return restarted(self.action, self.arguments)


Change = (
    SetAttr
    | SetLocalConfig
    | WriteFile
    | SetMode
    | SetParameter
    | SetCrontab
    | SetUnit
    | LoadRuleset
    | InstallPackage
    | Act
)
