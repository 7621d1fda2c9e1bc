"""The plan that makes a host send log lines, or take them."""

from collections.abc import Callable

from zmward.change import Change
from zmward.cli.log_identity import Signed
from zmward.cli.main import own_version
from zmward.cli.place import Place
from zmward.doors.log_authority import Identity
from zmward.engine.forwarding import Purpose, kept, planned
from zmward.errors import Fault, Refused
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.plan import Plan


def log_plan(
    here: Place,
    facts: Facts,
    host: str,
    *,
    name: str,
    certificates: Signed,
    lacking: Callable[[Identity | None], tuple[Change, ...]],
    about: Purpose,
) -> Plan:
    """Return the plan of what a host lacks; its certificate carries the name."""
    try:
        same = kept(here.door, name, certificates.authority)
        wanted = lacking(None if same else certificates.identity(name))
    except Unseen as unseen:
        raise Refused(
            f"rsyslog's configuration on {here.name} is not known: {unseen}. Nothing "
            "was changed."
        ) from unseen
    except Fault as fault:
        raise Refused(f"Nothing was changed: {fault}") from fault
    return planned(facts, host, wanted, about, own_version())
