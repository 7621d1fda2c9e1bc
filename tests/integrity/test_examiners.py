"""Processes that look at files see what one alone sees, whatever the files are called."""

import os
from pathlib import Path

import pytest

from zmward.doors.examine import Examiner
from zmward.doors.tree import Folder
from zmward.engine.examiners import Looker, batches, looked

NAMES = (b"plain", b"not \xff UTF-8", b"a\nline", "\u00e9\u20ac".encode(), b"x\\y")


@pytest.mark.parametrize("count", [1, 2, 4])
def test_every_name_reaches_the_workers(tmp_path: Path, count: int) -> None:
    names = tuple(sorted(os.fsdecode(name) for name in NAMES))
    folders = [Folder("", ())]
    for number in range(40):
        place = tmp_path / str(number)
        place.mkdir()
        for name in names:
            (place / name).write_text(f"{number} {name!a}", "ascii")
        (place / "link").symlink_to("plain")
        folders.append(Folder(f"/{number}", names, others=("link",)))
    root = os.open(tmp_path, os.O_RDONLY)
    try:
        looker = Looker(root, Examiner(lambda _: ""))
        found = list(looked(looker, batches(folders), count))
        alone = [looker.look(batch) for batch in batches(folders)]
    finally:
        os.close(root)
    assert found == alone
    assert sum(one.count for one in found) == 1 + 40 * (len(names) + 2)
    assert not [note for one in found for note in one.notes]
