"""Where mail is filtered at all, and the pax that Amavis wants there."""

from collections.abc import Iterator

from msgspec.structs import replace

from zmward.change import InstallPackage
from zmward.control import Check
from zmward.controls.shapes.basic import Look, Sources, on_hosts
from zmward.deviation import Judgement, Layer, not_concerned
from zmward.evidence import Missing, Unseen
from zmward.facts import Facts
from zmward.sources.osrelease import OS_RELEASE, OsRelease
from zmward.sources.packages import PACKAGES

_FIRST_WITH_DNF = 8
PAX_SOURCES = (PACKAGES, OS_RELEASE)
_FILTERS = {"amavis", "antispam", "antivirus"}


def _package(system: OsRelease, host: str) -> InstallPackage | None:
    if system.family == "deb":
        return InstallPackage(host, "pax", "apt")
    major = system.version.partition(".")[0]
    if system.family == "rpm" and major.isdecimal() and int(major) >= _FIRST_WITH_DNF:
        return InstallPackage(host, "spax", "dnf")
    return None


def pax(facts: Facts, host: str) -> InstallPackage | None:
    """Return the package of this system; none where it is there already."""
    try:
        cure = _package(facts.read(OS_RELEASE, host), host)
        known = facts.read(PACKAGES, host)
    except Unseen:
        return None
    return None if cure is None or cure.package in known else cure


def filtered(facts: Facts, host: str) -> bool:
    """Say whether a node runs Amavis, by its services; raise Unseen where unsure."""
    server = next((s for s in facts.servers() if s.name == host), None)
    if server is None:
        raise Unseen(Missing(f"the services of {host} are not known"))
    return bool(_FILTERS & set(server.own("zimbraServiceEnabled")))


def on_filters(
    layer: Layer, sources: Sources, one: Look, *, cures: bool = False
) -> Check:
    """Look at the MTA nodes that run Amavis."""

    def look(facts: Facts, host: str) -> Iterator[Judgement]:
        if filtered(facts, host):
            yield from one(facts, host)
        else:
            yield not_concerned(layer, host, "no filter runs here")

    return on_hosts(layer, sources, look, role="mta", cures=cures)


def where_filtered(check: Check) -> Check:
    """Judge only where some server filters spam."""

    def judge(facts: Facts) -> Iterator[Judgement]:
        try:
            none = not facts.servers("antispam")
        except Unseen:
            none = False
        if none:
            reason = "no server runs antispam"
            yield not_concerned(Layer.DECLARED, "directory", reason)
        else:
            yield from check.judge(facts)

    return replace(check, needs=("ldap-servers", *check.needs), judge=judge)
