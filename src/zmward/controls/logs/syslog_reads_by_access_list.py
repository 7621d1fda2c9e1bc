"""rsyslog reads Zimbra's logs by an access list, not as a member of its group."""

from collections.abc import Iterator

from zmward.change import Change, FileText, WriteFile
from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.controls.shapes.repair import repair, standing, started
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
from zmward.logs.forward import ACCESS, ACCESS_FILE, Malformed, access
from zmward.sources.logging import RSYSLOG
from zmward.sources.own_files import OWN_FILES, OwnFile, OwnFiles
from zmward.sources.packages import PACKAGES
from zmward.sources.units import UNITS, unit

_GROUP = "zimbra"
_NAME = ACCESS.removesuffix(".service")


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    found = facts.read(RSYSLOG, host)
    read = [one for one in found.inputs if one.startswith("/opt/zimbra/log/")]
    if not read:
        reason = "rsyslog reads none of Zimbra's log files"
        yield not_concerned(Layer.RUNNING, host, reason)
    elif not found.user:
        reason = "as whom rsyslogd runs is not known"
        yield unknown(Layer.RUNNING, host, reason)
    elif found.user == "root":
        seen = "rsyslogd runs as root, and needs no leave"
        yield sound(Layer.RUNNING, host, source="rsyslog", seen=seen)
    elif _GROUP in found.groups or found.user == _GROUP:
        yield deviates(
            Layer.RUNNING,
            host,
            f"rsyslogd runs as {found.user}, which is in: {' '.join(found.groups)}",
            f"not in the group {_GROUP}",
            no_cure=f"`gpasswd -d {found.user} {_GROUP}`, then `systemctl restart "
            "rsyslog`. `zmward logs forward --to NAME` lets it read the logs by an "
            "access list; do that first, or nothing is read meanwhile.",
            source="rsyslog",
        )
    else:
        yield from _listed(facts, host, found.user)


def _listed(facts: Facts, host: str, user: str) -> Iterator[Judgement]:
    """Judge the unit that gives rsyslog's user its access list."""
    try:
        before = standing(facts, host, ACCESS_FILE)
        wanted = access(user)
    except Malformed as error:
        yield unknown(Layer.RUNNING, host, str(error))
        return
    if before is None:
        reason = f"what lets {user} read them is not known: no {ACCESS} stands there"
        yield unknown(Layer.RUNNING, host, reason)
        return
    yield from _file(host, before, wanted)
    own = unit(facts.read(UNITS, host), _NAME)
    for layer, good, text in (
        (Layer.RUNNING, own.runs, f"{ACCESS} is {own.active}"),
        (Layer.LASTING, own.lasts, f"{ACCESS} is {own.boot or 'not known to systemd'}"),
    ):
        if good:
            yield sound(layer, host, source="units", seen=text)
        elif own.exists:
            yield deviates(
                layer,
                host,
                text,
                "active and enabled",
                source="units",
                **repair(lambda: started(facts, host, ACCESS)),
            )
        else:
            yield deviates(
                layer,
                host,
                text,
                "active and enabled",
                no_cure=f"`systemctl daemon-reload`, then `systemctl enable --now "
                f"{ACCESS}`.",
                source="units",
            )


def _file(host: str, before: FileText, text: str) -> Iterator[Judgement]:
    if before.text == text:
        seen = f"{ACCESS_FILE} is as zmward writes it"
        yield sound(Layer.DECLARED, host, source="own-files", seen=seen)
        return

    def written() -> Change:
        return WriteFile(host, ACCESS_FILE, before, FileText(text, before.mode))

    yield deviates(
        Layer.DECLARED,
        host,
        f"{ACCESS_FILE} is not as this version writes it",
        "the access list for rsyslog's user alone",
        source="own-files",
        **repair(written),
    )


_INPUT = (
    "> /etc/rsyslog.d/30-loghost.conf\n *.* @@log.example.net:6514\n"
    ' input(type="imfile" File="/opt/zimbra/log/audit.log" Tag="audit:")\n'
)
_SYSLOG = f"{_INPUT}> user syslog\n syslog adm\n"
_OWN = OwnFiles({ACCESS_FILE: OwnFile(access("syslog"))})
_OLD = OwnFiles({ACCESS_FILE: OwnFile("[Service]\nExecStart=true\n")})
_RUNS = unit_text(_NAME)

CONTROL = Control(
    id="syslog-reads-by-access-list",
    title="rsyslog reads Zimbra's logs by an access list, not as a member of its group",
    why=(
        "The group zimbra reads every secret of the installation: localconfig.xml, "
        "private keys, the directory's passwords. A log service needs the logs alone."
    ),
    impact="None: the access list lets rsyslog's user read the log files.",
    severity=Severity.MEDIUM,
    tips=("T09",),
    check=on_hosts(
        Layer.RUNNING, (RSYSLOG, OWN_FILES, UNITS, PACKAGES), _look, cures=True
    ),
    refs=("https://www.rsyslog.com/doc/configuration/modules/imfile.html",),
    note="Where rsyslogd runs as root, as on RHEL, it needs neither.",
    examples=(
        passes(own_files=_OWN, raw={"rsyslog": _SYSLOG, "units": _RUNS}),
        passes(raw={"rsyslog": f"{_INPUT}> user root\n root\n"}),
        fails(raw={"rsyslog": f"{_INPUT}> user syslog\n syslog adm zimbra\n"}),
        fails(own_files=_OLD, raw={"rsyslog": _SYSLOG, "units": _RUNS}),
        fails(
            own_files=_OWN,
            raw={"rsyslog": _SYSLOG, "units": unit_text(_NAME, active="inactive")},
        ),
        fails(
            own_files=_OWN,
            raw={"rsyslog": _SYSLOG, "units": unit_text(_NAME, boot="disabled")},
        ),
        fails(own_files=_OWN, raw={"rsyslog": _SYSLOG, "units": unit_text("rsyslog")}),
        unsure(own_files=OwnFiles(), raw={"rsyslog": _SYSLOG, "units": _RUNS}),
        unsure(raw={"rsyslog": f"{_INPUT}> user Odd\n odd\n"}, own_files=OwnFiles()),
        unsure(raw={"rsyslog": _INPUT}),
        unsure(missing=("rsyslog",)),
        unconcerned(raw={"rsyslog": "> /etc/rsyslog.conf\n mail.* /var/log/mail\n"}),
    ),
)
