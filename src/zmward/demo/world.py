"""What the sample server holds: made from its recorded evidence, changed in memory."""

import re
from collections.abc import Iterator, Mapping
from typing import TypeVar

import msgspec

from zmward.catalog.attributes import exact_names
from zmward.catalog.postfix import FREE
from zmward.change import Mode, UnitState
from zmward.evidence import DIRECTORY, Answer, Evidence
from zmward.sources.accounts import ACCOUNTS, Accounts
from zmward.sources.crontab import CRONTAB
from zmward.sources.directory import CONFIG, COSES, DOMAINS, SERVERS, Entry
from zmward.sources.identity import IDENTITY
from zmward.sources.localconfig import LOCALCONFIG
from zmward.sources.own_files import OWN_FILES
from zmward.sources.packages import PACKAGES
from zmward.sources.postconf import OWN
from zmward.sources.source import Source, Unreadable, contents, statuses
from zmward.sources.units import UNITS

SETTINGS = "/opt/zimbra/conf/localconfig.xml"
MAIN_CF = "/opt/zimbra/common/conf/main.cf"
REGULAR = "regular file"
FOLDER = "directory"
_ROOTS_FILE = Mode(0o644, "root", "root")
_SETTINGS_MODE = Mode(0o640, "zimbra", "zimbra")
_OWNED = re.compile(r"([0-7]{3,4}) (\S+) (\S+) (/.*)")
# Folders of every such server, which no question lists.
_FOLDERS = (
    *("/etc/apt/apt.conf.d", "/etc/chrony/conf.d", "/etc/fail2ban/action.d"),
    *("/etc/fail2ban/filter.d", "/etc/fail2ban/jail.d", "/etc/rsyslog.d"),
    *("/etc/ssh/sshd_config.d", "/etc/sudoers.d", "/etc/sysctl.d"),
    *("/etc/systemd/system", "/etc/ufw/applications.d", "/var/lib"),
)
# They run on every server, and no question asks systemd for them.
_ALWAYS_THERE = ("ssh.service", "cron.service")
Values = tuple[str, ...]
T = TypeVar("T")


class Node(msgspec.Struct):
    """What has a path: its kind in stat's words, what it holds, when it was made."""

    kind: str
    content: bytes
    mode: Mode
    made: int = 0


class World(msgspec.Struct):
    """All of the sample server that a plan can touch.

    `timers` are named with the time when they are due, `parameters` are Postfix's own
    as far as main.cf says them beside what zmconfigd renders, `rules` our own table of
    the packet filter and `boot_rules` what each run has kept of it for the next boot.
    """

    files: dict[str, Node] = {}
    crontabs: dict[str, str] = {}
    units: dict[str, UnitState] = {}
    masked: set[str] = set()
    packages: dict[str, str] = {}
    timers: dict[str, float] = {}
    parameters: dict[str, str] = {}
    objects: dict[str, dict[str, Values]] = {}
    rules: str = ""
    boot_rules: dict[str, str] = {}


def node(evidence: Evidence) -> str:
    """Return the name of the sample server."""
    return evidence.hosts[0]


def read(evidence: Evidence, host: str, source: Source[T]) -> T:
    """Return what the recorded evidence says; the sample lacks none of it."""
    answer = evidence.answer(host, source.name)
    if not isinstance(answer, Answer):
        raise Unreadable(f"the sample server does not tell {source.name}")
    return source.parse(answer.text)


def _modes(texts: Mapping[str, str]) -> dict[str, Mode]:
    """Return every mode that an answer tells."""
    found = {}
    for text in texts.values():
        try:
            rows = statuses(text)
        except Unreadable:
            continue
        for path, row in rows.items():
            found[path] = Mode(row.mode, row.owner, row.group)
    return found


def _contents(texts: Mapping[str, str]) -> Iterator[tuple[str, str, Mode | None]]:
    """Yield every file whose content an answer tells, with its mode where it does."""
    for text in texts.values():
        try:
            rows = contents(text)
        except Unreadable:
            continue
        for name, content in rows.items():
            owned = _OWNED.fullmatch(name)
            if owned:
                mode = Mode(int(owned[1], 8), owned[2], owned[3])
                yield owned[4], content, mode
            elif name.startswith("/"):
                yield name, content, None


def _own_files(evidence: Evidence) -> dict[str, Node]:
    """Return the files that a plan may write, as they are to the letter."""
    answer = evidence.answer(node(evidence), OWN_FILES.name)
    if not isinstance(answer, Answer):
        return {}
    return {
        path: Node(
            REGULAR,
            file.text.encode("utf-8", "surrogateescape"),
            Mode(file.mode, file.owner, file.group),
        )
        for path, file in OWN_FILES.parse(answer.text).found.items()
    }


def _parameters(evidence: Evidence) -> dict[str, str]:
    """Return what main.cf says itself, of what zmward may set."""
    answer = evidence.answer(node(evidence), OWN.name)
    own = OWN.parse(answer.text) if isinstance(answer, Answer) else {}
    return {name: value for name, value in own.items() if name in FREE}


def _files(evidence: Evidence) -> dict[str, Node]:
    host = node(evidence)
    texts = {
        name: answer.text
        for name, answer in evidence.answers[host].items()
        if isinstance(answer, Answer) and name != CRONTAB.name
    }
    modes = _modes(texts)
    folder = Mode(0o755, "root", "root")
    found = {path: Node(FOLDER, b"", folder) for path in _FOLDERS}
    for path, mode in modes.items():
        found[path] = Node(FOLDER, b"", mode)
    for path, text, own in _contents(texts):
        mode = own or modes.get(path, _ROOTS_FILE)
        found[path] = Node(REGULAR, text.encode("utf-8", "surrogateescape"), mode)
    found |= _own_files(evidence)
    settings = texts.get(LOCALCONFIG.name, "").encode()
    mode = modes.get(SETTINGS, _SETTINGS_MODE)
    found[SETTINGS] = Node(REGULAR, settings, mode)
    found[MAIN_CF] = Node(REGULAR, b"", Mode(0o644, "zimbra", "zimbra"))
    machine = read(evidence, host, IDENTITY).machine
    for path, text in (
        ("/etc/machine-id", machine),
        ("/proc/sys/kernel/random/boot_id", "the sample server"),
    ):
        found[path] = Node(REGULAR, f"{text}\n".encode(), _ROOTS_FILE)
    return found


def _own(entry: Entry) -> dict[str, Values]:
    names = exact_names()
    return {names.get(name, name): tuple(v) for name, v in entry.values.items()}


def _accounts(found: Accounts) -> dict[str, dict[str, Values]]:
    objects: dict[str, dict[str, Values]] = {}
    for admin in found.admins:
        own = {name: tuple(values) for name, values in admin.own.items()}
        objects[f"account:{admin.name}"] = own
    for attribute, groups in found.overrides.items():
        for value, group in groups.items():
            for name in group.names:
                own = objects.setdefault(f"account:{name}", {})
                own[attribute] = tuple(value.split("\n"))
    return objects


def _objects(evidence: Evidence) -> dict[str, dict[str, Values]]:
    entries = (
        read(evidence, DIRECTORY, CONFIG),
        *read(evidence, DIRECTORY, SERVERS),
        *read(evidence, DIRECTORY, COSES),
        *read(evidence, DIRECTORY, DOMAINS),
    )
    objects = {entry.label: _own(entry) for entry in entries}
    return objects | _accounts(read(evidence, DIRECTORY, ACCOUNTS))


def _crontab(evidence: Evidence) -> str:
    answer = evidence.answer(node(evidence), CRONTAB.name)
    files = contents(answer.text) if isinstance(answer, Answer) else {}
    return next(iter(files.values()), "")


def first(evidence: Evidence) -> World:
    """Return the sample server as it was recorded."""
    host = node(evidence)
    units = read(evidence, host, UNITS)
    packages = read(evidence, host, PACKAGES)
    states = {
        name: UnitState(enabled=one.boot == "enabled", active=one.runs)
        for name, one in units.items()
        if one.exists
    }
    running = UnitState(enabled=True, active=True)
    return World(
        files=_files(evidence),
        crontabs={"zimbra": _crontab(evidence)},
        units={**dict.fromkeys(_ALWAYS_THERE, running), **states},
        masked={name for name, one in units.items() if one.loaded == "masked"},
        packages=dict(packages),
        parameters=_parameters(evidence),
        objects=_objects(evidence),
    )
