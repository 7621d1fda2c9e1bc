"""Postfix asks a blocklist about unknown senders, and acts on the answer."""

import re
from collections.abc import Iterator
from itertools import pairwise

from zmward.change import SetAttr
from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import layers, on_directory, on_hosts
from zmward.controls.shapes.effective import server_value
from zmward.controls.shapes.mta import port_of, words
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.facts import Facts
from zmward.sources.directory import CONFIG, SERVERS, Entry
from zmward.sources.postconf import MASTER, POSTCONF
from zmward.sources.schema import SCHEMA

_ACTION = "zimbraMtaPostscreenDnsblAction"
_SITES = "zimbraMtaPostscreenDnsblSites"
_RULES = "zimbraMtaRestriction"
_ACTS = ("enforce", "drop")
_SMTP, _COMMAND = 25, 7  # the port; the eighth column of master.cf
_WEIGHT = re.compile(r".*\*(-?\d+)")
_CHOOSE = (
    "Choose a list that answers your resolver, then add `reject_rbl_client ZONE` to "
    "zimbraMtaRestriction, or zimbraMtaPostscreenDnsblSites with the action enforce."
)
_FOLLOWS = (
    "It follows from zimbraMtaRestriction, or from zimbraMtaPostscreenDnsblSites, "
    "…Threshold and …Action, with postscreen on port 25."
)
_REJECTS = (
    "reject_rbl_client",
    "reject_rhsbl_client",
    "reject_rhsbl_reverse_client",
    "reject_rhsbl_sender",
)


def _asked(rules: tuple[str, ...]) -> str:
    """Return the lists that restrictions ask, before what permits everybody."""
    before = rules[: rules.index("permit")] if "permit" in rules else rules
    return "; ".join(" ".join(pair) for pair in pairwise(before) if pair[0] in _REJECTS)


def _server(facts: Facts, server: Entry) -> Judgement:
    rules = server_value(facts, server, _RULES)
    sites = server_value(facts, server, _SITES) if facts.knows(_SITES) else ()
    holder = server if server.own(_ACTION) else facts.config()
    action = holder.one(_ACTION)
    asked = _asked(words(" ".join(rules)))
    text = f"{_SITES}: {len(sites)} lists, {_ACTION}: {action or '(not set)'}"
    if asked or (sites and action in _ACTS):
        seen = asked or text
        return sound(Layer.DECLARED, server.label, source="directory", seen=seen)
    wanted = "a blocklist that rejects"
    if not sites:
        return deviates(Layer.DECLARED, server.label, text, wanted, no_cure=_CHOOSE)
    cure = SetAttr(holder.label, _ACTION, holder.own(_ACTION) or None, (_ACTS[0],))
    return deviates(Layer.DECLARED, holder.label, text, " or ".join(_ACTS), cure=cure)


def _declared(facts: Facts) -> Iterator[Judgement]:
    servers = facts.servers("mta")
    if not servers:
        yield not_concerned(Layer.DECLARED, "directory", "no server runs mta")
    for server in servers:
        yield _server(facts, server)


def _reached(sites: str, threshold: str) -> bool:
    """Say whether the lists that count against a client can reach the threshold."""
    marks = [_WEIGHT.fullmatch(word) for word in words(sites)]
    weights = [int(mark[1]) if mark else 1 for mark in marks]
    most = sum(weight for weight in weights if weight > 0)
    return most > 0 and (not threshold.isdecimal() or most >= int(threshold))


def _rendered(facts: Facts, host: str) -> Iterator[Judgement]:
    main = facts.read(POSTCONF, host)
    asked = _asked(words(main.get("smtpd_recipient_restrictions", "")))
    if asked:
        yield sound(Layer.RENDERED, host, source="postconf", seen=asked)
        return
    sites = main.get("postscreen_dnsbl_sites", "")
    action = main.get("postscreen_dnsbl_action", "ignore")
    threshold = main.get("postscreen_dnsbl_threshold", "1")
    text = f"postscreen_dnsbl_sites = {sites or '(none)'} ({action}, {threshold})"
    good = action in _ACTS and _reached(sites, threshold)
    gates = [
        line
        for service, line in (facts.read(MASTER, host) if good else {}).items()
        if port_of(service) == _SMTP and line.split()[1] == "inet"
    ]
    if good and not gates:
        yield unknown(Layer.RENDERED, host, "what serves port 25 is not known")
    elif good and all(line.split()[_COMMAND] == "postscreen" for line in gates):
        yield sound(Layer.RENDERED, host, source="postconf", seen=text)
    else:
        found = f"no reject_rbl_client; {text}"
        if good:
            found = f"{text}, but postscreen does not serve port 25"
        wanted = "a blocklist that rejects"
        yield deviates(Layer.RENDERED, host, found, wanted, no_cure=_FOLLOWS)


_OBJECTS = frozenset({"globalConfig", "server"})
_KNOWN = {_ACTION.lower(): _OBJECTS, _SITES.lower(): _OBJECTS}
_SCREEN = {_SITES: ("zen.example.org*2",), _ACTION: "enforce"}
_LIVE = {
    "smtpd_recipient_restrictions": "permit_mynetworks, permit",
    "postscreen_dnsbl_action": "enforce",
    "postscreen_dnsbl_sites": "zen.example.org*2",
    "postscreen_dnsbl_threshold": "2",
}
_MASTER = {"smtp/inet": "smtp inet n - n - 1 postscreen"}
_PLAIN = {"smtp/inet": "smtp inet n - n - - smtpd"}
_RBL = "reject_rbl_client zen.example.org"

CONTROL = Control(
    id="mta-asks-a-blocklist",
    title="Postfix asks a blocklist about unknown senders, and acts on the answer",
    why=(
        "Most spam comes from addresses that are on a list already; refusing it at the"
        " door costs least. With the action ignore postscreen asks, writes the result "
        "down and lets everybody in."
    ),
    impact="Mail from a listed address is refused, sometimes wrongly.",
    severity=Severity.MEDIUM,
    tips=("T18",),
    roles=("mta",),
    locks_out="senders whose address is listed, also wrongly",
    check=layers(
        on_directory(
            Layer.DECLARED,
            (CONFIG, SERVERS, SCHEMA),
            _declared,
            cures=True,
            attributes=(_ACTION, _SITES, _RULES),
        ),
        on_hosts(Layer.RENDERED, (POSTCONF, MASTER), _rendered, role="mta"),
    ),
    refs=(
        "https://www.postfix.org/POSTSCREEN_README.html#dnsbl",
        "https://www.rfc-editor.org/rfc/rfc5782",
    ),
    note=(
        "Which list is right depends on the site's volume and resolver. Behind a "
        "filtering gateway, which is all that this server ever hears from, a list sees"
        " nothing: waive it there. enforce answers with a 550 and logs the mail's "
        "sender, drop hangs up. Lists whose weights together stay below the threshold "
        "turn nobody away."
    ),
    formerly=("postscreen-acts-on-blocklists",),
    examples=(
        passes(
            schema=_KNOWN,
            config={_RULES: ("reject_non_fqdn_sender", _RBL)},
            postconf={**_LIVE, "smtpd_recipient_restrictions": f"{_RBL}, permit"},
        ),
        passes(schema=_KNOWN, config=_SCREEN, postconf=_LIVE, postconf_master=_MASTER),
        fails(
            schema=_KNOWN,
            config={**_SCREEN, _ACTION: "ignore"},
            postconf={**_LIVE, "postscreen_dnsbl_action": "ignore"},
            postconf_master=_MASTER,
        ),
        fails(
            schema=_KNOWN,
            config=_SCREEN,
            server={_ACTION: "ignore"},
            postconf={**_LIVE, "postscreen_dnsbl_action": "ignore"},
            postconf_master=_MASTER,
        ),
        fails(schema=_KNOWN, config={}, postconf={}, postconf_master=_MASTER),
        fails(schema=_KNOWN, config=_SCREEN, postconf=_LIVE, postconf_master=_PLAIN),
        fails(
            schema=_KNOWN,
            config=_SCREEN,
            postconf={**_LIVE, "postscreen_dnsbl_threshold": "8"},
            postconf_master=_MASTER,
        ),
        fails(
            schema=_KNOWN,
            config={_RULES: (_RBL,)},
            postconf={"smtpd_recipient_restrictions": f"permit, {_RBL}"},
            postconf_master=_MASTER,
        ),
        unsure(schema=_KNOWN, config=_SCREEN),
        unsure(schema=_KNOWN, missing=("ldap-config",), postconf=_LIVE),
    ),
)
