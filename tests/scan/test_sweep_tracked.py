"""A sweep keeps off a table of connections that is nearly full."""

import threading
import time
from pathlib import Path

from zmward.doors.tracked import Tracked


def table(folder: Path, count: str, most: str = "100") -> None:
    (folder / "nf_conntrack_count").write_text(count)
    (folder / "nf_conntrack_max").write_text(most)


def held(folder: Path, seconds: float) -> float:
    began = time.monotonic()
    Tracked(lambda: began + seconds, folder).hold()
    return time.monotonic() - began


def test_a_table_with_room_holds_nobody_up(tmp_path: Path) -> None:
    table(tmp_path, "80\n")
    assert held(tmp_path, 9) < 0.1


def test_without_a_table_or_a_limit_there_is_room(tmp_path: Path) -> None:
    assert held(tmp_path, 9) < 0.1
    table(tmp_path, "81", "0")
    assert held(tmp_path, 9) < 0.1
    table(tmp_path, "many")
    assert held(tmp_path, 9) < 0.1


def test_a_full_table_holds_up_until_the_time_is_over(tmp_path: Path) -> None:
    table(tmp_path, "81")
    assert 0.2 <= held(tmp_path, 0.2) < 1


def test_it_goes_on_when_there_is_room_again(tmp_path: Path) -> None:
    table(tmp_path, "100")
    later = threading.Timer(0.15, table, (tmp_path, "3"))
    later.start()
    assert 0.1 < held(tmp_path, 9) < 2
    later.join()
