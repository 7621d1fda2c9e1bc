"""One hole by its id: what the catalog that counts says of some builds of Zimbra."""

from collections.abc import Iterable

from zmward.catalog.advisories import Advisory
from zmward.facts import Facts
from zmward.patches.standing import CLOSED, Standing, verdict
from zmward.patches.version import Unknown, known, of_package


def named(facts: Facts, name: str) -> Advisory | None:
    """Return the hole with an id; None where the catalog withdrew it."""
    return next((row for row in facts.catalog.advisories.rows if row.id == name), None)


def closed(advisory: Advisory | None, texts: Iterable[str]) -> bool | None:
    """Say whether a hole is closed in packages' versions, None where not in all alike.

    Conditions of the hole do not count, nor does a fix that no record states.
    """
    found = set()
    for text in texts:
        version = of_package(text)
        if advisory is None or isinstance(version, Unknown):
            return None
        found.add(verdict(advisory, version).standing)
    if found and found <= set(CLOSED):
        return True
    return False if found == {Standing.APPLIES} else None


def builds(advisory: Advisory) -> str:
    """Return the builds that surely close a hole, one for each line."""
    found = (str(known(fix.surely)) for fix in advisory.fixes if fix.surely)
    return ", ".join(found)
