"""A list of packages counts only as a whole, whichever manager gave it."""

import subprocess
from pathlib import Path

import pytest

from zmward.sources.packages import PACKAGES
from zmward.sources.source import Snippet


def asked(tmp_path: Path, manager: str, code: int) -> tuple[int, str]:
    """Run the question where the manager prints two packages and ends with a code."""
    question = PACKAGES.question
    assert isinstance(question, Snippet)
    status = tmp_path / "status"
    status.write_text("Package: a\n" if manager == "dpkg-query" else "")
    text = question.text.replace("/var/lib/dpkg/status", str(status))
    script = (
        f"limit() {{ printf 'ii  zimbra-core 10.1\\nii  a 1\\n'; return {code}; }}\n"
        f'command() {{ [ "$2" = {manager} ]; }}\nask() {{\n{text}\n}}\nask\n'
    )
    done = subprocess.run(
        ["sh", "-c", script], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("manager", ["dpkg-query", "rpm"])
def test_a_list_that_was_cut_off_is_no_list(tmp_path: Path, manager: str) -> None:
    code, answer = asked(tmp_path, manager, 0)
    assert code == 0
    assert PACKAGES.parse(answer) == {"zimbra-core": "10.1", "a": "1"}
    assert asked(tmp_path, manager, 124)[0] == 124
