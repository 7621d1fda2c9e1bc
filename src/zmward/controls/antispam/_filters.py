"""Where mail is filtered at all: what else is said of filters concerns no other."""

from collections.abc import Iterator

from msgspec.structs import replace

from zmward.control import Check
from zmward.controls.shapes.basic import Look, Sources, on_hosts
from zmward.deviation import Judgement, Layer, not_concerned
from zmward.evidence import Missing, Unseen
from zmward.facts import Facts

_FILTERS = {"amavis", "antispam", "antivirus"}


def filtered(facts: Facts, host: str) -> bool:
    """Say whether a node runs Amavis, by its services; raise Unseen where unsure."""
    server = next((s for s in facts.servers() if s.name == host), None)
    if server is None:
        raise Unseen(Missing(f"the services of {host} are not known"))
    return bool(_FILTERS & set(server.own("zimbraServiceEnabled")))


def on_filters(layer: Layer, sources: Sources, one: Look) -> Check:
    """Look at the MTA nodes that run Amavis."""

    def look(facts: Facts, host: str) -> Iterator[Judgement]:
        if filtered(facts, host):
            yield from one(facts, host)
        else:
            yield not_concerned(layer, host, "no filter runs here")

    return on_hosts(layer, sources, look, role="mta")


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
