"""Who is banned for a while stays so where rules of an older version are loaded."""

import os
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

LISTED = """\
table inet zmward {
	set bans4 {
		type ipv4_addr
		size 1024
		elements = { 203.0.113.8 }
	}
	set timed-bans4 {
		type ipv4_addr
		size 1024
		flags timeout
		elements = { 203.0.113.9 timeout 1h expires 59m }
	}
}
"""
OLD = """\
table inet zmward {
	set bans4 {
		type ipv4_addr
		size 1024
		flags timeout
	}
}
"""


@pytest.mark.parametrize(
    ("text", "added"),
    [
        (OLD, {"bans4 { 203.0.113.8, 203.0.113.9 timeout 3541s }"}),
        (
            LISTED.replace("elements", "#"),
            {
                "bans4 { 203.0.113.8 }",
                "timed-bans4 { 203.0.113.9 timeout 3541s }",
            },
        ),
    ],
)
def test_a_ban_for_a_while_has_a_place(
    tmp_path: Path, text: str, added: set[str]
) -> None:
    (tmp_path / "listed").write_text(LISTED, "utf-8")
    (tmp_path / "new").write_text(text, "utf-8")
    program = tmp_path / "nft"
    program.write_text(
        "#!/bin/sh\n"
        'case $2 in tables) echo "table inet zmward" ;;\n'
        f"*) cat {tmp_path}/listed ;; esac\n",
        "utf-8",
    )
    program.chmod(0o755)
    script = (files("zmward.doors") / "bans.sh").read_text("utf-8")
    own = "bans_of_set() { :; }\nbans_of_chain() { :; }\n"
    done = subprocess.run(
        ("sh", "-c", f'{script}{own}nft_kept "$1"', "sh", str(tmp_path / "new")),
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    start = "add element inet zmward "
    lines = [line for line in done.stdout.splitlines() if line.startswith(start)]
    assert {line.removeprefix(start) for line in lines} == added
    assert done.stderr == ""
