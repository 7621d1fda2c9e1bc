"""What zmconfigd would put into its templates: values that are known, and the others.

An attribute or key of which nothing is known may be anything; it raises no alarm.
"""

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Final

import msgspec

from zmward.catalog.attributes import attributes, exact_names
from zmward.catalog.localconfig import keys
from zmward.change import Change, SetAttr, SetLocalConfig

Values = tuple[str, ...]

_NAME: Final = re.compile(r"zimbra[A-Za-z0-9]+")
# Named by zmconfigd's program and by no schema (facts §9.2): always empty.
_DEAD: Final = frozenset(
    {
        "zimbraMtaSmtpMandatoryTlsProtocols",
        "zimbraMilterServerBindAddress",
        "zimbraMilterServerBindPort",
        "zimbraQuarantineBannedItems",
    }
)
# zmconfigd adds its own milter to these, and empties them where it is off.
_MIXED: Final = frozenset({"zimbraMtaSmtpdMilters", "zimbraMtaRestriction"})
# What it computes of zimbraIPMode: ipv4, ipv6, both.
_BY_MODE: Final[Mapping[str, Mapping[str, str]]] = {
    "zimbraPostconfProtocol": {"ipv4": "ipv4", "ipv6": "ipv6", "both": "all"},
    "zimbraLocalBindAddress": {"ipv4": "127.0.0.1", "ipv6": "::1", "both": "::1"},
    "zimbraInetMode": {"ipv4": "inet", "ipv6": "inet6", "both": "inet6"},
}
_LISTS: Final[Mapping[str, str]] = {
    "zimbraMtaRestrictionRBLs": "reject_rbl_client",
    "zimbraMtaRestrictionRHSBLCs": "reject_rhsbl_client",
    "zimbraMtaRestrictionRHSBLSs": "reject_rhsbl_sender",
    "zimbraMtaRestrictionRHSBLRCs": "reject_rhsbl_reverse_client",
}
_SECRET: Final = re.compile(r"(?i)passw|secret|token|credential|bindpw|private")
# Where Zimbra's services hang together (facts §9.1: a section's own service).
_OWN_SERVICE: Final[Mapping[str, str]] = {
    "amavis": "mta",
    "sasl": "mta",
    "nginx": "proxy",
    "webxml": "mailbox",
    "mailboxd": "mailbox",
}


class Known(msgspec.Struct, frozen=True):
    """The values of one server: own or inherited attributes, and localconfig.

    An attribute that was asked for and is not set has no value, `()`. Where localconfig
    is `unread`, no default counts either.
    """

    attributes: Mapping[str, Values]
    settings: Mapping[str, str]
    unread: bool = False

    def values(self, name: str) -> Values | None:
        """Return what the directory has for a name, None where nothing is known."""
        if name in _DEAD:
            return ()
        if name in _BY_MODE:
            mode = (self.attributes.get("zimbraIPMode") or ("",))[0].lower()
            found = _BY_MODE[name].get(mode)
            return None if found is None else (found,)
        if name in _LISTS:
            return self._listed(_LISTS[name])
        if name.endswith("PerLine"):
            return self.values(name.removesuffix("PerLine"))
        return self.attributes.get(name)

    def possible(self, name: str) -> tuple[Values, ...] | None:
        """Return all that zmconfigd may make of a name, None for anything."""
        found = self.values(name)
        if found is None:
            return None
        if name != "zimbraMtaSmtpdMilters":
            return (found,)
        milter = ":".join(
            (self.values(f"zimbraMilterBind{word}") or ("",))[0]
            for word in ("Address", "Port")
        )
        return (found, (), (*found, f"inet:{milter}"))

    def setting(self, key: str) -> str | None:
        """Return a localconfig value that is no secret, None where it is not known."""
        if self.unread or _SECRET.search(key):
            return None
        known = self.settings.get(key)
        if known is None and key in keys():
            known = keys()[key].default
        return None if known is None or "${" in known else known

    def truth(self, kind: str, name: str) -> bool | None:
        """Say whether an operand counts as true, None where nothing is known."""
        wanted = not name.startswith("!")
        name = name.removeprefix("!")
        if kind == "SERVICE":
            enabled = self.attributes.get("zimbraServiceEnabled")
            name = {"mailboxd": "mailbox", "sasl": "mta"}.get(name, name)
            return None if not enabled else (name in enabled) is wanted
        if kind == "LOCAL":
            setting = self.setting(name)
            return None if setting is None else _true(setting) is wanted
        values = self.values(name)
        return None if values is None else _true(" ".join(values)) is wanted

    def runs(self, section: str) -> bool:
        """Say whether zmconfigd renders a section here; in doubt it does."""
        if section == "dhparam":
            return True
        return self.truth("SERVICE", _OWN_SERVICE.get(section, section)) is not False

    def after(self, changes: Iterable[Change], host: str) -> "Known":
        """Return what will be known once these changes are made."""
        found, settings = dict(self.attributes), dict(self.settings)
        for change in changes:
            if isinstance(change, SetLocalConfig) and change.target == host:
                settings.pop(change.key, None)
                if change.after is not None:
                    settings[change.key] = change.after
            elif isinstance(change, SetAttr) and change.after is not None:
                own = change.target == f"server:{host}"
                # An own value hides the global one, so that both are possible.
                shows = found.get(change.attribute) in (None, (), change.before)
                if own or (change.target == "global" and shows):
                    found[change.attribute] = change.after
            elif isinstance(change, SetAttr) and change.target in _here(host):
                found.pop(change.attribute, None)
        return Known(found, settings)

    def _listed(self, word: str) -> Values | None:
        found = self.attributes.get("zimbraMtaRestriction")
        if found is None:
            return None
        words = " ".join(found).split()
        pairs = pairwise(words)
        return tuple(value for first, value in pairs if first == word)


def _here(host: str) -> tuple[str, str]:
    return ("global", f"server:{host}")


def _true(value: str) -> bool:
    # zmconfigd takes whatever begins with no, false or 0 for false.
    return bool(value) and not re.match(r"no|false|0+", value, re.IGNORECASE)


def named(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the attributes that templates name and the schema has."""
    found = {name for text in texts for name in _NAME.findall(text)}
    if found & _LISTS.keys():
        found.add("zimbraMtaRestriction")
    for name in tuple(found):
        found.add(name.removesuffix("PerLine").removesuffix("XML"))
    always = {"zimbraServiceEnabled", "zimbraIPMode"} | {
        "zimbraReverseProxyResponseHeaders",
        *("zimbraMilterBindAddress", "zimbraMilterBindPort"),
    }
    return tuple(sorted((found | always) & exact_names_set()))


def exact_names_set() -> frozenset[str]:
    """Return every attribute's exact name."""
    return frozenset(exact_names().values())


def several(name: str) -> bool:
    """Say whether an attribute has values in no order."""
    row = attributes().get(name)
    return name in _LISTS or name in _MIXED or row is None or row.multi
