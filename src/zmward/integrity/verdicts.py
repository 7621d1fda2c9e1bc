"""What a difference means: expected, a package's own, worth a look, or an alarm.

A file changes for a good reason when a package was upgraded and now says that the file
is to be so, when Zimbra itself writes such files, or when somebody accepts it.
"""

from collections.abc import Iterator, Mapping
from posixpath import join, normpath
from typing import Final, Literal

import msgspec

from zmward.catalog.installation import Class, Place, place_of, real
from zmward.i18n import mark
from zmward.integrity.compare import Difference
from zmward.integrity.names import named
from zmward.integrity.node import IMMUTABLE, OTHERS_WRITE, SET_ID, Node
from zmward.integrity.shipped import Database

Cause = Literal["package", "expected", "seen", "alarm"]

# Endings of what Jetty, PHP or a shell would run. Tags and fragments are compiled into
# pages as pages are.
PROGRAMS: Final = (
    *(".jsp", ".jspx", ".jspf", ".jsw", ".jsv", ".jsf", ".xsp"),
    *(".tag", ".tagx", ".tagf"),
    *(".class", ".jar", ".war", ".so", ".php", ".phtml", ".phar", ".cgi", ".sh"),
    *(".py", ".pl", ".pm", ".exe", ".elf", ".bin"),
)
RULES: Final[Mapping[str, tuple[str, str]]] = {
    "foreign-program": (
        mark("a new program where none belongs"),
        mark(
            "Treat it as a break-in until proved otherwise: keep it with `zmward "
            "integrity hunt --save DIR`, and look for requests to it in the logs."
        ),
    ),
    "program-changed": (
        mark("a program that no package brought is not what it was"),
        mark(
            "Who runs it runs what was put there: find out who changed it; if it is "
            "yours, accept it with --path."
        ),
    ),
    "runs-code": (
        mark("what is written there now runs code, as intruders have it"),
        mark("`zmward integrity hunt` shows the words; keep it with --save."),
    ),
    "line-of-no-template": (
        mark("it holds or lacks lines that Zimbra cannot have made of its template"),
        mark(
            "`zmward integrity explain` shows them: find out who wrote them. Zimbra "
            "takes them out when it writes the file anew; yours belong into a setting "
            "or the template."
        ),
    ),
    "link-laid": (
        mark("a link is new, or leads elsewhere now"),
        mark("See where it leads, and who laid it; if it is yours, accept it."),
    ),
    "new-code": (
        mark("a new file among the code, and no package upgrade brought it"),
        mark("Find out who put it there; if it is yours, accept it with --path."),
    ),
    "code-changed": (
        mark("code is not what it was, and no package upgrade explains it"),
        mark(
            "Compare it with the package (`dpkg -V`, `rpm -V`) or with another node; "
            "reinstall the package once you know who changed it."
        ),
    ),
    "code-gone": (
        mark("code is gone, and no package upgrade explains it"),
        mark("Reinstall its package once you know who removed it."),
    ),
    "template-changed": (
        mark("a template was edited: what Zimbra writes from it changes too"),
        mark("If it was you, accept it with --path; upgrades take the edit away."),
    ),
    "key-changed": (
        mark("a key, a certificate, a trust store or a secret was changed"),
        mark("If you renewed or added it, accept it with --path."),
    ),
    "system-changed": (
        mark("what the system runs or trusts was changed"),
        mark("Find out who wrote it; if it is yours, accept it with --path."),
    ),
    "not-as-shipped": (
        mark("it was not as its package has it already when the baseline was made"),
        mark(
            "Compare it with the package's own file; accept it with --path if the "
            "site edits it on purpose."
        ),
    ),
    "same-version-other-content": (
        mark("its package says it is right, but that package was not upgraded"),
        mark(
            "The package database was changed with it, or the package was built anew "
            "under the same number: fetch the package again from its source."
        ),
    ),
    "another-sort": (
        mark("it is another sort of thing now (a link where a file was, or such)"),
        mark("See where it leads, and who made it so."),
    ),
    "set-id": (
        mark("it runs with the rights of its owner or group, and did not before"),
        mark("Take the bit off (`chmod u-s,g-s`) once you know who set it."),
    ),
    "capability": (
        mark("its capabilities changed: a program gains rights by them"),
        mark("`getcap` shows them; a package's own script sets those of nginx."),
    ),
    "writable": (
        mark("others may write to it now"),
        mark("`zmfixperms` puts modes and owners right."),
    ),
    "owner-changed": (
        mark("it has another owner or mode"),
        mark("`zmfixperms` puts modes and owners right."),
    ),
    "bit-lost": (
        mark("the immutable bit that protected it is off"),
        mark("`chattr +i` sets it again once its content is known to be good."),
    ),
}
_OF_CLASS: Final[Mapping[Class, str]] = {
    Class.CODE: "code-changed",
    Class.TEMPLATE: "template-changed",
    Class.KEY: "key-changed",
    Class.SYSTEM: "system-changed",
}
_GUARDED: Final = frozenset({Class.CODE, Class.TEMPLATE, Class.KEY, Class.SYSTEM})
# Here the ending says less than the mode: a program needs none.
LOOSE: Final = frozenset({Class.GENERATED, Class.ZIMLET, Class.FOREIGN})


class Judged(msgspec.Struct, frozen=True):
    """One difference with its class and what it means; a rule names the alarm."""

    difference: Difference
    place: Place
    cause: Cause
    rules: tuple[str, ...] = ()
    package: str = ""

    @property
    def path(self) -> str:
        """Return the path as it is recorded."""
        return self.difference.path


class Packages(msgspec.Struct, frozen=True):
    """The package database now, and the versions when the baseline was made.

    `agreeing` are paths that were looked at and are as their package has them,
    `written` those that a package's script has written from what it ships, `running`
    those whose content the hunt gives an alarm for, `unmade` those that no values make
    of their templates.
    """

    database: Database
    before: Mapping[str, str]
    agreeing: frozenset[str] = frozenset()
    written: frozenset[str] = frozenset()
    running: frozenset[str] = frozenset()
    unmade: frozenset[str] = frozenset()

    def moved(self, package: str) -> bool:
        """Say whether a package was upgraded, installed or removed since."""
        return self.before.get(package, "") != self.database.versions.get(package, "")


def _ending(path: str) -> str:
    name = path.rpartition("/")[2].lower()
    dot = name.rfind(".")
    return name[dot:] if dot >= 0 else ""


def program(node: Node, place: Place) -> bool:
    """Say whether something would run a file that does not belong where it is."""
    if node.sort == "folder":
        return False
    ending = _ending(node.path)
    if ending in place.home:
        return False
    return ending in PROGRAMS or (node.runs and place.kind in LOOSE)


def _risky(was: Node | None, now: Node, place: Place) -> Iterator[str]:
    """Yield what is never expected, whatever the class."""
    if was is not None and was.sort != now.sort:
        yield "another-sort"
    if now.sort == "file":
        if now.mode & SET_ID & ~(was.mode if was else 0):
            yield "set-id"
        if now.capability != (was.capability if was else ""):
            yield "capability"
    if now.sort in {"file", "folder"} and place.kind is not Class.DATA:
        opened = now.mode & OTHERS_WRITE and not (was and was.mode & OTHERS_WRITE)
        if opened and not now.mode & 0o1000:
            yield "writable"
    was_program = was is not None and program(was, place)
    if program(now, place) and not was_program:
        yield "foreign-program"


def _guarded(one: Difference, place: Place) -> Iterator[str]:
    """Yield what may not happen to code, templates, keys and the system."""
    if place.kind not in _GUARDED:
        yield from _loose(one, place)
        return
    named_rule = _OF_CLASS[place.kind]
    if one.now is None:
        yield "code-gone" if place.kind is Class.CODE else named_rule
    elif one.was is None:
        if one.now.sort != "folder" or place.kind is Class.SYSTEM:
            yield "new-code" if place.kind is Class.CODE else named_rule
    else:
        if one.content or "extra" in one.names:
            yield named_rule
        if one.names & {"mode", "uid", "gid"}:
            yield "owner-changed"
        if one.was.flags & IMMUTABLE and not one.now.flags & IMMUTABLE:
            yield "bit-lost"


def _loose(one: Difference, place: Place) -> Iterator[str]:
    """Yield what may not happen even where others than packages write."""
    if one.now is None or place.kind not in LOOSE:
        return
    new = one.was is None
    if one.now.sort == "link" and (new or "target" in one.names):
        yield "link-laid"
    theirs = place.kind is not Class.GENERATED
    if theirs and not new and one.content and program(one.now, place):
        yield "program-changed"


def judge(one: Difference, packages: Packages) -> Judged:
    """Return what one difference means."""
    place = place_of(named(one.path))
    package = packages.database.owner(one.path) or (one.was.package if one.was else "")
    moved = bool(package) and packages.moved(package)
    agrees = one.path in packages.agreeing
    if one.now is None and moved and not packages.database.owner(one.path):
        return Judged(one, place, "package", (), package)
    risky = tuple(_risky(one.was, one.now, place)) if one.now else ()
    rights = {"mode", "uid", "gid"}
    if one.path in packages.written and not risky and not one.names & rights:
        return Judged(one, place, "package", (), package)
    if one.now and moved and (agrees or _own_link(one.now, packages.database)):
        # A package brings contents. Rights that its script gives it anew were there
        # before; those that were not, nobody has explained.
        worse = tuple(rule for rule in risky if rule != "foreign-program")
        if one.was and one.was.sort == "file" and one.names & {"uid", "gid"}:
            worse = (*worse, "owner-changed")
        return Judged(one, place, "alarm" if worse else "package", worse, package)
    guarded = tuple(_guarded(one, place))
    if agrees and one.content and guarded:
        guarded = ("same-version-other-content", *guarded)
    shown = ("runs-code",) if one.path in packages.running else ()
    unmade = ("line-of-no-template",) if one.path in packages.unmade else ()
    rules = tuple(dict.fromkeys((*risky, *shown, *unmade, *guarded)))
    if rules:
        return Judged(one, place, "alarm", rules, package)
    own = place.kind in {Class.GENERATED, Class.ZIMLET}
    return Judged(one, place, "expected" if own else "seen", (), package)


def _own_link(node: Node, database: Database) -> bool:
    """Say whether a package's link leads to what is a package's too.

    No package database that dpkg keeps says where links lead.
    """
    if node.sort != "link" or not database.owner(node.path):
        return False
    above = node.path.rpartition("/")[0]
    return bool(database.owner(real(normpath(join(above, node.target)))))


def standing(path: str, database: Database) -> Judged:
    """Return the alarm for a recorded file that was not as its package has it."""
    row = place_of(named(path))
    alarm: tuple[str, ...] = ("not-as-shipped",)
    return Judged(
        Difference(path, None, None), row, "alarm", alarm, database.owner(path)
    )
