"""What a plan says of lines set by hand that zmconfigd would overwrite."""

from zmward.cli.options import door
from zmward.doors.open_directory import open_directory
from zmward.doors.zimbra_host import ZimbraHost
from zmward.engine.losses import look_for_losses, told
from zmward.engine.site import Site
from zmward.errors import ZmwardError
from zmward.plan import Plan
from zmward.reports.plain import plain


def _quiet(_text: str) -> None:
    return None


def hand_made(host: str, plan: Plan) -> str:
    """Return the lines on a host that applying the plan would lose; "" for none."""
    way = door(host)
    site = Site(door=way, opener=lambda: open_directory(ZimbraHost(way), _quiet))
    try:
        found = look_for_losses(site, plan)
    except ZmwardError as error:
        return f"\nHand-made lines could not be looked for: {plain(str(error))}\n"
    finally:
        site.reopen()
    if not found.losses:
        return ""
    return (
        "\nHand-made lines that would vanish, because zmconfigd writes these files "
        f"anew:\n{told(found.losses)}\n"
        "apply refuses unless each is accepted: --accept-loss PATH@CODE, as above.\n"
    )
