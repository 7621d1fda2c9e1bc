"""Every restriction that is set takes effect."""

from collections.abc import Iterator, Sequence

from zmward.change import SetAttr
from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_directory
from zmward.deviation import Judgement, Layer, deviates, sound
from zmward.facts import Facts
from zmward.sources.directory import CONFIG, SERVERS, Entry

_ATTR = "zimbraMtaRestriction"
_KNOWN = {
    "check_client_access lmdb:/opt/zimbra/conf/postfix_blacklist",
    "reject_invalid_helo_hostname",
    "reject_non_fqdn_helo_hostname",
    "reject_non_fqdn_sender",
    "reject_unknown_client_hostname",
    "reject_unknown_reverse_client_hostname",
    "reject_unknown_helo_hostname",
    "reject_unknown_sender_domain",
    "reject_unverified_recipient",
    "check_recipient_access lmdb:/opt/zimbra/conf/postfix_recipient_access",
    "check_client_access lmdb:/opt/zimbra/conf/postfix_rbl_override",
    "check_reverse_client_hostname_access pcre:/opt/zimbra/conf/fqrdns.pcre",
    "check_policy_service unix:private/policy",
    "check_recipient_access ldap:/opt/zimbra/conf/ldap-splitdomain.cf",
    "reject",
}
_ALWAYS = {
    *("reject_non_fqdn_recipient", "permit_sasl_authenticated", "permit_mynetworks"),
    *("reject_unlisted_recipient", "permit"),
}
_LISTS = {
    *("reject_rbl_client", "reject_rhsbl_client", "reject_rhsbl_reverse_client"),
    "reject_rhsbl_sender",
}
_RENAMED = {
    "reject_unknown_client": "reject_unknown_client_hostname",
    "reject_unknown_hostname": "reject_unknown_helo_hostname",
    "reject_invalid_hostname": "reject_invalid_helo_hostname",
    "reject_non_fqdn_hostname": "reject_non_fqdn_helo_hostname",
}
_ASK = (
    "Part of this value works: write each restriction as a value of its own, as "
    "Zimbra's table does."
)
_INHERITS = (
    "Nothing of the server's own would be left, and all global restrictions would "
    "begin to refuse mail here: write what this server shall have."
)
_NEW_NAME = (
    "It is called {} now, and would begin to refuse mail: set that if you want it, or "
    "take the old name out."
)


def _works(value: str) -> bool:
    # Zimbra looks for its own texts within a value, so a list in one value works.
    return all(_known(part) for part in value.split(",") if part.strip())


def _known(text: str) -> bool:
    parts = text.split()
    if parts and parts[0] in _LISTS:
        return len(parts) == 2  # noqa: PLR2004  # the restriction and its zone
    return " ".join(parts) in _KNOWN | _ALWAYS


def _partly(value: str) -> bool:
    """Say whether Zimbra finds something in a value: it looks for parts of it."""
    return any(text in value for text in _KNOWN | _LISTS if text != "reject")


def _kept(values: Sequence[str]) -> tuple[str, ...]:
    """Return what works at least in part, or what a person has to decide about."""
    return tuple(v for v in values if _works(v) or v in _RENAMED or _partly(v))


def _reason(entry: Entry, value: str) -> str:
    """Return why a value is left to a person; what is ignored can go."""
    if value in _RENAMED:  # the new name would start to refuse mail
        return _NEW_NAME.format(_RENAMED[value])
    # Zimbra joins all values: a list's word alone takes what follows for its zone.
    if _partly(value) or _LISTS & set(entry.own(_ATTR)):
        return _ASK
    inherits = entry.kind == "server" and not _kept(entry.own(_ATTR))
    return _INHERITS if inherits else ""


def _one(entry: Entry) -> Iterator[Judgement]:
    values = entry.own(_ATTR)
    for value in values:
        if not _works(value):
            reason = _reason(entry, value)
            cure = SetAttr(entry.label, _ATTR, values, _kept(values) or None)
            yield deviates(
                Layer.DECLARED,
                entry.label,
                f"{_ATTR}: {value} (ignored)",
                "a line of Zimbra's table",
                cure=None if reason else cure,
                no_cure=reason,
            )
    if all(map(_works, values)):
        text = f"{_ATTR}: {', '.join(values) or '(not set)'}"
        yield sound(Layer.DECLARED, entry.label, source="directory", seen=text)


def _declared(facts: Facts) -> Iterator[Judgement]:
    yield from _one(facts.config())
    for server in facts.servers("mta"):
        if server.own(_ATTR):
            yield from _one(server)


CONTROL = Control(
    id="mta-restrictions-take-effect",
    title="Every restriction that is set takes effect",
    why=(
        "Zimbra puts a restriction into Postfix only if it stands in a fixed table, "
        "word by word; anything else is ignored without a message, and the site "
        "believes itself protected."
    ),
    impact=(
        "Mail is treated as before: what is taken out had no effect. Write the "
        "restriction as Zimbra knows it if you want it."
    ),
    severity=Severity.MEDIUM,
    tips=("T18",),
    roles=("mta",),
    check=on_directory(
        Layer.DECLARED, (CONFIG, SERVERS), _declared, cures=True, attributes=(_ATTR,)
    ),
    refs=(),
    note=(
        "reject_unknown_client, reject_unknown_hostname, reject_invalid_hostname and "
        "reject_non_fqdn_hostname of old guides were renamed. Zimbra looks for its "
        "texts within a value, so part of one may work; that is left to you. Whether "
        "it reaches Postfix is mta-runs-what-is-declared's matter."
    ),
    examples=(
        passes(
            config={
                _ATTR: (
                    "reject_invalid_helo_hostname",
                    "reject_rbl_client zen.spamhaus.org",
                )
            }
        ),
        passes(config={_ATTR: ("reject_non_fqdn_sender",)}),
        fails(config={_ATTR: ("reject_unknown_client",)}),
        fails(config={_ATTR: ("check_client_access hash:/etc/postfix/x",)}),
        fails(config={_ATTR: ("reject_rbl_client",)}),
        fails(config={_ATTR: ("reject_non_fqdn_sender", "reject_rbl_client")}),
        fails(config={_ATTR: ("reject_non_fqdn_sender, reject_nonsense",)}),
        unsure(missing=("ldap-config",)),
    ),
)
