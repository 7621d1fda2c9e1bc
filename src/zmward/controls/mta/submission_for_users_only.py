"""Ports 465 and 587 take mail from logged-in users only."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.controls.shapes.mta import in_force, port_of, words
from zmward.controls.shapes.outside_relay import users_only
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.facts import Facts
from zmward.sources.postconf import MASTER, POSTCONF, SERVICES

_PORTS = (465, 587)
_LISTS = (
    "smtpd_client_restrictions",
    "smtpd_relay_restrictions",
    "smtpd_recipient_restrictions",
)
_NO_CURE = (
    "Zimbra's master.cf.in says permit_sasl_authenticated,reject: restore the template."
)
_STRICT = ("permit_sasl_authenticated", "reject")


def _strict(value: str) -> bool:
    """Say whether nobody but a logged-in user gets past a list."""
    permits = [word for word in words(value) if word.startswith("permit")]
    return set(permits) <= {_STRICT[0]} and words(value)[-1:] == (_STRICT[1],)


def _tables(value: str) -> bool:
    """Say whether a list asks a table or a policy, which may let anybody in."""
    return any(word.startswith("check_") for word in words(value))


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    main, services = facts.read(POSTCONF, host), facts.read(SERVICES, host)
    found = [name for name in facts.read(MASTER, host) if port_of(name) in _PORTS]
    if not found:
        yield not_concerned(Layer.RENDERED, host, "neither 465 nor 587 is served")
    for service in found:
        lists = {name: in_force(main, services, service, name) or "" for name in _LISTS}
        good = {name: value for name, value in lists.items() if _strict(value)}
        strict = [f"{n} = {v}" for n, v in good.items() if not _tables(v)]
        if good and not strict:
            reason = f"{service}: whom {' '.join(good.values())} lets in is not known"
            yield unknown(Layer.RENDERED, host, reason)
        elif strict:
            yield sound(
                Layer.RENDERED,
                host,
                source="postconf-services",
                seen=f"{service}: {strict[0]}",
            )
        else:
            text = f"{service}: smtpd_relay_restrictions = {lists[_LISTS[1]]}"
            yield deviates(
                Layer.RENDERED, host, text, ",".join(_STRICT), no_cure=_NO_CURE
            )


_MASTER = {
    "465/inet": "465 inet n - n - - smtpd",
    "submission/inet": "submission inet n - n - - smtpd",
}
_GOOD = {name: {"smtpd_relay_restrictions": ",".join(_STRICT)} for name in _MASTER}

CONTROL = Control(
    id="submission-for-users-only",
    title="Ports 465 and 587 take mail from logged-in users only",
    why=(
        "On these ports mail passes fewer checks; whoever may use them without a login"
        " sends unscanned."
    ),
    impact="Devices that sent over these ports without a login must log in.",
    severity=Severity.HIGH,
    tips=("T11", "T12"),
    roles=("mta",),
    locks_out="devices that send over 465 or 587 without a login",
    check=on_hosts(Layer.RENDERED, (POSTCONF, SERVICES, MASTER), _look, role="mta"),
    refs=("https://www.postfix.org/SASL_README.html#server_sasl_authz",),
    examples=(
        passes(postconf={}, postconf_services=_GOOD, postconf_master=_MASTER),
        fails(
            postconf={"smtpd_relay_restrictions": "permit_mynetworks, reject"},
            postconf_services={"465/inet": _GOOD["465/inet"]},
            postconf_master=_MASTER,
        ),
        fails(
            postconf={},
            postconf_services={
                **_GOOD,
                "465/inet": {"smtpd_relay_restrictions": "permit_mynetworks,reject"},
            },
            postconf_master=_MASTER,
        ),
        fails(
            postconf={"smtpd_relay_restrictions": "permit_mynetworks, reject"},
            postconf_services={},
            postconf_master={"0.0.0.0:465/inet": "0.0.0.0:465 inet n - n - - smtpd"},
        ),
        passes(
            postconf={"mua_relay_restrictions": ",".join(_STRICT)},
            postconf_services={
                "465/inet": {"smtpd_relay_restrictions": "$mua_relay_restrictions"}
            },
            postconf_master={"465/inet": "465 inet n - n - - smtpd"},
        ),
        unsure(
            postconf={},
            postconf_services={
                "465/inet": {
                    "smtpd_relay_restrictions": (
                        "check_client_access cidr:/etc/postfix/own, "
                        "permit_sasl_authenticated, reject"
                    )
                }
            },
            postconf_master={"465/inet": "465 inet n - n - - smtpd"},
        ),
        unsure(missing=("postconf-master",)),
        unconcerned(
            postconf={},
            postconf_services={},
            postconf_master={"smtp/inet": "smtp inet n - n - 1 postscreen"},
        ),
    ),
    outside=users_only(),
)
