"""Makes evidence out of the cases of advisories.toml, as a server would give it."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from functools import cache
from pathlib import Path
from typing import Any

from tests.examples import _entry
from zmward.catalog.overrides import OVERRIDES
from zmward.evidence import DIRECTORY, Answer, Evidence, Missing, Parsed
from zmward.facts import Facts
from zmward.profile import Profile
from zmward.sources.accounts import Accounts, Census, Group
from zmward.sources.localconfig import Localconfig
from zmward.sources.source import Status

Case = Mapping[str, Any]
Found = Answer | Missing | Parsed

_STATES = {
    "deinstall ok config-files": "rc",
    "install ok half-configured": "iF",
    "install ok unpacked": "iU",
    "install reinstreq half-installed": "iH",
}
_SERVICES = {"store": ("mailbox", "zimbra", "zimbraAdmin", "service")}
_THERE = Status(0o644, "zimbra", "zimbra", 1, 1, "regular file")
_UNREAD = Missing("it could not be read")
_BEGIN = "1: INSTALL SESSION START\n2: INSTALL SESSION COMPLETE\n"


@cache
def cases() -> tuple[Case, ...]:
    text = (Path(__file__).parent / "advisories.toml").read_text("utf-8")
    return tuple(tomllib.loads(text)["case"])


def _packages(node: Case) -> Found:
    if "packages" not in node:
        return _UNREAD
    states = node.get("package_state", {})
    lines = (
        f"{_STATES[states[name]] if name in states else 'ii'} {name} {version}\n"
        for name, version in node["packages"].items()
    )
    return Answer("".join(lines))


def _configured(node: Case) -> Iterator[str]:
    """Yield the diary's lines that packages of patches write when they are ready."""
    for name, version in node.get("packages", {}).items():
        if not name.endswith("-patch") and name != "zimbra-patch":
            continue
        if name in node.get("package_state", {}):
            continue
        kind = name.removeprefix("zimbra-")
        match = re.match(r"(\d+\.\d+\.\d+)\.\d+\.p([\d.]+)-", version)
        number = f"{match[1]}_P{match[2]}" if match else version.partition("-")[0]
        yield f"3: CONFIGURED {kind} {number}\n"


def _history(node: Case) -> Found:
    if "history" in node.get("unread", ()):
        return _UNREAD
    if "history" in node:
        return Answer("".join(f"{line}\n" for line in node["history"]))
    # zmcontrol has its patch from this diary, so the one tells the other.
    told = re.search(r"Patch (\S+_P[\d.]+?)\.?$", node.get("release", ""))
    patched = any("patch" in name for name in node.get("packages", {}))
    if told and not patched:
        return Answer(f"{_BEGIN}3: CONFIGURED patch {told[1]}\n")
    return Answer(_BEGIN + "".join(_configured(node)))


def _release(node: Case) -> Found:
    if "release" in node.get("unread", ()) or "release" not in node:
        return _UNREAD
    return Answer(f"{node['release']}\n")


def _localconfig(node: Case) -> Found:
    if any(one.startswith("localconfig") for one in node.get("unread", ())):
        return _UNREAD
    return Parsed(Localconfig(dict(node.get("localconfig", {}))))


def _pax(node: Case) -> Found:
    if "executable:pax" in node.get("unread", ()):
        return _UNREAD
    path = node.get("executables", {}).get("pax", "/usr/bin/pax")
    return Parsed((path,) if path else ())


def _zimlets(node: Case) -> Found:
    if "zimlets" in node.get("unread", ()):
        return _UNREAD
    folder = "/opt/zimbra/zimlets-deployed"
    paths = [folder, *(f"{folder}/{name}" for name in node.get("zimlets", ()))]
    return Parsed(dict.fromkeys(paths, _THERE))


def _extensions(node: Case) -> Found:
    if any(one.startswith("file:") for one in node.get("unread", ())):
        return _UNREAD
    paths = ["/opt/zimbra/lib/ext"]
    for path, there in node.get("files", {}).items():
        if there and path.startswith("/opt/zimbra/lib/ext/"):
            paths.append(path if path.endswith(".jar") else f"{path}/one.jar")
    return Parsed(dict.fromkeys(paths, _THERE))


def _node(node: Case) -> dict[str, Found]:
    return {
        "packages": _packages(node),
        "install-history": _history(node),
        "zmcontrol-release": _release(node),
        "localconfig": _localconfig(node),
        "amavis-pax": _pax(node),
        "zimlets": _zimlets(node),
        "extensions": _extensions(node),
    }


def _named(case: Case, kind: str) -> dict[str, Mapping[str, Any]]:
    found = case.get("attributes", {})
    begin = f"{kind}:"
    return {
        name.removeprefix(begin): values
        for name, values in found.items()
        if name.startswith(begin)
    }


def _server(case: Case, node: Case) -> Any:
    services: list[str] = []
    for role in node.get("roles", ()):
        services += _SERVICES.get(role, (role,))
    own = {"zimbraServiceEnabled": services}
    if node.get("edition") in ("FOSS", "NETWORK"):
        own["zimbraServerVersionType"] = node["edition"]
    own |= _named(case, "server").get(node["name"], {})
    return _entry("server", node["name"], own)


def _accounts(case: Case) -> tuple[Accounts, int]:
    """Return what is known of accounts, and how many have passwords of programs."""
    overrides: dict[str, dict[str, Group]] = {}
    second = programs = 0
    for name, values in _named(case, "account").items():
        second += values.get("zimbraTwoFactorAuthEnabled") == "TRUE"
        programs += "zimbraAppSpecificPassword" in values
        for attribute in OVERRIDES:
            if attribute in values:
                one = {values[attribute]: Group(1, (name,))}
                overrides.setdefault(attribute, {}).update(one)
    census = Census(second_factor=second)
    return Accounts(0, (), {}, overrides, {}, census), programs


def _directory(case: Case) -> dict[str, Found]:
    unread = [one for node in case["node"] for one in node.get("unread", ())]
    accounts, programs = _accounts(case)
    found: dict[str, Found] = {
        "ldap-config": Parsed(
            _entry(
                "config", "global", case.get("attributes", {}).get("globalConfig", {})
            )
        ),
        "ldap-servers": Parsed(tuple(_server(case, node) for node in case["node"])),
        "ldap-accounts": Parsed(accounts),
        "ldap-app-passwords": Parsed(programs),
    }
    coses = _named(case, "cos") or {"default": {}}
    found["ldap-cos"] = Parsed(tuple(_entry("cos", n, v) for n, v in coses.items()))
    domains = _named(case, "domain")
    found["ldap-domains"] = Parsed(
        tuple(_entry("domain", n, v) for n, v in domains.items())
    )
    if any(one.startswith("attribute:") for one in unread):
        for name in ("ldap-cos", "ldap-domains", "ldap-accounts"):
            found[name] = _UNREAD
    return found


def moment(case: Case) -> datetime:
    """Return the time at which a case is judged: a plain day is its noon."""
    now = case["now"]
    if isinstance(now, datetime):
        return now
    assert isinstance(now, date)
    return datetime.combine(now, time(12), UTC)


def facts_of(case: Case, profile: Profile | None = None) -> Facts:
    """Return the evidence of a case."""
    answers = {
        node["name"]: _node(node)
        for node in case["node"]
        if "node" not in node.get("unread", ())
    }
    now = moment(case)
    evidence = Evidence(now.isoformat(), {**answers, DIRECTORY: _directory(case)})
    return Facts(evidence, profile or Profile(), now)
