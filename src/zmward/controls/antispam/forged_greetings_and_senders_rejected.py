"""Postfix rejects impossible greetings and sender domains."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attributes import server_attr
from zmward.controls.shapes.basic import layers, on_hosts
from zmward.controls.shapes.mta import words
from zmward.controls.shapes.wanted import Values, Wanted
from zmward.deviation import Judgement, Layer, deviates, sound
from zmward.facts import Facts
from zmward.sources.postconf import POSTCONF

_ATTR = "zimbraMtaRestriction"
_PARAMETER = "smtpd_recipient_restrictions"
_WANTED = (
    "reject_invalid_helo_hostname",
    "reject_non_fqdn_sender",
    "reject_unknown_sender_domain",
)


def _missing(found: Values) -> Values:
    """Return what is lacking; Zimbra also finds its words within a longer value."""
    have = words(" ".join(found))
    return tuple(word for word in _WANTED if word not in have)


_LIST = Wanted(
    f"among them: {', '.join(_WANTED)}",
    lambda found: not _missing(found),
    lambda found: (*found, *_missing(found)),
    merges=True,
)


def _rendered(facts: Facts, host: str) -> Iterator[Judgement]:
    value = facts.read(POSTCONF, host).get(_PARAMETER, "")
    missing = [word for word in _WANTED if word not in words(value)]
    text = f"{_PARAMETER} = {value}"
    if missing:
        yield deviates(
            Layer.RENDERED,
            host,
            f"{_PARAMETER} lacks {' '.join(missing)}",
            " ".join(_WANTED),
            no_cure=f"It follows from {_ATTR}.",
        )
    else:
        yield sound(Layer.RENDERED, host, source="postconf", seen=text)


CONTROL = Control(
    id="forged-greetings-and-senders-rejected",
    title="Postfix rejects impossible greetings and sender domains",
    why=(
        "A greeting that is no host name and a sender whose domain does not exist are "
        "marks of spam that cost nothing to see."
    ),
    impact="Mail from badly configured senders is refused until they repair their DNS.",
    severity=Severity.MEDIUM,
    tips=("T18",),
    roles=("mta",),
    locks_out="senders whose own DNS is broken",
    check=layers(
        server_attr("zimbraMtaRestriction", _LIST, role="mta", unset=()),
        on_hosts(Layer.RENDERED, (POSTCONF,), _rendered, role="mta"),
    ),
    refs=("https://www.postfix.org/postconf.5.html#reject_unknown_sender_domain",),
    note=(
        "reject_unknown_reverse_client_hostname is recommended as well; "
        "reject_unknown_client_hostname refuses much honest mail."
    ),
    examples=(
        passes(config={_ATTR: _WANTED}, postconf={_PARAMETER: ", ".join(_WANTED)}),
        passes(
            config={_ATTR: ", ".join(_WANTED)},
            postconf={_PARAMETER: ", ".join(_WANTED)},
        ),
        fails(
            config={_ATTR: _WANTED},
            server={_ATTR: ("reject_rbl_client zen.example.org",)},
            postconf={_PARAMETER: "reject_rbl_client zen.example.org"},
        ),
        fails(config={_ATTR: _WANTED[:2]}, postconf={_PARAMETER: ", ".join(_WANTED)}),
        fails(config={}, postconf={_PARAMETER: "permit"}),
        fails(config={_ATTR: _WANTED}, postconf={_PARAMETER: ""}),
        unsure(config={_ATTR: _WANTED}),
    ),
)
