"""The filters of Zimbra's jails exist and know the lines of current versions."""

import re
from collections.abc import Iterator

from zmward.control import Control, Severity, fails, unconcerned, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, not_concerned, unknown
from zmward.facts import Facts
from zmward.sources.fail2ban import FAIL2BAN, Fail2ban, Jail

# `cmd=Auth`, and ways to write both at once: `cmd=(?:Admin)?Auth`, `(AdminAuth|Auth)`.
_USERS = re.compile(r"(?<!Admin)Auth\b")


def _problem(jail: Jail, filters: dict[str, str]) -> str:
    if jail.filter not in filters:
        return f"jail {jail.name}: the filter {jail.filter} does not exist"
    text = filters[jail.filter]
    if "AdminAuth" in text and not _USERS.search(text):
        return f"jail {jail.name}: its filter knows cmd=AdminAuth only"
    return ""


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    if facts.absent(FAIL2BAN, host):
        yield not_concerned(Layer.DECLARED, host, "fail2ban is not installed")
        return
    found = facts.read(FAIL2BAN, host)
    jails = [jail for jail in found.jails if any("zimbra" in p for p in jail.logs)]
    if not jails:
        yield not_concerned(Layer.DECLARED, host, "no jail reads Zimbra's logs")
        return
    problems = [_problem(jail, dict(found.filters)) for jail in jails]
    for text in filter(None, problems):
        yield deviates(
            Layer.DECLARED,
            host,
            text,
            "a filter that matches this version's lines",
            no_cure="Write its failregex for lines of `cmd=Auth`, and count what it "
            "finds: `fail2ban-regex /opt/zimbra/log/audit.log FILTER`. `zmward logs "
            "bans` will write one that is proved.",
            source="fail2ban",
        )
    names = ", ".join(jail.name for jail in jails)
    reason = f"{names}: whether they match is for `zmward logs bans` to prove"
    yield unknown(Layer.RUNNING, host, reason)


_JAIL = Jail("zimbra-auth", "zimbra-auth", ("/opt/zimbra/log/audit.log",))
_OLD = "failregex = cmd=AdminAuth; account=.*; error="
_NEW = "failregex = security - cmd=Auth; account=[^;]*; protocol=[^;]*; error="

CONTROL = Control(
    id="fail2ban-filters-match",
    title="The filters of Zimbra's jails know the lines of this version",
    why="A filter that matches nothing bans nobody and says nothing.",
    impact="None by itself.",
    severity=Severity.LOW,
    tips=("T05",),
    check=on_hosts(Layer.DECLARED, (FAIL2BAN,), _look),
    refs=("https://github.com/fail2ban/fail2ban",),
    note=(
        "Administrators' logins are cmd=Auth since 8.8.15 patch 30, 9.0.0 patch 23 "
        "and 10.0. Most published filters are older, and know IPv4 only."
    ),
    examples=(
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
