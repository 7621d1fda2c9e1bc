"""Shapes for what one node says: localconfig keys and Postfix's parameters."""

from collections.abc import Iterator

from msgspec.structs import replace

from zmward.catalog.level import Level, fixed, level, text
from zmward.catalog.localconfig import keys
from zmward.change import SetLocalConfig
from zmward.control import Check
from zmward.controls.shapes.basic import on_hosts
from zmward.controls.shapes.wanted import Wanted
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.localconfig import LOCALCONFIG
from zmward.sources.packages import PACKAGES
from zmward.sources.postconf import POSTCONF


def _doubt(facts: Facts, host: str, key: str, since: tuple[Level, ...]) -> str:
    """Say why a node may not know a key; empty where it does."""
    if not since:
        return ""
    packages = facts.read(PACKAGES, host)
    version = packages.get("zimbra-patch", packages.get("zimbra-core", ""))
    found = level(version)
    if found is None:
        return f"whether this release reads {key} is not known"
    if not fixed(found, since):
        return f"Zimbra {text(found)} does not read {key} yet"
    return ""


def localconfig(
    key: str,
    wanted: Wanted,
    *,
    role: str = "",
    unset: str | None = None,
    since: tuple[Level, ...] = (),
) -> Check:
    """Judge a localconfig key on every node with a role, compiled default included.

    `since` names the first release of each branch that reads the key.
    """
    row = keys().get(key)

    def one(facts: Facts, host: str) -> Iterator[Judgement]:
        found = facts.read(LOCALCONFIG, host)
        value = found.value(key)
        if value is None:
            value = unset
        if value is None:
            yield unknown(Layer.DECLARED, host, f"localconfig has no key {key}")
            return
        where = "" if key in found.own else " (compiled default)"
        seen = f"{key} = {value}{where}"
        if wanted.holds((value,) if value else ()):
            doubt = _doubt(facts, host, key, since)
            yield (
                unknown(Layer.DECLARED, host, doubt)
                if doubt
                else sound(Layer.DECLARED, host, source="localconfig", seen=seen)
            )
            return
        after = wanted.cure((value,))
        secret = row is not None and row.protected_key
        cure = None
        if after is not None and not secret:
            own = found.own.get(key)
            cure = SetLocalConfig(host, key, own, after[0] if after else "")
        yield deviates(
            Layer.DECLARED,
            host,
            seen,
            wanted.text,
            cure=cure,
            no_cure="" if cure else "Which value is right is the site's to say.",
            source="localconfig",
        )

    sources = (LOCALCONFIG, PACKAGES) if since else (LOCALCONFIG,)
    check = on_hosts(Layer.DECLARED, sources, one, role=role, cures=True)
    return replace(check, keys=(key,))


def postconf(parameter: str, wanted: Wanted, *, attribute: str = "") -> Check:
    """Judge a parameter of Postfix as it is in force, on every MTA node.

    `attribute` is the one from which zmconfigd renders the parameter.
    """

    def one(facts: Facts, host: str) -> Iterator[Judgement]:
        value = facts.read(POSTCONF, host).get(parameter)
        if value is None:
            yield unknown(Layer.RENDERED, host, f"Postfix has no {parameter}")
            return
        seen = f"{parameter} = {value}"
        if wanted.holds((value,) if value else ()):
            yield sound(Layer.RENDERED, host, source="postconf", seen=seen)
            return
        follows = f"It follows from {attribute}." if attribute else "No attribute."
        yield deviates(
            Layer.RENDERED,
            host,
            seen,
            wanted.text,
            no_cure=follows,
            source="postconf",
        )

    return on_hosts(Layer.RENDERED, (POSTCONF,), one, role="mta")
