"""The record of a page that was written: what root alone wrote is read, or nothing."""

import getpass
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from zmward.engine.answers import read
from zmward.engine.configuration_store import Store
from zmward.engine.page_record import remember
from zmward.engine.script import collector
from zmward.evidence import Answer, Missing
from zmward.sources.configuration_page import CONFIGURATION_PAGE, parse
from zmward.sources.source import Unreadable

HEAD = "> 600 root regular file\n"
PAGE = '{"schema":"zmward.page/1","when":"2026-11-20T00:00:00+00:00","path":"/w"}\n'
DIARY = f"{'0' * 40} {'a' * 40} root <root@m.(none)> 1795000000 +0000\tsnapshot\n"


def test_the_page_and_the_newest_snapshot_are_read() -> None:
    alone = parse(f"{HEAD}{PAGE}")
    assert (alone.page.path, alone.page.left_out, alone.snapshot) == ("/w", (), None)
    both = parse(f"{HEAD}{PAGE}\n{HEAD}{DIARY}")
    assert both.snapshot == datetime(2026, 11, 18, 11, 6, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        PAGE,
        HEAD,
        f"{HEAD}{{}}\n",
        HEAD.replace("root", "zimbra") + PAGE,
        HEAD.replace("600", "660") + PAGE,
        HEAD.replace("regular file", "symbolic link") + PAGE,
        HEAD + PAGE.replace("page/1", "page/2"),
        HEAD + PAGE.replace("+00:00", ""),
        HEAD + PAGE.replace("2026-11-20T00:00:00+00:00", "yesterday"),
        f"{HEAD}{PAGE}\n{HEAD}no diary\n",
        f"{HEAD}{PAGE}\n{HEAD.replace('600', '602')}{DIARY}",
    ],
)
def test_what_others_could_have_written_is_not_believed(answer: str) -> None:
    with pytest.raises(Unreadable):
        parse(answer)


def test_the_question_reads_what_the_verbs_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "state"
    monkeypatch.setenv("ZMWARD_STATE", str(state))
    script = collector((CONFIGURATION_PAGE,), "0")
    script = script.replace("=/var/lib/zmward/", f"={state}/")

    def asked(shell: str) -> Answer | Missing:
        done = subprocess.run(  # a constant program of this repository
            [shell], input=script.encode(), capture_output=True, check=True
        )
        answer = read(done.stdout.splitlines(), (CONFIGURATION_PAGE,), "x")
        found = answer[CONFIGURATION_PAGE.name]
        assert isinstance(found, Answer | Missing)
        return found

    def seen(shell: str) -> str:
        found = asked(shell)
        assert isinstance(found, Answer), found
        return found.text.replace(f" {getpass.getuser()} ", " root ")

    for shell in filter(None, map(shutil.which, ("dash", "bash"))):
        shutil.rmtree(state, ignore_errors=True)
        assert isinstance(asked(shell), Missing)
        remember("2026-11-20T00:00:00+00:00", tmp_path / "site.md", ("cos",))
        found = parse(seen(shell))
        assert found.page.path == str(tmp_path / "site.md")
        assert (found.page.left_out, found.snapshot) == (("cos",), None)
        store = Store(state / "config.git")
        store.make()
        store.commit({"a": "1\n"}, {}, "2026-11-20T00:00:00+00:00", "one")
        moved = parse(seen(shell)).snapshot
        assert moved is not None
        assert abs((datetime.now(UTC) - moved).total_seconds()) < 600
