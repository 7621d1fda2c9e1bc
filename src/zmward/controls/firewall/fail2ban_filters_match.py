"""The filters of Zimbra's jails exist and know the lines of current versions."""

import re
from collections.abc import Iterator, Mapping

from zmward.bans.foreign import Flaw, flaws
from zmward.bans.jails import DIRECT, EITHER, EVENT_LOGS, JAILS, LOGIN, Placed
from zmward.bans.render import FOLDER, filter_file, filter_text
from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.controls.shapes.unittext import unit_text
from zmward.deviation import (
    Judgement,
    Layer,
    deviates,
    not_concerned,
    sound,
    unknown,
)
from zmward.facts import Facts
from zmward.sources.directory import SERVERS
from zmward.sources.fail2ban import FAIL2BAN, Fail2ban, Jail
from zmward.sources.localconfig import LOCALCONFIG
from zmward.sources.own_files import OWN_FILES, OwnFile, OwnFiles
from zmward.sources.packages import PACKAGES
from zmward.sources.units import UNITS, unit

# `cmd=Auth`, and ways to write both at once: `cmd=(?:Admin)?Auth`, `(AdminAuth|Auth)`.
_USERS = re.compile(r"(?<!Admin)Auth\b")


_WORTH: Mapping[Flaw, str] = {
    "deaf": "its filter finds none of the failed logins that this version writes",
    "fooled": "words of a client can make its filter ban somebody else",
    "proxy": "its filter takes the proxy for the client",
}


_AUDIT = "/opt/zimbra/log/audit.log"
_LOGGED = "zimbra_additional_logging"


_ANEW = (
    "Have `zmward logs bans --install` write jails whose filters are proved, and "
    "disable this one."
)


def _problems(jail: Jail, filters: Mapping[str, str]) -> Iterator[str]:
    if jail.filter not in filters:
        yield f"jail {jail.name}: the filter {jail.filter} does not exist"
        return
    text = filters[jail.filter]
    if "AdminAuth" in text and not _USERS.search(text):
        yield f"jail {jail.name}: its filter knows cmd=AdminAuth only"
    for flaw in sorted(flaws(text, jail.logs) or ()):
        yield f"jail {jail.name}: {_WORTH[flaw]}"


def _tried(
    facts: Facts, host: str, jail: Jail, filters: Mapping[str, str]
) -> Iterator[Judgement]:
    """Judge a filter in which nothing else is wrong, by lines of this version."""
    text = filters.get(jail.filter, "")
    found = flaws(text, jail.logs)
    if found is None:
        reason = f"{jail.name}: what its filter finds cannot be tried here"
        yield unknown(Layer.DECLARED, host, reason)
        return
    if not found and _AUDIT in jail.logs:
        own = facts.read(LOCALCONFIG, host).value(_LOGGED) or ""
        if own.lower() == "true" and flaws(text, jail.logs, unknown_logged=True):
            yield deviates(
                Layer.DECLARED,
                host,
                f"jail {jail.name}: {_WORTH['fooled']}, as {_LOGGED} is true",
                "a filter that no client can turn against others",
                no_cure=_ANEW,
                source="fail2ban",
            )
            return
    seen = f"{jail.name} was tried with lines as this version writes them"
    yield sound(Layer.DECLARED, host, source="fail2ban", seen=seen)


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    if facts.absent(FAIL2BAN, host):
        yield not_concerned(Layer.DECLARED, host, "fail2ban is not installed")
        return
    found = facts.read(FAIL2BAN, host)
    jails = [jail for jail in found.jails if any(map(_of_zimbra, jail.logs))]
    if not jails:
        yield not_concerned(Layer.DECLARED, host, "no jail reads Zimbra's logs")
        return
    others = [jail for jail in jails if not jail.ours]
    for text in (p for jail in others for p in _problems(jail, found.filters)):
        yield deviates(
            Layer.DECLARED,
            host,
            text,
            "a filter that matches this version's lines",
            no_cure=_ANEW,
            source="fail2ban",
        )
    for jail in jails:
        if jail.ours:
            yield _own(facts, host, jail)
    if LOGIN.name in {jail.name for jail in jails} and host in facts.hosts("mailbox"):
        yield from _fed(facts, host)
    for jail in others:
        yield from _tried(facts, host, jail, found.filters)


def _fed(facts: Facts, host: str) -> Iterator[Judgement]:
    """Judge whether somebody writes the event log that a jail of ours reads."""
    service = unit(facts.read(UNITS, host), "zmward-follow")
    rows = (
        (Layer.RUNNING, service.runs, f"zmward-follow is {service.active}"),
        (
            Layer.LASTING,
            service.lasts,
            f"zmward-follow is {service.boot or 'not installed'}",
        ),
    )
    for layer, good, text in rows:
        if good:
            yield sound(layer, host, source="units", seen=text)
        else:
            yield deviates(
                layer,
                host,
                text,
                "active and enabled, since it writes what the jail reads",
                no_cure="`systemctl enable --now zmward-follow`; how it is installed "
                "says docs/guides/follow-the-logs.md.",
                source="units",
            )


def _of_zimbra(log: str) -> bool:
    return "zimbra" in log or log == EVENT_LOGS


def _own(facts: Facts, host: str, jail: Jail) -> Judgement:
    """Judge a jail of ours: its filter must be the one that is proved."""
    files = facts.read(OWN_FILES, host)
    known = {row.name: row for row in JAILS}.get(jail.filter)
    local = f"{FOLDER}/filter.d/{jail.filter}.local"
    if local in files.found or local in files.odd:
        reason = f"{local} changes the filter of {jail.name}; nothing proves it"
        return unknown(Layer.DECLARED, host, reason)
    texts = set()
    if known is not None:
        texts = {filter_text(Placed(known, (), way), host) for way in (EITHER, DIRECT)}
        path = filter_file(known)
        if path in files.odd:
            return unknown(Layer.DECLARED, host, files.odd[path])
        file = files.found.get(path)
        if file is not None and file.text in texts:
            text = f"{jail.name} has this version's filter"
            return sound(Layer.DECLARED, host, source="own-files", seen=text)
    return deviates(
        Layer.DECLARED,
        host,
        f"jail {jail.name}: its filter is not this version's",
        "the filter that is proved",
        no_cure="`zmward logs bans --install` writes it anew.",
        source="own-files",
    )


_JAIL = Jail("zimbra-auth", "zimbra-auth", ("/opt/zimbra/log/audit.log",))
_OURS = Fail2ban((Jail(LOGIN.name, LOGIN.name, (EVENT_LOGS,)),), (), {})
_LINE = "failregex = INFO .*;oip=<HOST>;.*authentication failed for .*invalid password"
_FOOLED = f"[Definition]\n{_LINE}\n"
# Nothing within a line fools these two: what stands before the address is no client's.
_STRICT = (
    "[Definition]\nfailregex = \\[name=[^;\\]]*;ip=<HOST>;port=\\d+;soapId=1;\\] "
    "SoapEngine - handler exception: authentication failed\n"
)
_STRICT_AUDIT = _STRICT.replace(
    "SoapEngine - handler exception: authentication failed", "security - cmd=Auth;"
)
_SMTP = (
    "[Definition]\nfailregex = warning: .*\\[<HOST>\\]: SASL LOGIN auth.* failed: \n"
)
_MAIL = Jail("smtp", "zimbra-smtp", ("/var/log/zimbra.log",))
_BOX = Jail("web", "zimbra-web", ("/opt/zimbra/log/mailbox.log",))
_FOLLOWED = {"units": unit_text("zmward-follow")}
_PATH = filter_file(LOGIN)
_TEXT = OwnFile(filter_text(Placed(LOGIN, ()), "mail.example.com"))
_OLD = "failregex = cmd=AdminAuth; account=.*; error="
_NEW = "failregex = security - cmd=Auth; account=[^;]*; protocol=[^;]*; error="

CONTROL = Control(
    id="fail2ban-filters-match",
    title="The filters of Zimbra's jails know the lines of this version",
    why="A filter that matches nothing bans nobody and says nothing.",
    impact="None by itself.",
    severity=Severity.LOW,
    tips=("T05",),
    check=on_hosts(
        Layer.DECLARED,
        (FAIL2BAN, LOCALCONFIG, OWN_FILES, SERVERS, PACKAGES, UNITS),
        _look,
    ),
    refs=("https://github.com/fail2ban/fail2ban",),
    note=(
        "Administrators' logins are cmd=Auth since 8.8.15 patch 30, 9.0.0 patch 23 "
        "and 10.0. Most published filters are older, and know IPv4 only. Clients can "
        "write whole lines into mailbox.log, and with zimbra_additional_logging into "
        "audit.log: every filter that reads those can be turned against others."
    ),
    examples=(
        passes(fail2ban=_OURS, own_files=OwnFiles({_PATH: _TEXT}), raw=_FOLLOWED),
        fails(
            fail2ban=_OURS,
            own_files=OwnFiles({_PATH: _TEXT}),
            raw={"units": unit_text("zmward-follow", active="failed")},
        ),
        fails(
            fail2ban=_OURS,
            own_files=OwnFiles({_PATH: _TEXT}),
            raw={"units": unit_text("fail2ban")},
        ),
        passes(
            services=("proxy",),
            fail2ban=_OURS,
            own_files=OwnFiles({_PATH: _TEXT}),
            raw={"units": unit_text("fail2ban")},
        ),
        fails(
            fail2ban=_OURS,
            own_files=OwnFiles({_PATH: OwnFile(_OLD)}),
            raw=_FOLLOWED,
        ),
        fails(fail2ban=_OURS, own_files=OwnFiles(), raw=_FOLLOWED),
        unsure(
            fail2ban=_OURS,
            own_files=OwnFiles({}, {_PATH: "it is a link"}),
            raw=_FOLLOWED,
        ),
        unsure(
            fail2ban=_OURS,
            own_files=OwnFiles({_PATH.replace(".conf", ".local"): OwnFile("")}),
            raw=_FOLLOWED,
        ),
        unsure(fail2ban=_OURS, missing=("own-files",)),
        passes(fail2ban=Fail2ban((_MAIL,), (), {"zimbra-smtp": _SMTP})),
        fails(fail2ban=Fail2ban((_BOX,), (), {"zimbra-web": _FOOLED})),
        fails(fail2ban=Fail2ban((_BOX,), (), {"zimbra-web": _STRICT})),
        passes(
            fail2ban=Fail2ban((_JAIL,), (), {"zimbra-auth": _STRICT_AUDIT}),
            localconfig={"zimbra_additional_logging": "false"},
        ),
        fails(
            fail2ban=Fail2ban((_JAIL,), (), {"zimbra-auth": _STRICT_AUDIT}),
            localconfig={"zimbra_additional_logging": "true"},
        ),
        unsure(
            fail2ban=Fail2ban((_JAIL,), (), {"zimbra-auth": _STRICT_AUDIT}),
            missing=("localconfig",),
        ),
        fails(fail2ban=Fail2ban((_JAIL,), (), {"zimbra-auth": _OLD})),
        fails(fail2ban=Fail2ban((_JAIL,), (), {})),
        unsure(fail2ban=Fail2ban((_JAIL,), (), {"zimbra-auth": _NEW})),
        unsure(
            fail2ban=Fail2ban(
                (_JAIL,), (), {"zimbra-auth": "failregex = cmd=(AdminAuth|Auth); "}
            )
        ),
        unsure(missing=("fail2ban",)),
        unconcerned(absent=("fail2ban",)),
    ),
)
