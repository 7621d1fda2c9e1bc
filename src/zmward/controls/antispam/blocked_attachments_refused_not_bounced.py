"""Blocked attachments are refused at the door, not bounced afterwards."""

from collections.abc import Iterator

from zmward.change import SetAttr
from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import layers, on_directory, on_hosts
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.facts import Facts
from zmward.sources.amavis import AMAVIS, Amavis
from zmward.sources.directory import CONFIG
from zmward.sources.postconf import POSTCONF

_ATTR = "zimbraMtaBlockedExtensionWarnRecipient"
_CHECKS = "postfix_header_checks"
_REWRITE = (
    "It follows from zimbraMtaBlockedExtensionWarnRecipient FALSE, and only after "
    "/opt/zimbra/libexec/configrewrite mta."
)
_LOUD = ("D_BOUNCE", "D_REJECT")  # after Postfix has accepted, a reject bounces too


def _nothing_blocked(facts: Facts, layer: Layer) -> Iterator[Judgement]:
    if not facts.config().own("zimbraMtaBlockedExtension"):
        yield not_concerned(layer, "directory", "no extension is blocked")


def _destinies(facts: Facts) -> set[str | None]:
    """Return what Amavis does with banned mail on the MTA nodes."""
    hosts = facts.hosts("mta")
    read = (facts.read(AMAVIS, host).settings for host in hosts)
    return {settings.get("final_banned_destiny") for settings in read}


def _declared(facts: Facts) -> Iterator[Judgement]:
    if nothing := tuple(_nothing_blocked(facts, Layer.DECLARED)):
        yield from nothing
        return
    warn = facts.config().one(_ATTR)
    text = f"{_ATTR}: {warn or '(not set)'}"
    if warn == "FALSE":
        yield sound(Layer.DECLARED, "global", source="directory", seen=text)
        return
    destinies = _destinies(facts)
    if None in destinies or not warn:
        yield unknown(
            Layer.DECLARED, "global", "what Amavis does with banned mail is unknown"
        )
    elif destinies & set(_LOUD):
        cure = SetAttr("global", _ATTR, (warn,), ("FALSE",))
        fates = " ".join(sorted(map(str, destinies)))
        found = f"{text}, $final_banned_destiny {fates}"
        yield deviates(Layer.DECLARED, "global", found, "FALSE", cure=cure)
    else:
        yield sound(
            Layer.DECLARED,
            "global",
            source="amavis",
            seen=f"{text}, banned mail is discarded",
        )


def _rendered(facts: Facts, host: str) -> Iterator[Judgement]:
    if tuple(_nothing_blocked(facts, Layer.RENDERED)):
        return
    destiny = facts.read(AMAVIS, host).settings.get("final_banned_destiny")
    if facts.config().one(_ATTR) != "FALSE" and destiny not in _LOUD:
        return
    checks = facts.read(POSTCONF, host).get("header_checks", "")
    text = f"header_checks = {checks}"
    if _CHECKS in checks:
        yield sound(Layer.RENDERED, host, source="postconf", seen=text)
    else:
        yield deviates(
            Layer.RENDERED,
            host,
            text,
            f"pcre:/opt/zimbra/conf/{_CHECKS}",
            no_cure=_REWRITE,
        )


def _amavis(destiny: str) -> Amavis:
    return Amavis({"final_banned_destiny": destiny}, (), (), "")


_LIST = {"zimbraMtaBlockedExtension": ("exe",)}
_ON = {"header_checks": "pcre:/opt/zimbra/conf/postfix_header_checks"}

CONTROL = Control(
    id="blocked-attachments-refused-not-bounced",
    title="Blocked attachments are refused at the door, not bounced afterwards",
    why=(
        "With the warning to recipients on, Postfix accepts the mail and Amavis "
        "bounces it: to the forged sender, a stranger, and blocklists count it."
    ),
    impact=(
        "Recipients are no longer told of a blocked attachment; the sender's own "
        "server tells the sender."
    ),
    severity=Severity.MEDIUM,
    tips=("T17",),
    roles=("mta",),
    check=layers(
        on_directory(
            Layer.DECLARED, (CONFIG,), _declared, cures=True, attributes=(_ATTR,)
        ),
        on_hosts(Layer.RENDERED, (CONFIG, POSTCONF, AMAVIS), _rendered, role="mta"),
    ),
    refs=(),
    note=(
        "Changing zimbraMtaBlockedExtensionWarnRecipient alone is not picked up by "
        "zmconfigd: run `libexec/configrewrite mta` or `zmmtactl restart` afterwards."
    ),
    examples=(
        passes(
            config={**_LIST, _ATTR: "FALSE"}, postconf=_ON, amavis=_amavis("D_REJECT")
        ),
        passes(
            config={**_LIST, _ATTR: "TRUE"},
            postconf={"header_checks": ""},
            amavis=_amavis("D_DISCARD"),
        ),
        fails(
            config={**_LIST, _ATTR: "TRUE"},
            postconf={"header_checks": ""},
            amavis=_amavis("D_BOUNCE"),
        ),
        fails(
            config={**_LIST, _ATTR: "FALSE"},
            postconf={"header_checks": ""},
            amavis=_amavis("D_BOUNCE"),
        ),
        unsure(config={**_LIST, _ATTR: "TRUE"}),
        unconcerned(config={_ATTR: "TRUE"}),
    ),
)
