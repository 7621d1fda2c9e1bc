"""Log lines to a central server: what a host lacks for it, and the plan.

The key is part of a change whose text nobody is shown; it is written from standard
input, for rsyslog's own user alone.
"""

import re
from collections.abc import Iterable, Iterator

import msgspec

from zmward.change import (
    Change,
    FileText,
    InstallPackage,
    SetUnit,
    UnitState,
    WriteFile,
)
from zmward.controls.shapes.repair import manager
from zmward.doors.files import look, must, read_bytes, read_file
from zmward.doors.host import Door
from zmward.doors.log_authority import Identity, Unfit, fits
from zmward.doors.system import installed, read_unit
from zmward.errors import Refused
from zmward.facts import Facts
from zmward.i18n import mark
from zmward.logs.forward import (
    ACCESS,
    ACCESS_FILE,
    AUTHORITY,
    CERTIFICATE,
    DISK_GIB,
    FOLDER,
    FORWARD,
    KEY,
    RECEIVE,
    Sending,
    Taking,
    access,
    forward,
    receive,
)
from zmward.plan import Host, Plan, Step, described, order
from zmward.sources.identity import IDENTITY
from zmward.sources.logging import RSYSLOG, Logging


class Purpose(msgspec.Struct, frozen=True):
    """What a plan is for: in words, and by the controls that are audited again."""

    title: str
    impact: str
    controls: tuple[str, ...] = ()


SENDING = Purpose(
    mark("Log lines go to a central log server, inside TLS"),
    mark("rsyslog restarts once; addresses and names of users leave the host."),
    (
        *("audit-and-web-logs-shipped", "dead-log-host-blocks-nothing"),
        *("logs-leave-the-host", "logs-travel-encrypted"),
    ),
)
TAKING = Purpose(
    mark("Log lines of the named senders are taken, inside TLS, and of nobody else"),
    mark("rsyslog restarts once; its port must be open to the senders."),
)
_UNIT = "rsyslog.service"
_VALIDATOR = "rsyslog"
_MAIN = "/etc/rsyslog.conf"
_PRIVATE = 0o600
_PROFILES = "/sys/kernel/security/apparmor/profiles"
_VERSION = re.compile(rb"rsyslogd:?\s+(?:version )?(\d+)\.(\d+)")
_OWN_CERTIFICATES = (8, 2108)
_APPARMOR = ("/etc/apparmor.d/local/usr.sbin.rsyslogd", "/etc/apparmor.d/rsyslog.d")
_TRUSTED = re.compile(r"[a-z_][a-z0-9_-]{0,31}")


def _user(door: Door) -> str:
    """Return as whom rsyslog runs; Refused where it does not run."""
    asked = ("ps", "-o", "user:32=", "-C", "rsyslogd")
    names = set(door.run(asked).out.decode("utf-8", "replace").split())
    if len(names) != 1 or not _TRUSTED.fullmatch(min(names)):
        raise Refused(
            f"rsyslog does not run on {door.name}: `systemctl status rsyslog` says "
            "why. Nothing was changed."
        )
    return names.pop()


def _loaded(found: Logging, *ours: str) -> tuple[str, ...]:
    """Return our modules that others load; only the main file comes before ours."""
    own = (FORWARD, RECEIVE)
    others = {n: path for path, n in found.modules if n in ours and path not in own}
    for name, path in others.items():
        if path != _MAIN:
            raise Refused(
                f"{path} loads rsyslog's {name}, which can be loaded once only: move "
                f"that line into {_MAIN}, before it includes the folder. Nothing was "
                "changed."
            )
    return tuple(others)


def _old(door: Door) -> bool:
    """Say whether this rsyslog has one set of certificates for all of itself."""
    asked = must(door.run(("rsyslogd", "-v")), "rsyslogd", door.name)
    found = _VERSION.search(asked.out)
    if found is None:
        raise Refused(f"rsyslogd on {door.name} does not tell its version.")
    return (int(found[1]), int(found[2])) < _OWN_CERTIFICATES


def _alone(door: Door) -> None:
    """Refuse where an old rsyslog has certificates for something else."""
    words = ("grep", "-rlsi", "--", "DefaultNetstreamDriver[CK]", _MAIN, FOLDER)
    found = door.run(words).out.decode("utf-8", "replace").split()
    others = [path for path in found if path not in (FORWARD, RECEIVE)]
    if others:
        raise Refused(
            f"rsyslog on {door.name} is older than 8.2108, so it has one set of "
            f"certificates, and {others[0]} sets it already: forward there by hand, or "
            "update rsyslog. Nothing was changed."
        )


def _roomy(door: Door, found: Logging) -> None:
    """Refuse where the queue has no place, or would fill the disk."""
    if not found.work.startswith("/"):
        raise Refused(
            f"rsyslog on {door.name} has no work directory, so nothing can wait on "
            f"disk: set $WorkDirectory in {_MAIN}. Nothing was changed."
        )
    asked = door.run(("df", "-Pk", "--", found.work))
    rows = must(asked, "df", found.work).out.decode("utf-8", "replace").split()
    free = int(rows[-3]) >> 20 if len(rows) > 3 and rows[-3].isdigit() else 0  # noqa: PLR2004  # df's columns
    if free < 2 * DISK_GIB:
        raise Refused(
            f"{found.work} has less than {2 * DISK_GIB} GiB free, and up to "
            f"{DISK_GIB} GiB may wait there. Nothing was changed."
        )


def _confined(door: Door) -> None:
    """Refuse where AppArmor would keep rsyslog from Zimbra's logs."""
    profiles = door.run(("cat", "--", _PROFILES)).out.decode("utf-8", "replace")
    if not re.search(r"^\S*rsyslogd \(enforce\)$", profiles, re.MULTILINE):
        return
    if door.run(("grep", "-rqsF", "--", "/opt/zimbra/log/", *_APPARMOR)).code:
        raise Refused(
            f"AppArmor keeps rsyslog on {door.name} from Zimbra's logs. Add the line "
            f"`/opt/zimbra/log/ r,` and the line `/opt/zimbra/log/** r,` to "
            f"{_APPARMOR[0]}, run `apparmor_parser -r /etc/apparmor.d/"
            "usr.sbin.rsyslogd`, then try again. Nothing was changed."
        )


def kept(door: Door, name: str, authority: str) -> bool:
    """Say whether the host has a key and a certificate that still do."""
    if any(look(door, path) is None for path in (AUTHORITY, CERTIFICATE, KEY)):
        return False
    try:
        texts = [read_bytes(door, path).decode() for path in (AUTHORITY, CERTIFICATE)]
        fits(name, authority, texts[1])
    except (Unfit, UnicodeDecodeError):
        return False
    return texts[0] == authority


def _file(door: Door, host: str, path: str, wanted: FileText) -> Iterator[Change]:
    old = read_file(door, path)
    before = old and msgspec.structs.replace(old, secret=wanted.secret)
    if before == wanted:
        return
    conf = path.endswith(".conf")
    validator = _VALIDATOR if conf else ""
    units = () if path == ACCESS_FILE else (_UNIT,)
    yield WriteFile(host, path, before, wanted, validator, units)


def _packages(
    door: Door, facts: Facts, host: str, names: Iterable[str]
) -> Iterator[Change]:
    kind = manager(facts, host)
    for name in names:
        if kind == "apt" and not installed(door, name, "apt"):
            yield InstallPackage(host, name, "apt")
        elif kind == "dnf" and not installed(door, name, "dnf"):
            yield InstallPackage(host, name, "dnf")


def _access(door: Door, host: str, user: str) -> Iterator[Change]:
    """Yield what lets rsyslog's user read the logs; root needs no leave."""
    if user == "root":
        return
    yield from _file(door, host, ACCESS_FILE, FileText(access(user)))
    state, wanted = read_unit(door, ACCESS), UnitState(enabled=True, active=True)
    if state != wanted:
        yield SetUnit(host, ACCESS, state, wanted)


def _identity(
    door: Door, host: str, user: str, identity: Identity | None
) -> Iterator[Change]:
    """Yield the files of an identity; none means: the host keeps the one it has."""
    if identity is None:
        return
    yield from _file(door, host, AUTHORITY, FileText(identity.authority))
    yield from _file(door, host, CERTIFICATE, FileText(identity.certificate))
    key = FileText(identity.key, _PRIVATE, user, user, secret=True)
    yield from _file(door, host, KEY, key)


def forwarding(
    door: Door, facts: Facts, host: str, what: Sending, identity: Identity | None
) -> tuple[Change, ...]:
    """Return what a host lacks to send; no identity means: it keeps the one it has."""
    found, user = facts.read(RSYSLOG, host), _user(door)
    loaded = _loaded(found, "imfile")
    _roomy(door, found)
    _confined(door)
    old = _old(door)
    if old:
        _alone(door)
    packages = ("rsyslog-gnutls", *(("acl",) if user != "root" else ()))
    text = forward(what, loaded, old=old)
    return (
        *_packages(door, facts, host, packages),
        *_identity(door, host, user, identity),
        *_file(door, host, FORWARD, FileText(text)),
        *_access(door, host, user),
    )


def receiving(
    door: Door, facts: Facts, host: str, what: Taking, identity: Identity | None
) -> tuple[Change, ...]:
    """Return what a host lacks to receive; no identity: it keeps the one it has."""
    user = _user(door)
    loaded = _loaded(facts.read(RSYSLOG, host), "imtcp")
    if _old(door):
        raise Refused(
            f"rsyslog on {door.name} is older than 8.2108 and cannot listen with "
            "certificates of its own: take a newer system for the log host."
        )
    return (
        *_packages(door, facts, host, ("rsyslog-gnutls",)),
        *_identity(door, host, user, identity),
        *_file(door, host, RECEIVE, FileText(receive(what, loaded))),
    )


def _step(change: Change, about: Purpose) -> Step:
    return msgspec.structs.replace(
        described(change, (), (change.target,)),
        controls=about.controls,
        titles=(about.title,),
        impact=(about.impact,),
    )


def planned(
    facts: Facts, host: str, wanted: tuple[Change, ...], about: Purpose, version: str
) -> Plan:
    """Return the plan of what a host lacks."""
    return Plan(
        host=Host(host, facts.read(IDENTITY, host).machine),
        when=facts.evidence.when,
        zmward=version,
        steps=tuple(sorted((_step(one, about) for one in wanted), key=order)),
        reloads=(),
        left=(),
        hosts_seen=(host,),
    )
