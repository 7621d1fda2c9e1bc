"""Where ufw is in use, it lets SSH in and its profiles can be read."""

import re
from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound
from zmward.facts import Facts
from zmward.sources.firewallfiles import FIREWALL_FILES, FirewallFiles
from zmward.sources.sshd import SSHD

_TUPLE = re.compile(
    r"^### tuple ### (?:allow|limit)\S* (tcp|any) (\S+) \S+ \S+ (\S+)"
    r"(?: \S+ \S+)? in(?:[_ ]|$)",
    re.MULTILINE,
)
_ALONE = re.compile(r"/(32|128)$|^[^/]+$")
# Ports of the inside that a profile for clients must not open (facts on ports).
_INNER = ("389", "636", "3310", "7025", "7071", "7072", "7073", "7306", "11211")


def _opens(ports: str, wanted: str) -> bool:
    """Say whether a list like `22,80:90` or `any` holds a port."""
    for part in ports.split(","):
        low, _, high = part.partition(":")
        if part in ("any", wanted):
            return True
        if all(map(str.isdigit, (low, high, wanted))) and int(low) <= int(
            wanted
        ) <= int(high):
            return True
    return False


def _profiles(files: FirewallFiles) -> Iterator[str]:
    for name, (path, text, problem) in files.applications().items():
        if problem:
            yield f"profile [{name}] in {path}: {problem} ({text})"
        inner = [port for port in _INNER if _opens(text.partition("/")[0], port)]
        # Distributions ship profiles for LDAP; unused, they open nothing.
        if inner and "zimbra" in f"{name} {path}".lower():
            yield f"profile [{name}] in {path} opens {', '.join(inner)} to its users"


def _rules(files: FirewallFiles, ports: tuple[str, ...]) -> Iterator[str]:
    rules = "\n".join(
        files.files.get(f"/etc/ufw/{name}", "")
        for name in ("user.rules", "user6.rules")
    )
    found = _TUPLE.findall(rules)
    for port in ports:
        if not any(_opens(rule[1], port) for rule in found):
            yield f"no rule lets SSH in on port {port}"
    for protocol, opened, source in dict.fromkeys(found):
        if protocol == opened == "any" and not _ALONE.search(source):
            yield f"a rule opens every port to {source}"


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    files = facts.read(FIREWALL_FILES, host)
    wrong = list(_profiles(files))
    if files.ufw:
        cases = facts.read(SSHD, host)
        wrong += _rules(files, cases[0].settings["port"])
    elif not wrong:
        yield not_concerned(Layer.LASTING, host, "ufw is not in use")
        return
    for text in wrong:
        yield deviates(
            Layer.LASTING,
            host,
            text,
            "SSH let in, profiles that can be read and open no inner port",
            no_cure="Let SSH in before anything else (`ufw limit OpenSSH`); correct "
            "the profile, then `ufw app update NAME`; name ports in each rule.",
            source="firewall-files",
        )
    if not wrong:
        seen = "SSH is let in, the profiles can be read"
        yield sound(Layer.LASTING, host, source="firewall-files", seen=seen)


_ON = "> /etc/ufw/ufw.conf\n ENABLED=yes\n"
_SSH = (
    "> /etc/ufw/user.rules\n ### RULES ###\n"
    " ### tuple ### limit tcp 22 0.0.0.0/0 any 0.0.0.0/0 in\n"
)
_PROFILE = "> /etc/ufw/applications.d/zimbra\n [Zimbra]\n title=Zimbra\n ports="

CONTROL = Control(
    id="ufw-knows-ssh-and-zimbra",
    title="ufw lets SSH in, and its profiles can be read",
    why=(
        "ufw denies by default: enabled without a rule for SSH it locks the "
        "administrator out, and a profile with a mistake opens nothing."
    ),
    impact="None: what should be open already is opened.",
    severity=Severity.MEDIUM,
    tips=("S5",),
    check=on_hosts(Layer.LASTING, (FIREWALL_FILES, SSHD), _look),
    refs=("https://help.ubuntu.com/community/UFW",),
    note=(
        "The published guide never opens port 22 and puts a blank before /tcp. `ufw "
        "allow from "
        "NETWORK` opens every port to it, LDAP and memcached included."
    ),
    examples=(
        passes(
            sshd={},
            raw={"firewall-files": f"{_ON}{_SSH}{_PROFILE}25,443,993/tcp\n"},
        ),
        fails(sshd={}, raw={"firewall-files": _ON}),
        fails(sshd={}, raw={"firewall-files": f"{_ON}{_SSH.replace(' in', ' out')}"}),
        fails(
            sshd={},
            raw={"firewall-files": f"{_ON}{_SSH}{_PROFILE}25,443,993 /tcp\n"},
        ),
        fails(
            sshd={},
            raw={
                "firewall-files": "> /etc/ufw/ufw.conf\n ENABLED=no\n"
                f"{_PROFILE}25,443,7071/tcp\n"
            },
        ),
        fails(
            sshd={},
            raw={
                "firewall-files": f"{_ON}{_SSH} ### tuple ### allow any any 0.0.0.0/0 "
                f"any 192.168.1.0/24 in\n{_PROFILE}25/tcp\n"
            },
        ),
        unconcerned(
            sshd={}, raw={"firewall-files": "> /etc/ufw/ufw.conf\n ENABLED=no\n"}
        ),
        unsure(missing=("firewall-files", "sshd")),
    ),
)
