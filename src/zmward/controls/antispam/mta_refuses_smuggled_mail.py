"""Postfix refuses mail smuggled in behind another (CVE-2023-51764)."""

from collections.abc import Iterator

from zmward.change import SetParameter
from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, sound
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.sources.postconf import OWN, POSTCONF

_GOOD = ("yes", "normalize", "reject")
_PARAMETER = "smtpd_forbid_bare_newline"
# The first repaired versions know yes and no alone; later ones take it for normalize.
_YES = "yes"
_SET = (
    f"What main.cf says itself was not seen. By hand: postconf -e {_PARAMETER}={_YES}, "
    "then zmmtactl reload."
)
_UPDATE = (
    "This Postfix is older than the repair: bring Zimbra up to date (`zmward patches`)."
)


def _cure(facts: Facts, host: str, live: str) -> SetParameter | None:
    try:
        own = facts.read(OWN, host).get(_PARAMETER)
    except Unseen:
        return None
    builtin = live if own is None else ""
    return SetParameter(host, _PARAMETER, own, _YES, builtin)


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    main = facts.read(POSTCONF, host)
    value = main.get(_PARAMETER)
    if value is None:
        text = (
            f"Postfix {main.get('mail_version', '')} has no smtpd_forbid_bare_newline"
        )
        yield deviates(Layer.RENDERED, host, text, "normalize", no_cure=_UPDATE)
        return
    text = f"smtpd_forbid_bare_newline = {value}"
    if value in _GOOD:
        yield sound(Layer.RENDERED, host, source="postconf", seen=text)
    else:
        cure = _cure(facts, host, value)
        yield deviates(
            Layer.RENDERED,
            host,
            text,
            "normalize or yes",
            cure=cure,
            no_cure="" if cure else _SET,
        )


CONTROL = Control(
    id="mta-refuses-smuggled-mail",
    title="Postfix refuses mail smuggled in behind another (CVE-2023-51764)",
    why=(
        "A line end that two servers read differently hides a second mail in the "
        "first, which passes SPF and DKIM under a foreign name."
    ),
    impact=(
        "Clients that end lines with a bare newline are refused; old devices and "
        "scripts do so."
    ),
    severity=Severity.MEDIUM,
    tips=("T18", "T16"),
    roles=("mta",),
    locks_out="old devices that end lines with a bare newline",
    check=on_hosts(Layer.RENDERED, (POSTCONF, OWN), _look, role="mta", cures=True),
    refs=(
        "https://www.postfix.org/smtp-smuggling.html",
        "https://nvd.nist.gov/vuln/detail/CVE-2023-51764",
    ),
    note=(
        "No attribute: postconf -e survives zmconfigd. Postfix without the parameter "
        "is older than the repair; reject_unauth_pipelining and hiding CHUNKING only "
        "lessen it there."
    ),
    examples=(
        passes(
            postconf={"smtpd_forbid_bare_newline": "normalize", "mail_version": "3.8.6"}
        ),
        passes(postconf={"smtpd_forbid_bare_newline": "yes", "mail_version": "3.6.14"}),
        fails(postconf={"smtpd_forbid_bare_newline": "no", "mail_version": "3.6.14"}),
        fails(
            postconf={_PARAMETER: "no", "mail_version": "3.7.11"},
            postconf_own={"mynetworks": "127.0.0.0/8"},
        ),
        fails(
            postconf={_PARAMETER: "no", "mail_version": "3.7.11"},
            postconf_own={_PARAMETER: "no"},
        ),
        fails(postconf={"mail_version": "3.6.9", "smtpd_data_restrictions": ""}),
        fails(
            postconf={
                "mail_version": "3.6.9",
                "smtpd_data_restrictions": "reject_unauth_pipelining",
            }
        ),
        unsure(missing=("postconf",)),
    ),
)
