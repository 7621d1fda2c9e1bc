"""What the site's own history of the configuration tells of a template."""

from collections.abc import Callable
from functools import cache

from zmward.cli.config_place import store
from zmward.configuration.templates import Kept, since
from zmward.errors import ZmwardError
from zmward.i18n import Said


@cache
def _ends() -> tuple[Kept, Kept] | None:
    """Return the first and the last snapshot; None where there are no two."""
    try:
        kept = store(None)
        rows = kept.log() if kept.exists else ()
        if not rows:
            return None
        first, last = rows[-1], rows[0]
        return (
            Kept(first.time, kept.files(first.id)),
            Kept(last.time, kept.files(last.id)),
        )
    except ZmwardError:
        # A history that cannot be read tells nothing; readiness does not need it.
        return None


def template_history(host: str) -> Callable[[str], Said | None]:
    """Return what says of a template's path how it changed, or says nothing."""

    def told(path: str) -> Said | None:
        ends = _ends()
        return since(*ends, host, path) if ends else None

    return told
