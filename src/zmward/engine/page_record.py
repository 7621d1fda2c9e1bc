"""Remembers on this host that the site's page was written: a file of root's own."""

from pathlib import Path

import msgspec

from zmward.engine.own_store import alone, put
from zmward.engine.state import root
from zmward.errors import Refused
from zmward.sources.configuration_page import SCHEMA, Page


def folder() -> Path:
    """Return the folder of the record."""
    return Path(root()) / "document"


def remember(when: str, path: Path, left_out: tuple[str, ...]) -> None:
    """Remember the page in place of the one before; raise Refused where that fails."""
    where = folder()
    page = Page(SCHEMA, when, str(path.absolute()), left_out)
    with alone(
        where,
        nothing="that a page was written is not remembered",
        variable="ZMWARD_STATE",
        busy="Another `zmward config document` is remembering its page.",
    ):
        try:
            put(where / "written.json", msgspec.json.encode(page) + b"\n")
        except OSError as error:
            raise Refused(f"{where} cannot be written: {error.strerror}.") from error
