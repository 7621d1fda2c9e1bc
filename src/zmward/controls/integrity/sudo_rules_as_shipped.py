"""sudo gives user zimbra no more than Zimbra's packages do."""

import re
from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.sudoers import SUDOERS

_SBIN = "/opt/zimbra/common/sbin/"
_LIBEXEC = "/opt/zimbra/libexec/"
_SHIPPED = {
    *(f"{_SBIN}{name}" for name in ("postfix", "postalias", "qshape.pl", "postconf")),
    *(f"{_SBIN}{name}" for name in ("postsuper", "postcat", "amavis-mc")),
    *(f"{_LIBEXEC}{name}" for name in ("zmqstat", "zmmtastatus", "zmmailboxdmgr")),
    *(f"{_LIBEXEC}{name}" for name in ("zmunbound", "zmstat-fd *")),
    f"{_LIBEXEC}zmdnscachealign *",
    "/sbin/resolvconf *",
}
# Older packages allow programs in the same folders, whose names are not known here.
_FOLDERS = re.compile(
    r"/opt/zimbra/(?:libexec|common/(?:s?bin|libexec)|(?:nginx|postfix|openldap)/sbin)"
    r"/[\w.-]+(?: [\w*. -]*)?"
)


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    rules = [rule for rule in facts.read(SUDOERS, host) if rule.zimbra]
    more = [
        (rule, command)
        for rule in rules
        for command in rule.commands
        if command not in _SHIPPED
    ]
    wrong = [(rule, c) for rule, c in more if not _FOLDERS.fullmatch(c)]
    for rule, command in wrong:
        yield deviates(
            Layer.LASTING,
            host,
            f"{rule.file}: {rule.who} may run {command}",
            "what Zimbra's packages allow",
            no_cure="Remove the file after you know who wrote it (`visudo -c` after).",
            source="sudoers",
            seen=rule.text,
        )
    rest = [command for rule, command in more if (rule, command) not in wrong]
    if rest:
        reason = f"not among the known rules: {', '.join(rest)}"
        verb = "whether a package brought them is for `zmward integrity` to say"
        yield unknown(Layer.LASTING, host, f"{reason}; {verb}")
    elif not wrong:
        seen = f"{len(rules)} rules for zimbra, all shipped"
        yield sound(Layer.LASTING, host, source="sudoers", seen=seen)


_MTA = f"> /etc/sudoers.d/02_zimbra-mta\n %zimbra ALL=NOPASSWD:{_SBIN}postfix\n"

CONTROL = Control(
    id="sudo-rules-as-shipped",
    title="sudo gives user zimbra no more than Zimbra's packages do",
    why="With one rule more, a web shell that runs as zimbra is root.",
    impact="Scripts of the site that use the rule stop.",
    severity=Severity.HIGH,
    tips=("T36",),
    check=on_hosts(Layer.LASTING, (SUDOERS,), _look),
    refs=("https://www.sudo.ws/docs/man/sudoers.man/",),
    note=(
        "The shipped rules are a way to root for whoever already runs code as zimbra "
        "on an unpatched host; that is Zimbra's design."
    ),
    examples=(
        passes(raw={"sudoers": f"{_MTA}> /etc/sudoers\n root ALL=(ALL:ALL) ALL\n"}),
        fails(
            raw={
                "sudoers": f"{_MTA}> /etc/sudoers.d/90-zimbra-admin\n"
                " zimbra ALL=(ALL) NOPASSWD: ALL\n"
            }
        ),
        fails(
            raw={
                "sudoers": f"{_MTA}> /etc/sudoers.d/91-x\n"
                " %zimbra ALL=(root) NOPASSWD: /usr/bin/vim, /bin/ls\n"
            }
        ),
        fails(raw={"sudoers": f"{_MTA}> /etc/sudoers\n ALL ALL=(ALL) NOPASSWD: ALL\n"}),
        fails(
            raw={
                "sudoers": f"{_MTA}> /etc/sudoers\n %wheel ALL=(ALL) ALL\n"
                "> groups of zimbra\n zimbra wheel\n"
            }
        ),
        unsure(raw={"sudoers": f"{_MTA} #1001 ALL=(ALL) NOPASSWD: ALL\n"}),
        unsure(raw={"sudoers": f"{_MTA} @include /etc/sudoers.local\n"}),
        unsure(
            raw={
                "sudoers": "> /etc/sudoers.d/02_zimbra-proxy\n"
                " %zimbra ALL=NOPASSWD:/opt/zimbra/nginx/sbin/nginx\n"
            }
        ),
        unsure(missing=("sudoers",)),
    ),
)
