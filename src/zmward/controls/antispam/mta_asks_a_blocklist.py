"""Postfix asks a blocklist about unknown senders."""

from collections.abc import Iterator
from itertools import pairwise

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.controls.shapes.mta import words
from zmward.deviation import Judgement, Layer, deviates, sound
from zmward.facts import Facts
from zmward.sources.postconf import POSTCONF

_NO_CURE = (
    "Choose a list that answers your resolver, then add `reject_rbl_client ZONE` to "
    "zimbraMtaRestriction, or zimbraMtaPostscreenDnsblSites with the action enforce."
)
_REJECTS = (
    "reject_rbl_client",
    "reject_rhsbl_client",
    "reject_rhsbl_reverse_client",
    "reject_rhsbl_sender",
)


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    main = facts.read(POSTCONF, host)
    rules = words(main.get("smtpd_recipient_restrictions", ""))
    sites = main.get("postscreen_dnsbl_sites", "")
    action = main.get("postscreen_dnsbl_action", "ignore")
    asked = [" ".join(pair) for pair in pairwise(rules) if pair[0] in _REJECTS]
    if asked or (sites and action != "ignore"):
        seen = "; ".join(asked) or f"postscreen_dnsbl_sites = {sites} ({action})"
        yield sound(Layer.RENDERED, host, source="postconf", seen=seen)
    else:
        shown = sites or "(none)"
        text = f"no reject_rbl_client; postscreen_dnsbl_sites = {shown} ({action})"
        yield deviates(
            Layer.RENDERED, host, text, "a blocklist that rejects", no_cure=_NO_CURE
        )


CONTROL = Control(
    id="mta-asks-a-blocklist",
    title="Postfix asks a blocklist about unknown senders",
    why=(
        "Most spam comes from addresses that are on a list already; refusing it at the"
        " door costs least."
    ),
    impact="Mail from a listed address is refused, sometimes wrongly.",
    severity=Severity.MEDIUM,
    tips=("T18",),
    roles=("mta",),
    locks_out="senders whose address is listed, also wrongly",
    check=on_hosts(Layer.RENDERED, (POSTCONF,), _look, role="mta"),
    refs=(
        "https://www.postfix.org/POSTSCREEN_README.html",
        "https://www.rfc-editor.org/rfc/rfc5782",
    ),
    note=(
        "Which list is right depends on the site's volume and resolver. Behind a "
        "filtering gateway, which is all that this server ever hears from, a list sees"
        " nothing: waive it there."
    ),
    examples=(
        passes(
            postconf={
                "smtpd_recipient_restrictions": "reject_rbl_client zen.example.org",
                "postscreen_dnsbl_action": "ignore",
                "postscreen_dnsbl_sites": "",
            }
        ),
        passes(
            postconf={
                "smtpd_recipient_restrictions": "permit",
                "postscreen_dnsbl_action": "enforce",
                "postscreen_dnsbl_sites": "zen.spamhaus.org*3",
            }
        ),
        fails(
            postconf={
                "smtpd_recipient_restrictions": "permit",
                "postscreen_dnsbl_action": "ignore",
                "postscreen_dnsbl_sites": "zen.spamhaus.org",
            }
        ),
        fails(
            postconf={
                "smtpd_recipient_restrictions": "permit",
                "postscreen_dnsbl_action": "enforce",
                "postscreen_dnsbl_sites": "",
            }
        ),
        unsure(missing=("postconf",)),
    ),
)
