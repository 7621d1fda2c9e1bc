"""Who logs in over SMTP sends from addresses of their own only."""

from collections.abc import Iterator

from zmward.change import SetAttr
from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import layers, on_directory, on_hosts
from zmward.controls.shapes.mta import in_force, port_of, words
from zmward.controls.shapes.outside_login import proved
from zmward.controls.shapes.wanted import (
    Values,
)
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound
from zmward.facts import Facts
from zmward.sources.directory import CONFIG, SERVERS, Entry
from zmward.sources.postconf import POSTCONF, SERVICES

_MAPS = "zimbraMtaSmtpdSenderLoginMaps"
_RULES = "zimbraMtaSmtpdSenderRestrictions"
_SLM = "proxy:ldap:/opt/zimbra/conf/ldap-slm.cf"
_EXCEPTIONS = "lmdb:/opt/zimbra/conf/slm-exceptions-db"
_RULE = "reject_authenticated_sender_login_mismatch"
_OLD = "reject_sender_login_mismatch"
_WANTED = {_MAPS: f"{_SLM}, exceptions before it", _RULES: f"the word {_RULE}"}


_LOGIN_MAPS, _RESTRICTIONS = "smtpd_sender_login_maps", "smtpd_sender_restrictions"
_BOTH = (_LOGIN_MAPS, _RESTRICTIONS)
_FIRST = f"{_RULE} before what permits"
_IN_MASTER = "Take the option out of /opt/zimbra/common/conf/master.cf.in by hand."


def _merged(attribute: str, values: Values) -> Values:
    """Return the site's own text with what is missing, in the order that works."""
    have = words(" ".join(values))
    if attribute == _MAPS:
        others = [word for word in have if word != _SLM]
        return (", ".join((*others, _SLM)),)
    text = values[0].strip().strip(",") if values else ""
    kept = ", ".join(p.strip() for p in text.split(",") if p.strip() not in ("", _OLD))
    return (", ".join(part for part in (_RULE, kept) if part),)


def _holds(attribute: str, values: Values) -> bool:
    have = words(" ".join(values))
    if attribute == _RULES:
        return _RULE in have
    return _SLM in have and _EXCEPTIONS not in have[have.index(_SLM) :]


def _one(entry: Entry, attribute: str, inherited: Values) -> Judgement:
    own = entry.own(attribute)
    values = own or inherited
    text = f"{attribute}: {', '.join(values) or '(not set)'}"
    if _holds(attribute, values):
        return sound(Layer.DECLARED, entry.label, source="directory", seen=text)
    cure = SetAttr(entry.label, attribute, own or None, _merged(attribute, own))
    return deviates(Layer.DECLARED, entry.label, text, _WANTED[attribute], cure=cure)


def _declared(facts: Facts) -> Iterator[Judgement]:
    servers = facts.servers("mta")
    if not servers:
        yield not_concerned(Layer.DECLARED, "directory", "no server runs mta")
    for attribute in (_MAPS, _RULES):
        common = facts.config().own(attribute)
        if any(not server.own(attribute) for server in servers):
            yield _one(facts.config(), attribute, ())
        for server in servers:
            if server.own(attribute):
                yield _one(server, attribute, common)


def _rendered(facts: Facts, host: str) -> Iterator[Judgement]:
    main, services = facts.read(POSTCONF, host), facts.read(SERVICES, host)
    own = [name for name in services if port_of(name)]
    for service in ("main.cf", *own):
        mark = "" if service == "main.cf" else f"{service}: "
        maps = in_force(main, services, service, _LOGIN_MAPS) or ""
        rules = in_force(main, services, service, _RESTRICTIONS) or ""
        have = words(rules)
        permits = [n for n, word in enumerate(have) if word.startswith("permit")]
        before = have[: min(permits, default=len(have))]
        for text, good, wanted, attribute in (
            (f"{_LOGIN_MAPS} = {maps}", _SLM in words(maps), _SLM, _MAPS),
            (f"{_RESTRICTIONS} = {rules}", _RULE in before, _FIRST, _RULES),
        ):
            if good:
                seen = f"{mark}{text}"
                yield sound(Layer.RENDERED, host, source="postconf", seen=seen)
            elif not mark or set(_BOTH) & set(services[service]):
                cause = f"It follows from {attribute}." if not mark else _IN_MASTER
                yield deviates(
                    Layer.RENDERED, host, f"{mark}{text}", wanted, no_cure=cause
                )


_REJECT = "check_sender_access lmdb:/opt/zimbra/conf/postfix_reject_sender"
_GOOD = {
    "smtpd_sender_login_maps": _SLM,
    "smtpd_sender_restrictions": f"{_RULE}, permit_sasl_authenticated",
}
_BAD = {
    "smtpd_sender_login_maps": "",
    "smtpd_sender_restrictions": "permit_mynetworks, permit_sasl_authenticated",
}

CONTROL = Control(
    id="senders-match-logins",
    title="Who logs in over SMTP sends from addresses of their own only",
    why=(
        "Without both settings any user, and any stolen password, sends as the "
        "director over SMTP."
    ),
    impact=(
        "Devices and programs that log in as one user and send as another are refused;"
        " exceptions go into slm-exceptions-db."
    ),
    severity=Severity.HIGH,
    tips=("T16",),
    roles=("mta",),
    locks_out="devices and programs that send as somebody else than they log in as",
    check=layers(
        on_directory(
            Layer.DECLARED,
            (CONFIG, SERVERS),
            _declared,
            cures=True,
            attributes=(_MAPS, _RULES),
        ),
        on_hosts(Layer.RENDERED, (POSTCONF, SERVICES), _rendered, role="mta"),
    ),
    refs=(
        "https://www.postfix.org/postconf.5.html#reject_authenticated_sender_login_mismatch",
    ),
    note=(
        "Only the envelope's sender is compared: the From that readers see can still "
        "be forged over SMTP. Zimbra recognises both texts exactly as they stand; "
        "reject_sender_login_mismatch of older guides is ignored without a word. Who "
        "sits in mynetworks and does not log in is not held."
    ),
    examples=(
        passes(config={_MAPS: _SLM, _RULES: _RULE}, postconf=_GOOD),
        passes(
            config={
                _MAPS: f"{_EXCEPTIONS}, {_SLM}",
                _RULES: f"{_REJECT}, {_RULE}",
            },
            postconf=_GOOD,
        ),
        fails(config={}, postconf=_BAD),
        fails(config={_MAPS: _SLM}, postconf=_BAD),
        fails(
            config={_RULES: _REJECT},
            postconf=_BAD,
        ),
        fails(
            config={_MAPS: _SLM, _RULES: "reject_sender_login_mismatch"}, postconf=_BAD
        ),
        fails(
            config={_MAPS: f"{_SLM} {_EXCEPTIONS}", _RULES: _RULE},
            postconf={**_GOOD, "smtpd_sender_login_maps": f"{_SLM} {_EXCEPTIONS}"},
        ),
        fails(config={_MAPS: _SLM, _RULES: _RULE}, postconf=_BAD),
        fails(
            config={_MAPS: _SLM, _RULES: _RULE},
            postconf={**_GOOD, "smtpd_sender_restrictions": f"permit, {_RULE}"},
        ),
        fails(
            config={_MAPS: _SLM, _RULES: _RULE},
            postconf=_GOOD,
            postconf_services={"465/inet": {"smtpd_sender_restrictions": ""}},
        ),
        unsure(config={_MAPS: _SLM, _RULES: _RULE}),
        unconcerned(services=("mailbox",), config={}),
    ),
    outside=proved("spoofed-sender"),
)
