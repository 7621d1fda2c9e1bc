"""What follows a change: every service that zmward can name, it can restart."""

from msgspec.structs import replace

from tests.engine.repair import CHANGES, HOST, directory, plan, site, twin
from zmward.catalog.actions import ACTIONS, RESTART_ORDER, RESTARTS
from zmward.catalog.attributes import attributes
from zmward.catalog.localconfig import keys
from zmward.catalog.triggers import SECTIONS
from zmward.doors.host import Done
from zmward.engine.services import enabled, following, restart


def named() -> set[str]:
    """Return every service that a row of the catalog may ask to restart."""
    rows = (*attributes().values(), *keys().values(), *ACTIONS.values())
    found = {
        service
        for row in rows
        for service in (getattr(row, "restart", ()) or getattr(row, "restarts", ()))
    }
    return found | {s for section in SECTIONS.values() for s in section.restarts}


def test_no_service_of_the_catalog_is_left_without_a_restart() -> None:
    first = plan(CHANGES[-1:])
    for service in named():
        step = replace(first.steps[0], restarts=(service,))
        work = following(replace(first, steps=(step,)), (0,))
        assert work.left == (), service
        assert len(work.services) == 1, service


def test_every_service_has_a_place_in_the_order_and_a_way_to_ask_it() -> None:
    assert set(RESTART_ORDER) == set(RESTARTS)
    assert RESTART_ORDER.index("mailbox") < RESTART_ORDER.index("nginxproxy")
    assert RESTART_ORDER[-2:] == ("mta", "all")
    for service in RESTART_ORDER:
        host = twin()
        host.fails = lambda argv: Done(0) if "zimbra/bin" in argv[0] else None
        restart(site(host, directory()), service)
        programs = [w for w in host.said if "zimbra/bin" in w[0]]
        action = ACTIONS[RESTARTS[service]]
        assert programs == [action.argv, (action.argv[0], "status")]


def test_only_what_runs_here_is_restarted() -> None:
    kept = directory()
    kept.objects[f"server:{HOST}"]["zimbraServiceEnabled"] = ("amavis", "opendkim")
    place = site(twin(), kept)
    assert enabled(place, HOST, RESTART_ORDER) == ("antispam", "opendkim", "all")
