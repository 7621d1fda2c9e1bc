"""The kernel takes the table that counts, and says where a set is full."""

import os
import shlex
from pathlib import Path

import pytest

from tests.firewall.test_render import SITE, STORE
from tests.firewall.test_render_tools import inside, needs, parts
from zmward.firewall.counted import parse
from zmward.firewall.openings import Policy
from zmward.firewall.render_observe import ROOM, TABLE, beginning, observing

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
]
# Loopback packets are let in before all else; here they are those that come.
LOOPBACK = '\t\tiif "lo" counter accept comment "the host itself"\n'
KNOCK = "for port in {}; do (: >/dev/tcp/127.0.0.1/$port) 2>/dev/null || true; done"


def script(first: Path, second: Path, knocks: str) -> str:
    ports = f"bash -c {shlex.quote(KNOCK.format(knocks))}"
    return (
        f"ip link set lo up; nft -f {first}; nft -f {first} 2>/dev/null && exit 9; "
        f"nft -f {second}; nft -f {second}; {ports}; "
        f"nft -jn list table inet {TABLE}; echo =====; "
        f"nft delete table inet {TABLE}; nft list tables"
    )


@pytest.mark.parametrize("found", [SITE, STORE], ids=["single", "store"])
def test_flows_are_counted_and_a_full_set_says_what_it_left_out(
    found: Policy, tmp_path: Path
) -> None:
    needs("nft")
    first, second = tmp_path / "first.nft", tmp_path / "second.nft"
    first.write_text(beginning())
    text = observing(found, ((6, 7071), (6, 3)), 600)
    assert LOOPBACK in text
    smaller = text.replace(LOOPBACK, "").replace(f"size {ROOM}", "size 4")
    second.write_text(smaller)
    answer, left = parts(inside(script(first, second, "1 2 3 4 5 6 7 7071 7071")))
    counted = parse(answer)
    rows = {(row.kind, row.numbers): row.packets for row in counted.rows}
    assert rows["told", (6, 3)] == 1
    assert rows["told", (6, 7071)] == 2
    assert sum(n for (kind, _), n in rows.items() if kind == "unheard") == 4
    assert counted.uncounted == {"unheard": 2}
    assert counted.counters["left"] == 9
    assert left == ""
