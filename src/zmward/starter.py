"""Writes a commented profile: every key, its default and what it decides."""

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from zmward.catalog.profile_keys import KEYS
from zmward.profile import Kind, Profile, Services, Thresholds

_TABLES = ("networks", "services", "thresholds")
_EXAMPLES: Final[Mapping[str, str]] = {
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
    return str(value)


def _table(name: str, rows: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield from _comment(KEYS[name])
    yield f"[{name}]"
    for key, value in rows.items():
        yield from _comment(KEYS[f"{name}.{key}"])
        yield f"{key} = {_value(value)}"


def starter(profile: Profile, seen: Mapping[str, str]) -> str:
    """Return the profile as TOML; `seen` is what the server showed, by key."""
    tables: dict[str, Any] = msgspec.to_builtins(profile)
    lines = ["# The site's profile for zmward. Check it with: zmward audit", ""]
    lines += _comment(KEYS["kind"])
    lines.append(f"kind = {_value(tables['kind'])}")
    for name in _TABLES:
        lines += _table(name, tables[name])
    for key, text in seen.items():
        lines += ["", *_comment(f"Seen on the server, {key}: {text}")]
    for name, example in _EXAMPLES.items():
        lines += ["", *_comment(KEYS[name]), "#", *example.splitlines()]
    return "\n".join(lines) + "\n"
