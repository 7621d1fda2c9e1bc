"""Holes made up for the reports' tests: every standing, and hostile words."""

from datetime import UTC, date, datetime
from typing import Any

from zmward.catalog.advisories import Advisory, Fix, Mitigation
from zmward.catalog.conditions import Package
from zmward.patches.ledger import Ledger, ledger
from zmward.patches.overview import Hole, Level, Node, Overview, Step
from zmward.patches.standing import OnNode, Standing
from zmward.profile import Patches

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
EVIL = "\x1b]0;pwned\x07<script>alert(1)</script>\u202egnp.\n"


def advisory(number: int, **values: Any) -> Advisory:
    found: dict[str, Any] = {
        "id": f"CVE-2026-{number}",
        "where": "Classic web client",
        "summary": f"something is wrong, number {number}",
        "component": "store",
        "access": "anyone",
        "affected": (),
        "fixes": (Fix("10.1", "10.1.20", "10.1.20"),),
        "proven": True,
        "source": "a record",
        "confidence": "A",
        "published": date(2026, 8, 13),
    }
    return Advisory(**found | values)


def hole(one: Advisory, standing: Standing, **values: Any) -> Hole:
    fix = "10.1.20" if standing is Standing.APPLIES else ""
    nodes = (OnNode("mail.example.com", standing, "it says so", "10.1.16", fix),)
    found = {"said": "it says so", "nodes": nodes, "fix": fix}
    return Hole(one, standing, **found | values)


EXPLOITED = hole(
    advisory(
        73570,
        where="snmp",
        component="mta",
        exploited=True,
        listed=date(2026, 8, 21),
        cvss=8.9,
        mitigations=(Mitigation("set snmp_notify=0", "snmp-notices-off-or-fixed"),),
    ),
    Standing.APPLIES,
    released=date(2026, 7, 20),
    met=True,
)
MEDIUM = hole(advisory(73572, cvss=5.4), Standing.APPLIES)
LOW = hole(advisory(73574, cvss=3.1), Standing.APPLIES)
UNRATED = hole(advisory(93647, published=date(2026, 11, 20)), Standing.APPLIES)
UNDATED = hole(advisory(50053, published=None, fixes=()), Standing.APPLIES)
UNKNOWN = hole(advisory(11111, exploited=True), Standing.UNKNOWN, advice="move on")
FIXED = hole(advisory(22222), Standing.FIXED)
ABSENT = hole(
    advisory(33333, component="proxy"),
    Standing.NOT_APPLICABLE,
)
UNMET = hole(
    advisory(44444, condition=Package("zimbra-talk")),
    Standing.NOT_APPLICABLE,
    nodes=(
        OnNode("mail.example.com", Standing.NOT_APPLICABLE, "no package", met=False),
    ),
    met=False,
)
NOWHERE = hole(
    advisory(45454, component="ldap"), Standing.NOT_APPLICABLE, nodes=(), said="none"
)
HOSTILE = hole(
    advisory(55555, id=f"ZM-{EVIL}", summary=EVIL, where=EVIL, cwe=EVIL),
    Standing.APPLIES,
    said=EVIL,
    advice=EVIL,
    nodes=(OnNode("mail.example.com", Standing.APPLIES, EVIL, EVIL, EVIL),),
    fix=EVIL,
)
ALL = (
    *(EXPLOITED, MEDIUM, LOW, UNRATED, UNDATED),
    *(UNKNOWN, FIXED, ABSENT, UNMET, NOWHERE, HOSTILE),
)
NODE = Node(
    "mail.example.com",
    (
        Level("store", ("10.1.16",), "zimbra-patch 10.1.16.1773100000-1.u22"),
        Level("mta", ("10.1.15", "10.1.16")),
    ),
    edition="FOSS",
    line="10.1",
)
STEP = Step("10.1", "10.1.21", ("mail.example.com",), ("CVE-2026-73570",), ())


def made(holes: tuple[Hole, ...] = ALL, **values: Any) -> Ledger:
    overview = Overview(date(2026, 11, 21), (NODE,), holes, (STEP,))
    found: dict[str, Any] = {"host": "mail.example.com", "when": NOW.isoformat()}
    site = values.pop("site", Patches(time_zone="Europe/Vienna"))
    now = values.pop("now", NOW)
    return ledger(overview, site, now, **found | values)
