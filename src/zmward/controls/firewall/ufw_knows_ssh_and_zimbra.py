"""Where ufw is in use, SSH and Zimbra's ports are let in as the whitelist has them.

Packets decide: those of the rules in the kernel, and those of what ufw would load from
its files. What its profiles and rules say in words is shown beside, as evidence.
"""

from collections.abc import Iterator
from typing import Any

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.firewall import _ufw
from zmward.controls.firewall._examples import GIVEN, NO_RULES
from zmward.controls.firewall._ufw import PUBLIC, SSH
from zmward.controls.shapes.basic import layers, on_hosts
from zmward.controls.shapes.exposure import NEEDS
from zmward.controls.shapes.let_in import Told, let_in
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.evidence import Missing, Unseen
from zmward.facts import Facts
from zmward.firewall.live import Live, loaded_rules
from zmward.firewall.loaded import Loaded
from zmward.firewall.ufw_would import would_load
from zmward.firewall.ways import held
from zmward.sources.firewallfiles import FIREWALL_FILES, UFW, FirewallFiles
from zmward.sources.source import Unreadable

_TUPLE = "### tuple ###"
_USER_RULES = ("/etc/ufw/user.rules", "/etc/ufw/user6.rules")
_CHAINS = ("ufw-user-input", "ufw6-user-input")
_SHOWN = 8
_LONGEST = 160
_WANTED = "SSH and Zimbra's ports as the whitelist has them: `zmward firewall show`"
_BY_HAND = (
    "Let SSH in before anything else (`ufw limit OpenSSH`); name ports in each rule; "
    "correct a profile, then `ufw app update NAME`. Where ufw is on, `zmward firewall "
    "try` loads the whitelist among its rules."
)


def _profiles(files: FirewallFiles) -> Iterator[str]:
    for name, (path, text, problem) in files.applications().items():
        if problem:
            yield f"profile [{name}] in {path}: {problem} ({text})"
        elif "zimbra" in f"{name} {path}".lower():
            yield f"profile [{name}] in {path}: {text}"


def _rules(files: FirewallFiles) -> Iterator[str]:
    for path in _USER_RULES:
        for line in files.files.get(path, "").splitlines():
            if line.startswith(_TUPLE):
                yield line.removeprefix(_TUPLE).strip()


def _prepared(files: FirewallFiles) -> bool:
    """Say whether somebody has given ufw rules, or a profile of Zimbra's."""
    named = (f"{n} {path}" for n, (path, _, _) in files.applications().items())
    return any(_rules(files)) or any("zimbra" in text.lower() for text in named)


def _judged(
    host: str, layer: Layer, found: Told, files: FirewallFiles
) -> Iterator[Judgement]:
    begin = "" if files.ufw or layer is Layer.RUNNING else "once ufw is enabled: "
    told = (*_profiles(files), *_rules(files))[:_SHOWN]
    words = "; ".join(text[:_LONGEST] for text in told)
    for number, text in enumerate(found.wrong[:_SHOWN], 1):
        more = len(found.wrong) - _SHOWN if number == _SHOWN else 0
        yield deviates(
            layer,
            host,
            f"{begin}{text}" + (f" (and {more} more)" if more > 0 else ""),
            _WANTED,
            no_cure=_BY_HAND,
            source="firewall-files",
            seen=words,
        )
    for doubt in found.doubts[:_SHOWN]:
        yield unknown(layer, host, doubt)
    if not found.wrong and not found.doubts:
        seen = f"let in as the whitelist has them: {', '.join(found.ports)}"
        yield sound(layer, host, source="firewall-files", seen=seen)


def _running(facts: Facts, host: str) -> Iterator[Judgement]:
    files = facts.read(FIREWALL_FILES, host)
    if UFW not in files.files:
        yield not_concerned(Layer.RUNNING, host, "ufw is not installed")
        return
    rules = loaded_rules(facts, host)
    names = {name for _, name in rules.rules.chains}
    # Where it is said to be on, the kernel is asked also without rules of its own.
    if files.ufw or names.intersection(_CHAINS):
        yield from _judged(host, Layer.RUNNING, let_in(facts, host, rules), files)
    else:
        yield not_concerned(Layer.RUNNING, host, "no rules of ufw's are loaded")


def _would(facts: Facts, host: str, files: FirewallFiles) -> Live:
    try:
        return Live(Loaded(would_load(files)), held(facts, host))
    except Unreadable as error:
        why = f"what ufw would load is not known: {error}"
        raise Unseen(Missing(why, "unparsed")) from error


def _lasting(facts: Facts, host: str) -> Iterator[Judgement]:
    files = facts.read(FIREWALL_FILES, host)
    if UFW not in files.files:
        yield not_concerned(Layer.LASTING, host, "ufw is not installed")
    elif not files.ufw and not _prepared(files):
        why = "ufw is off and nobody has given it rules"
        yield not_concerned(Layer.LASTING, host, why)
    else:
        found = let_in(facts, host, _would(facts, host, files))
        yield from _judged(host, Layer.LASTING, found, files)


def _host(files: str, firewall: str) -> dict[str, Any]:
    raw = {**GIVEN["raw"], "firewall-files": files}
    return {**GIVEN, "raw": raw, "firewall": firewall}


_SOME = (SSH, PUBLIC)
_NETWORK = "-s 192.168.1.0/24 -j ACCEPT"
_OTHER = SSH.replace("22", "2222")
_SMTP = "-p tcp --dport 25 -j ACCEPT"
_ODD = "-p tcp --dport 443 -m owner --uid-owner 0 -j ACCEPT"

CONTROL = Control(
    id="ufw-knows-ssh-and-zimbra",
    title="ufw lets in SSH and Zimbra's ports as the whitelist has them",
    why=(
        "ufw denies by default: enabled without a rule for SSH it locks the "
        "administrator out, and a profile with a mistake opens nothing."
    ),
    impact="None: what should be open already is opened.",
    severity=Severity.MEDIUM,
    tips=("S5",),
    check=layers(
        on_hosts(Layer.RUNNING, (*NEEDS, FIREWALL_FILES), _running),
        on_hosts(Layer.LASTING, (*NEEDS, FIREWALL_FILES), _lasting),
    ),
    refs=("https://help.ubuntu.com/community/UFW",),
    note=(
        "The published guide never opens port 22 and puts a blank before /tcp. `ufw "
        "allow from NETWORK` opens every port to it, LDAP and memcached included. "
        "An ufw that is off is judged by what its files would load, once it has rules "
        "or a profile of Zimbra's. Its scripts before.init and after.init are not read."
    ),
    examples=(
        passes(**_host(_ufw.files(*_SOME), _ufw.loaded(*_SOME))),
        passes(**_host(_ufw.files(*_SOME, on=False), NO_RULES)),
        fails(**_host(_ufw.files(PUBLIC), _ufw.loaded(PUBLIC))),
        fails(**_host(_ufw.files(*_SOME), _ufw.loaded(PUBLIC))),
        fails(**_host(_ufw.files(*_SOME), NO_RULES)),
        fails(**_host(_ufw.files(PUBLIC), _ufw.loaded(*_SOME))),
        fails(**_host(_ufw.files(_OTHER, PUBLIC), _ufw.loaded(_OTHER, PUBLIC))),
        fails(**_host(_ufw.files(*_SOME, _NETWORK, on=False), NO_RULES)),
        fails(**_host(_ufw.files(*_SOME, policy="ACCEPT"), _ufw.loaded(*_SOME))),
        fails(
            **_host(
                _ufw.files(on=False) + _ufw.profile("25,443,993 /tcp"),
                NO_RULES,
            )
        ),
        unsure(**{**_host(_ufw.files(*_SOME), _ufw.loaded(*_SOME)), "profile": {}}),
        unsure(**_host(_ufw.files(*_SOME), _ufw.loaded(SSH, _SMTP, _ODD))),
        unsure(**_host(_ufw.files(*_SOME), "> missing nft\n")),
        unsure(**_host(_ufw.off(_ufw.profile("25/tcp")), NO_RULES)),
        unconcerned(**_host(_ufw.files(on=False), NO_RULES)),
        unconcerned(**_host("", NO_RULES)),
        unsure(missing=("firewall-files", "sshd")),
    ),
)
