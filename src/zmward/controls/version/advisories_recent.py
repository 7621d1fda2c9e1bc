"""The advisories by which zmward judges are no older than the profile allows."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.patches.ledger import Catalog, catalog
from zmward.sources.packages import PACKAGES


def _catalog(facts: Facts) -> Catalog:
    active = facts.catalog
    generated = active.advisories.generated
    site = facts.profile.patches
    return catalog(generated, active.serial, facts.now, site, active.trouble)


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    facts.read(PACKAGES, host)  # without it, no advisory judged anything
    found = _catalog(facts)
    origin = f"signed catalog {found.serial}" if found.serial else "zmward's own"
    age = "" if found.ahead else f", {found.age_days} days old"
    seen = f"{origin}, as of {found.generated}{age}"
    if found.old:
        yield deviates(
            Layer.LASTING,
            host,
            seen,
            f"at most {found.most_days} days old",
            no_cure="Install a newer zmward, or take a signed catalog: "
            "`zmward patches update FILE|URL`.",
        )
    elif found.trouble:
        yield unknown(Layer.LASTING, host, found.trouble)
    else:
        yield sound(Layer.LASTING, host, seen=seen)


_HERE = {"packages": {"zimbra-core": "10.1.0.GA.4655.UBUNTU22.64"}}

CONTROL = Control(
    id="advisories-recent",
    title="The advisories by which zmward judges are recent",
    why=(
        "A hole that was published after them is not in them, so the server looks "
        "better than it is."
    ),
    impact="None on the server.",
    severity=Severity.MEDIUM,
    tips=("T01",),
    check=on_hosts(Layer.LASTING, (PACKAGES,), _look),
    refs=("https://wiki.zimbra.com/wiki/Zimbra_Security_Advisories",),
    note=(
        "The age is that at the time that is judged; `catalog-days` of the profile "
        "is the most."
    ),
    examples=(
        passes(**_HERE),
        passes(**_HERE, now="2026-12-24T12:00:00+00:00"),
        passes(
            **_HERE,
            now="2027-02-24T12:00:00+00:00",
            profile={"patches": {"catalog-days": 100}},
        ),
        fails(**_HERE, now="2027-02-24T12:00:00+00:00"),
        fails(
            **_HERE,
            profile={"patches": {"catalog-days": 1}},
            now="2026-11-24T12:00:00+00:00",
        ),
        unsure(missing=("packages",)),
    ),
)
