"""What the report on logs says in sentences, on terminals and pages alike."""

from collections.abc import Iterator, Mapping
from typing import Final

from zmward.i18n import Speaker, mark
from zmward.logs.attacked import HARMLESS
from zmward.logs.report import LogReport
from zmward.logs.seen import SendingSeen, SessionSeen
from zmward.logs.trust import written
from zmward.reports.plain import plain
from zmward.reports.times import moment

WORDS: Final[Mapping[str, str]] = {
    "got-in": mark("may have got in"),
    "campaign": mark("an address that a known campaign used"),
    "spraying": mark("password spraying"),
    "distributed": mark("guessed from many sources"),
    "brute-force": mark("brute force"),
    "enumeration": mark("looks for names"),
    "probing": mark("probes"),
    "shared": mark("many good logins too: an office, or a proxy of yours?"),
    "guessing": mark("guesses"),
    "unusual": mark("unusually much"),
    "no-history": mark("much, and no earlier day to compare with"),
    "few": mark("few"),
}


def alarms(found: LogReport, say: Speaker) -> Iterator[str]:
    """Yield what is wrong, each in a few words, the gravest first."""
    taken = {one.account for one in found.successes_after_failures}
    attackers = {one.address for one in found.sources if one.verdict not in HARMLESS}
    attackers |= {o.address for o in found.recipients if o.verdict not in HARMLESS}
    sending = [one for one in found.sending if one.verdict not in HARMLESS]
    domains = [one for one in found.preauth if one.verdict not in HARMLESS]
    counted = (
        (
            len(taken),
            mark("{count} account may be taken"),
            mark("{count} accounts may be taken"),
        ),
        (
            len(found.impossible_sessions),
            mark("{count} account is used from too many networks at once"),
            mark("{count} accounts are used from too many networks at once"),
        ),
        (
            len(sending),
            mark("{count} account sends unusually much"),
            mark("{count} accounts send unusually much"),
        ),
        (
            len({one.id for one in found.indicators}),
            mark("{count} sign of exploitation"),
            mark("{count} signs of exploitation"),
        ),
        (
            len(attackers),
            mark("{count} source attacks"),
            mark("{count} sources attack"),
        ),
        (
            len(domains),
            mark("{count} domain with guessed pre-authentications"),
            mark("{count} domains with guessed pre-authentications"),
        ),
        (
            found.hours_attacked,
            mark("{count} hour with too many failures in all"),
            mark("{count} hours with too many failures in all"),
        ),
    )
    for count, one, many in counted:
        if count:
            yield say.number(one, many, count)


def wins(found: LogReport, say: Speaker) -> tuple[str, ...]:
    """Return the logins after failures."""
    text = say(mark("{account} from {source} after {count} failures, {when}"))
    return tuple(
        text.format(
            account=plain(one.account, 40),
            source=one.source,
            count=one.failures,
            when=moment(one.when),
        )
        for one in found.successes_after_failures
    )


def session(one: SessionSeen, say: Speaker) -> str:
    """Return an account that was used from too many networks at once."""
    text = say(mark("{account} from {count} networks within {minutes} minutes, {when}"))
    return text.format(
        account=plain(one.account, 40),
        count=one.networks,
        minutes=one.minutes,
        when=moment(one.logins[-1].when),
    )


def sending(one: SendingSeen, say: Speaker) -> str:
    """Return an account that sent very much."""
    if one.days_before:
        text = mark("{account} sent {sent:,} on {day}, at most {usual:,} a day before")
    else:
        text = mark("{account} sent {sent:,} on {day}, the first day in the logs")
    return say(text).format(
        account=plain(one.account, 40), sent=one.sent, day=one.day, usual=one.usual
    )


def sendings(found: LogReport, say: Speaker) -> tuple[str, ...]:
    """Return the accounts that sent very much."""
    return tuple(sending(one, say) for one in found.sending)


def sessions(found: LogReport, say: Speaker) -> tuple[str, ...]:
    """Return the accounts that were used from too many networks at once."""
    return tuple(session(one, say) for one in found.impossible_sessions)


def recipients(found: LogReport, say: Speaker) -> tuple[str, ...]:
    """Return who asked for recipients that do not exist."""
    text = say(mark("{address:<24} {refused:>7,}  {words}; {count:,} names in a day"))
    return tuple(
        text.format(
            address=one.address,
            refused=one.refused,
            words=say(WORDS[one.verdict]),
            count=one.in_a_day,
        )
        for one in found.recipients
    )


def preauth(found: LogReport, say: Speaker) -> tuple[str, ...]:
    """Return the pre-authentications by domain."""
    text = say(
        mark("{accepted:,} accepted, {refused:,} refused, {blind:,} without an address")
    )
    return tuple(
        f"{plain(one.domain, 60):<32} "
        + text.format(
            accepted=one.accepted, refused=one.refused, blind=one.without_origin
        )
        for one in found.preauth
    )


def floods(found: LogReport) -> tuple[str, ...]:
    """Return whom the flood filter stopped."""
    return tuple(f"{one.address:<24} {one.stopped:>7,}" for one in found.floods)


def origins(found: LogReport, say: Speaker) -> tuple[str, ...]:
    """Return by protocol how many logins show their client."""
    text = say(mark("{protocol:<12} {share:>5.1f} % of {total:,}"))
    return tuple(
        text.format(
            protocol=plain(one.protocol),
            share=one.usable * 100 / total,
            total=total,
        )
        for one in found.origin_ip.protocols
        if (total := one.usable + one.proxy_only + one.absent)
    )


def advice(found: LogReport, say: Speaker) -> Iterator[str]:
    """Yield what to set so that lines show their client, and filters spare proxies."""
    origin = found.origin_ip
    if origin.hiding and origin.verdict != "ok":
        names = ", ".join(plain(name) for name in origin.hiding)
        values = " ".join(
            f"+zimbraMailTrustedIP '{form}'"
            for name in origin.hiding
            for form in written(name)
        )
        text = mark(
            "Web and SMTP logins show {names} and not their client. As zimbra: zmprov "
            "mcf {values}; then zmmailboxdctl restart. Only for a proxy or MTA of "
            "yours: whoever is trusted may name any client."
        )
        yield say(text).format(names=names, values=values)
    if origin.hiding_mail and origin.verdict != "ok":
        names = ", ".join(plain(name) for name in origin.hiding_mail)
        text = mark(
            "IMAP and POP3 logins show {names} and not their client. As zimbra: "
            "zmprov mcf zimbraReverseProxySendImapId TRUE "
            "zimbraReverseProxySendPop3Xoip TRUE; then zmproxyctl restart."
        )
        yield say(text).format(names=names)
    if origin.announcing:
        names = ", ".join(plain(name) for name in origin.announcing)
        text = mark(
            "{names} announces other addresses and is not trusted here: if it "
            "is a proxy of yours, name it with --trusted or in [logs] trusted."
        )
        yield say(text).format(names=names)
    if found.flooded_proxies:
        names = ", ".join(plain(name) for name in found.flooded_proxies)
        text = mark(
            "The flood filter stopped {names}, and so everybody behind it: add it to "
            "zimbraHttpThrottleSafeIPs (zmprov mcf +zimbraHttpThrottleSafeIPs ADDRESS; "
            "then zmmailboxdctl restart)."
        )
        yield say(text).format(names=names)
