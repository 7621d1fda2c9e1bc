"""sshd still lets Zimbra's own user in, with its key and on its port."""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from msgspec.structs import replace

from zmward.change import SetAttr
from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.controls.shapes.repair import Uncurable, repair
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.sources.directory import CONFIG
from zmward.sources.sshd import SSHD, Case
from zmward.sources.sshdfiles import SSHD_FILES

_USER = "zimbra"
_PORT = "zimbraRemoteManagementPort"
_BY_HAND = {
    "pubkeyauthentication": "Set `PubkeyAuthentication yes`, for all or below `Match "
    "User zimbra` at the end of sshd_config",
    "allowusers": "Add zimbra to AllowUsers; a list in a drop-in of its own would one "
    "day be the only one, and let nobody else in",
    "denyusers": "Take what fits zimbra out of DenyUsers",
    "denygroups": "Take zimbra out of DenyGroups",
    "authenticationmethods": "Set `AuthenticationMethods publickey` below `Match User "
    "zimbra` at the end of sshd_config",
}


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


def _places(facts: Facts, host: str, option: str) -> str:
    """Return where sshd's files say an option; empty where that is not known."""
    try:
        found = facts.read(SSHD_FILES, host).settings
    except Unseen:
        return ""
    places = [setting.place for setting in found if setting.option == option]
    return f" ({', '.join(places)})" if places else ""


def _by_hand(facts: Facts, host: str, problem: str) -> str:
    option = problem.partition(" ")[0]
    where = _places(facts, host, option)
    return f"{_BY_HAND[option]}{where}; `sshd -t`, then reload."


def _to_port(facts: Facts, host: str, port: str) -> SetAttr:
    """Return the change that tells Zimbra on which port sshd listens."""
    for server in facts.servers():
        if server.name == host:
            before = server.own(_PORT) or None
            return SetAttr(f"server:{host}", _PORT, before, (port,))
    raise Uncurable(f"{host} is no server of the directory.")


def _listens(case: Case) -> tuple[str, ...]:
    """Return the ports; an address may say its own, and `port` is none then."""
    addresses = case.settings.get("listenaddress", ())
    found = (address.rpartition(":")[2] for address in addresses)
    ports = tuple(dict.fromkeys(port for port in found if port.isdecimal()))
    return ports or case.settings.get("port", ())


def _ports(facts: Facts, host: str, case: Case) -> Iterator[Judgement]:
    own = next((s.one(_PORT) for s in facts.servers() if s.name == host), "")
    wanted = own or facts.config().one(_PORT) or "22"
    ports = _listens(case)
    if wanted not in ports:
        yield deviates(
            Layer.RENDERED,
            host,
            f"sshd listens on {', '.join(ports)}, {_PORT} is {wanted}",
            "user zimbra may log in with its key, on Zimbra's port",
            source="sshd",
            **repair(lambda: _to_port(facts, host, ports[0])),
        )


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    cases = [case for case in facts.read(SSHD, host) if case.user == _USER]
    if not cases:
        yield unknown(Layer.RENDERED, host, "sshd was not asked about user zimbra")
        return
    wrong = dict.fromkeys(text for case in cases for text in _problems(case))
    doubts = dict.fromkeys(text for case in cases for text in _doubts(case))
    port = tuple(_ports(facts, host, cases[0]))
    for text in wrong:
        yield deviates(
            Layer.RENDERED,
            host,
            text,
            "user zimbra may log in with its key, on Zimbra's port",
            no_cure=_by_hand(facts, host, text),
            source="sshd",
        )
    yield from port
    for text in doubts:
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
    impact="None: Zimbra finds sshd where it listens. mailboxd reads the port anew.",
    severity=Severity.MEDIUM,
    tips=("T08",),
    check=replace(
        on_hosts(Layer.RENDERED, (SSHD, SSHD_FILES, CONFIG), _look, cures=True),
        attributes=(_PORT,),
    ),
    refs=("https://man.openbsd.org/sshd_config#AllowUsers",),
    examples=(
        passes(sshd={"pubkeyauthentication": "yes"}),
        passes(sshd={"allowusers": ("root", "zimbra")}),
        fails(sshd={"allowusers": ("root", "admin")}),
        fails(sshd={"pubkeyauthentication": "no"}),
        fails(sshd={"port": "2222"}),
        fails(config={}, sshd={"port": "2222"}),
        fails(sshd={"authenticationmethods": "publickey,keyboard-interactive"}),
        unsure(sshd={"authorizedkeysfile": "/etc/ssh/keys/%u"}),
        unsure(sshd={"allowgroups": ("ssh-users",)}),
        unsure(missing=("sshd",)),
    ),
)
