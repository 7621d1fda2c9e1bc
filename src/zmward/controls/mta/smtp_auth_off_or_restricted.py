"""SMTP AUTH is off, or restricted to listed users or networks."""

from collections.abc import Iterator

from zmward.control import Check, Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.attributes import server_attr
from zmward.controls.shapes.basic import layers, on_hosts
from zmward.controls.shapes.mta import Services, in_force, port_of, words
from zmward.controls.shapes.outside_smtp import no_login
from zmward.controls.shapes.service import unless_wanted
from zmward.controls.shapes.wanted import exactly
from zmward.deviation import Judgement, Layer, State, deviates, sound
from zmward.facts import Facts
from zmward.sources.postconf import MASTER, POSTCONF, SERVICES

_LISTS = (
    *("smtpd_client_restrictions", "smtpd_helo_restrictions"),
    *("smtpd_sender_restrictions", "smtpd_relay_restrictions"),
    "smtpd_recipient_restrictions",
)
_SMTPS = 465
_COMMAND = 7  # the eighth column of master.cf
_FOLLOWS = "It follows from zimbraMtaSaslAuthEnable: set that, or restrict who may."
_HARD_WIRED = (
    "master.cf.in sets it for port 465 whatever zimbraMtaSaslAuthEnable says: close "
    "465 in the firewall, or take the service out of the template (until an upgrade)."
)


def _restricted(main: dict[str, str], services: Services, service: str) -> bool:
    """Say whether only listed networks see AUTH, or only listed users may send."""
    hidden = in_force(main, services, service, "smtpd_sasl_exceptions_networks") or ""
    both = main.get("inet_protocols", "all") != "ipv4"
    every = {"0.0.0.0/0", "::/0"} if both else {"0.0.0.0/0"}
    listed = {word.strip("[]").replace("]", "") for word in words(hidden)}
    if every <= listed or "static:all" in listed:
        return True
    lists = (in_force(main, services, service, name) or "" for name in _LISTS)
    # Behind permit_sasl_authenticated the list would never be asked.
    return any(
        "check_sasl_access" in text.partition("permit_sasl_authenticated")[0]
        for text in lists
    )


def _rendered(facts: Facts, host: str) -> Iterator[Judgement]:
    main = facts.read(POSTCONF, host)
    services = facts.read(SERVICES, host)
    for service, line in facts.read(MASTER, host).items():
        port = port_of(service)
        if port is None or line.split()[_COMMAND] != "smtpd":
            continue
        value = in_force(main, services, service, "smtpd_sasl_auth_enable")
        text = f"port {port} ({service}): smtpd_sasl_auth_enable = {value}"
        if value == "no" or _restricted(main, services, service):
            yield sound(Layer.RENDERED, host, source="postconf-services", seen=text)
            continue
        yield deviates(
            Layer.RENDERED,
            host,
            text,
            "no, or restricted to listed users or networks",
            no_cure=_HARD_WIRED if port == _SMTPS else _FOLLOWS,
        )


_ON_HOSTS = on_hosts(
    Layer.RENDERED, (POSTCONF, SERVICES, MASTER), _rendered, role="mta"
)
_DECLARED = server_attr("zimbraMtaSaslAuthEnable", exactly("no"), role="mta")


def _judge(facts: Facts) -> Iterator[Judgement]:
    """Let the declared value go where every port is restricted by other means."""
    rendered = tuple(_ON_HOSTS.judge(facts))
    if any(judgement.state is not State.OK for judgement in rendered):
        yield from _DECLARED.judge(facts)
    yield from rendered


_MASTER = {
    "465/inet": "465 inet n - n - - smtpd",
    "submission/inet": "submission inet n - n - - smtpd",
}
_OFF = {"smtpd_sasl_auth_enable": "no"}
_ON = {"smtpd_sasl_auth_enable": "yes"}

CONTROL = Control(
    id="smtp-auth-off-or-restricted",
    title="SMTP AUTH is off, or restricted to listed users or networks",
    why=(
        "Whoever guesses or steals one password sends spam through this server; "
        "where everybody writes in the web client, nobody needs SMTP AUTH."
    ),
    impact="Mail programs and devices that log in over SMTP can no longer send.",
    severity=Severity.LOW,
    tips=("T11",),
    roles=("mta",),
    locks_out="users of mail programs and devices that send over SMTP",
    check=unless_wanted(
        "smtp_auth",
        Check(
            needs=layers(_DECLARED, _ON_HOSTS).needs,
            judge=_judge,
            cures=True,
            attributes=_DECLARED.attributes,
            layers=layers(_DECLARED, _ON_HOSTS).layers,
        ),
    ),
    refs=(
        "https://www.postfix.org/SASL_README.html",
        "https://www.postfix.org/postconf.5.html#smtpd_sasl_exceptions_networks",
    ),
    note=(
        "The published guide's one attribute covers ports 25 and 587 only: port 465 "
        "is hard-wired "
        "in master.cf.in. zmward knows off, restricted (check_sasl_access or "
        "smtpd_sasl_exceptions_networks) and on; whether such a list is the right one "
        'is for the site to look at. Say services.smtp-auth = "wanted" in the '
        "profile where mail programs are in use."
    ),
    examples=(
        passes(
            config={"zimbraMtaSaslAuthEnable": "no"},
            postconf=_OFF,
            postconf_services={"465/inet": _OFF},
            postconf_master=_MASTER,
        ),
        passes(
            config={"zimbraMtaSaslAuthEnable": "yes"},
            postconf={
                **_ON,
                "smtpd_sasl_exceptions_networks": "!192.0.2.0/24, 0.0.0.0/0, ::/0",
            },
            postconf_services={"465/inet": _ON},
            postconf_master=_MASTER,
        ),
        fails(
            config={"zimbraMtaSaslAuthEnable": "yes"},
            postconf=_ON,
            postconf_services={"465/inet": _ON},
            postconf_master=_MASTER,
        ),
        fails(
            config={"zimbraMtaSaslAuthEnable": "no"},
            postconf=_OFF,
            postconf_services={"465/inet": _ON},
            postconf_master=_MASTER,
        ),
        fails(
            config={"zimbraMtaSaslAuthEnable": "yes"},
            postconf={**_ON, "smtpd_sasl_exceptions_networks": "0.0.0.0/0"},
            postconf_services={"465/inet": _ON},
            postconf_master=_MASTER,
        ),
        fails(
            config={"zimbraMtaSaslAuthEnable": "no"},
            postconf=_OFF,
            postconf_services={"192.0.2.1:465/inet": _ON},
            postconf_master={
                "192.0.2.1:465/inet": "192.0.2.1:465 inet n - n - - smtpd"
            },
        ),
        unsure(config={"zimbraMtaSaslAuthEnable": "no"}),
        unconcerned(profile={"services": {"smtp-auth": "wanted"}}),
    ),
    outside=no_login(),
)
