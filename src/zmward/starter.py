"""Writes a commented profile: every key, its default and what it decides."""

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from zmward.catalog.profile_keys import KEYS
from zmward.profile import Kind, Profile, Services, Thresholds

_TABLES = ("networks", "services", "thresholds")
_FIREWALL_LISTS = ("services", "allow", "refuse")
_AFTER = ("severity", "waiver", "attestation")
_EXAMPLES: Final[Mapping[str, str]] = {
    "firewall.services": """\
# [firewall.services]
# mailbox-admin = ["admin"]
""",
    "firewall.allow": """\
# [[firewall.allow]]
# name = "nrpe"
# from = ["monitoring", "192.0.2.9"]
# why = "the monitoring hosts ask it"
""",
    "firewall.refuse": """\
# [[firewall.refuse]]
# port = 8080
# protocol = "tcp"
# why = "a test server that only this host uses"
""",
    "backups.copy": """\
# [[backups.copy]]
# name = "nightly"
# kind = "restic"
# place = "sftp:backup@vault.example.net:/srv/mail"
# password-file = "/etc/zmward/restic.password"
# off-site = true
# transfer-mbit = 200
""",
    "severity": """\
# [severity]
# sharing-with-guests-off = "medium"
""",
    "waiver": """\
# [[waiver]]
# control = "ssh-without-passwords"
# reason = "keys are rolled out until spring"
# approver = "head of IT"
# ticket = "SEC-12"
# until = 2027-01-31
# scope = ["mail.example.com"]
""",
    "attestation": """\
# [[attestation]]
# subject = "backup-offsite"
# by = "head of IT"
# on = 2026-11-01
# until = 2027-05-01
""",
}

_KINDS: Final[Mapping[str, tuple[Services, Thresholds]]] = {
    "small": (Services(), Thresholds(admin_accounts=3)),
    "isp": (
        Services(imap="wanted", pop="wanted", smtp_auth="wanted", forwarding="wanted"),
        Thresholds(admin_accounts=10, stale_account_days=730, session="1d"),
    ),
    "university": (
        Services(
            imap="wanted",
            smtp_auth="wanted",
            sharing="wanted",
            external_sharing="wanted",
            forwarding="wanted",
        ),
        Thresholds(admin_accounts=8, stale_account_days=400),
    ),
}


def preset(kind: Kind) -> Profile:
    """Return the defaults for a kind of site."""
    services, thresholds = _KINDS[kind]
    return Profile(kind=kind, services=services, thresholds=thresholds)


def with_networks(profile: Profile, **networks: Iterable[str]) -> Profile:
    """Return the profile with some of its networks named."""
    named = {name: tuple(values) for name, values in networks.items()}
    return replace(profile, networks=replace(profile.networks, **named))


def _comment(text: str) -> Iterator[str]:
    for line in textwrap.wrap(text, 76):
        yield f"# {line}"


def _value(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    if isinstance(value, Mapping):
        inner = ", ".join(f"{key} = {_value(own)}" for key, own in value.items())
        return f"{{ {inner} }}"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def _table(
    name: str, rows: Mapping[str, Any], origins: Mapping[str, str]
) -> Iterator[str]:
    yield ""
    yield from _comment(KEYS[name])
    yield f"[{name}]"
    for key, value in rows.items():
        yield from _comment(KEYS[f"{name}.{key}"])
        yield from _comment(origins.get(f"{name}.{key}", ""))
        yield f"{key} = {_value(value)}"


def _entries(name: str, rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield one table for each entry, without what is as usual."""
    yield ""
    yield from _comment(KEYS[name])
    for row in rows:
        yield f"[[{name}]]"
        for key in ("name", "port", "protocol", "from", "why"):
            # A name says the protocol.
            if row[key] and (key != "protocol" or not row["name"]):
                yield f"{key} = {_value(row[key])}"
        yield ""


def _firewall(own: Mapping[str, Any], origins: Mapping[str, str]) -> Iterator[str]:
    """Yield the whitelist's table, its lists, and an example for each empty one."""
    plain = {k: v for k, v in own.items() if k not in _FIREWALL_LISTS}
    yield from _table("firewall", plain, origins)
    if own["services"]:
        yield from ("", *_comment(KEYS["firewall.services"]), "[firewall.services]")
        yield from (
            f"{key} = {_value(zones)}" for key, zones in own["services"].items()
        )
    for key in ("allow", "refuse"):
        if own[key]:
            yield from _entries(f"firewall.{key}", own[key])
    for key in _FIREWALL_LISTS:
        if not own[key]:
            name = f"firewall.{key}"
            yield from ("", *_comment(KEYS[name]), "#", *_EXAMPLES[name].splitlines())


def _backups(own: Mapping[str, Any], origins: Mapping[str, str]) -> Iterator[str]:
    """Yield the table of backups, its copies, or an example of one."""
    yield from _table("backups", {k: v for k, v in own.items() if k != "copy"}, origins)
    yield from ("", *_comment(KEYS["backups.copy"]))
    usual = {"hours": 0, "pattern": "*", "keep-days": 14}
    for row in own["copy"]:
        yield "[[backups.copy]]"
        for key, value in row.items():
            if value and usual.get(key) != value:
                yield f"{key} = {_value(value)}"
        yield ""
    if not own["copy"]:
        yield from ("#", *_EXAMPLES["backups.copy"].splitlines())


def starter(
    profile: Profile, seen: Mapping[str, str], origins: Mapping[str, str] | None = None
) -> str:
    """Return the profile as TOML.

    `seen` is what the server showed, by key; `origins` says where a value comes from.
    """
    tables: dict[str, Any] = msgspec.to_builtins(profile)
    known = origins or {}
    lines = ["# The site's profile for zmward. Check it with: zmward audit", ""]
    lines += _comment(KEYS["kind"])
    lines.append(f"kind = {_value(tables['kind'])}")
    for name in _TABLES:
        lines += _table(name, tables[name], known)
    lines += _firewall(tables["firewall"], known)
    lines += _table("scan", tables["scan"], known)
    lines += _table("patches", tables["patches"], known)
    lines += _table("logs", tables["logs"], known)
    lines += _table("bans", tables["bans"], known)
    lines += _backups(tables["backups"], known)
    lines += _table("integrity", tables["integrity"], known)
    for key, text in seen.items():
        lines += ["", *_comment(f"Seen on the server, {key}: {text}")]
    for name in _AFTER:
        lines += ["", *_comment(KEYS[name]), "#", *_EXAMPLES[name].splitlines()]
    return _spaced(lines)


def _spaced(lines: Iterable[str]) -> str:
    """Return the lines as a text, with one empty line where there were several."""
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    return "\n".join(kept).rstrip() + "\n"
