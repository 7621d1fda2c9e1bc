"""sshd still lets Zimbra's own user in, with its key and on its port."""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.directory import CONFIG
from zmward.sources.sshd import SSHD, Case

_USER = "zimbra"
_NO_CURE = "Add zimbra to the list (or correct the port) in sshd's configuration."


def _patterns(case: Case, option: str) -> list[str]:
    return " ".join(case.settings.get(option, ())).split()


def _problems(case: Case) -> Iterator[str]:
    if case.one("pubkeyauthentication") == "no":
        yield "pubkeyauthentication no"
    denied = [p for p in _patterns(case, "denyusers") if fnmatchcase(_USER, p)]
    if denied:
        yield f"denyusers {' '.join(denied)}"
    allowed = _patterns(case, "allowusers")
    if allowed and not any(fnmatchcase(_USER, p.partition("@")[0]) for p in allowed):
        yield f"allowusers {' '.join(allowed)} leaves zimbra out"
    if _USER in _patterns(case, "denygroups"):
        yield "denygroups zimbra"
    methods = case.one("authenticationmethods").split()
    if methods not in ([], ["any"]) and "publickey" not in methods:
        yield f"authenticationmethods {' '.join(methods)}: a key alone is not enough"


def _doubts(case: Case) -> Iterator[str]:
    allowed = _patterns(case, "allowusers")
    mine = [p for p in allowed if fnmatchcase(_USER, p.partition("@")[0])]
    if mine and all("@" in p for p in mine):
        yield f"allowusers {' '.join(mine)}: only from there"
    files = _patterns(case, "authorizedkeysfile")
    if files and not any(file.endswith(".ssh/authorized_keys") for file in files):
        yield f"authorizedkeysfile {' '.join(files)}: Zimbra writes another"
    denied = [p for p in _patterns(case, "denyusers") if p.startswith(f"{_USER}@")]
    if denied:
        yield f"denyusers {' '.join(denied)}: not from there"
    groups = _patterns(case, "allowgroups")
    if groups and not any(fnmatchcase(_USER, p) for p in groups):
        yield f"allowgroups {' '.join(groups)}: zimbra's groups are not known"


def _ports(facts: Facts, host: str, case: Case) -> str:
    name = "zimbraRemoteManagementPort"
    own = next((s.one(name) for s in facts.servers() if s.name == host), "")
    wanted = own or facts.config().one(name) or "22"
    ports = case.settings.get("port", ())
    if wanted in ports:
        return ""
    return f"sshd listens on {', '.join(ports)}, {name} is {wanted}"


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    cases = [case for case in facts.read(SSHD, host) if case.user == _USER]
    if not cases:
        yield unknown(Layer.RENDERED, host, "sshd was not asked about user zimbra")
        return
    wrong = [text for case in cases for text in _problems(case)]
    doubts = [text for case in cases for text in _doubts(case)]
    port = _ports(facts, host, cases[0])
    for text in dict.fromkeys([*wrong, *filter(None, [port])]):
        yield deviates(
            Layer.RENDERED,
            host,
            text,
            "user zimbra may log in with its key, on Zimbra's port",
            no_cure=_NO_CURE,
            source="sshd",
        )
    for text in dict.fromkeys(doubts):
        yield unknown(Layer.RENDERED, host, text)
    if not wrong and not port and not doubts:
        yield sound(
            Layer.RENDERED, host, source="sshd", seen="nothing keeps zimbra out"
        )


CONTROL = Control(
    id="ssh-lets-zimbra-in",
    title="sshd still lets Zimbra's own user in",
    why=(
        "Zimbra's servers log in to each other, and to themselves, as user zimbra to "
        "show mail queues, deploy certificates and control services."
    ),
    impact="None: it gives Zimbra back what an allow-list took away.",
    severity=Severity.MEDIUM,
    tips=("T08",),
    check=on_hosts(Layer.RENDERED, (SSHD, CONFIG), _look),
    refs=("https://man.openbsd.org/sshd_config#AllowUsers",),
    examples=(
        passes(sshd={"pubkeyauthentication": "yes"}),
        passes(sshd={"allowusers": ("root", "zimbra")}),
        fails(sshd={"allowusers": ("root", "admin")}),
        fails(sshd={"pubkeyauthentication": "no"}),
        fails(sshd={"port": "2222"}),
        fails(sshd={"authenticationmethods": "publickey,keyboard-interactive"}),
        unsure(sshd={"authorizedkeysfile": "/etc/ssh/keys/%u"}),
        unsure(sshd={"allowgroups": ("ssh-users",)}),
        unsure(missing=("sshd",)),
    ),
)
