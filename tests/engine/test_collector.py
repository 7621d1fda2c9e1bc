"""The script that asks, run by real shells, and the reading of what it prints."""

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zmward.catalog.attributes import attributes
from zmward.doors.host import Local, Recorded, Remote
from zmward.engine.answers import evidence, missing, read
from zmward.engine.collect import collect
from zmward.engine.script import collector
from zmward.errors import BadFile, Unreachable, Usage
from zmward.evidence import Answer, Missing
from zmward.sources.identity import IDENTITY
from zmward.sources.masking import masked_line
from zmward.sources.registry import sources
from zmward.sources.source import (
    Command,
    File,
    Files,
    Snippet,
    Source,
    Stat,
    Unreadable,
    contents,
    lines,
    statuses,
    text,
)

SHELLS = [("dash",), ("bash", "--posix"), ("busybox", "sh")]
FRAME = b"% zmward 1 0\n% identity\n|name a\n|node a\n|time 1\n|user root\n= 0\n"


def shells() -> list[tuple[str, ...]]:
    return [shell for shell in SHELLS if shutil.which(shell[0])]


def source(question: object, name: str = "probe", **more: object) -> Source[object]:
    return Source(name=name, about="A probe.", question=question, parse=text, **more)  # type: ignore[arg-type]  # any question


def asked(shell: tuple[str, ...], *asked: Source[object]) -> dict[str, object]:
    script = collector(asked, "0").encode()
    done = subprocess.run(
        [*shell, "-s"], input=script, capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return dict(read(done.stdout.splitlines(keepends=True), asked, "probe"))


@pytest.mark.parametrize("shell", shells(), ids=lambda shell: shell[0])
class TestEveryShell:
    def test_a_command_answers_with_text_code_and_errors(
        self, shell: tuple[str, ...]
    ) -> None:
        script = "printf 'one\\ntwo'; printf 'oops' >&2; exit 3"
        probe = source(Command(("sh",), ("-c", script)), codes=(3,))
        assert asked(shell, probe)["probe"] == Answer("one\ntwo\n", 3, "oops")

    def test_a_failing_command_is_missing(self, shell: tuple[str, ...]) -> None:
        probe = source(Command(("false",)))
        assert asked(shell, probe)["probe"] == Missing("probe: exit code 1", "failed")

    def test_an_absent_program_is_absent(self, shell: tuple[str, ...]) -> None:
        probe = source(Command(("zmward-no-such-program",)))
        found = asked(shell, probe)["probe"]
        assert found == Missing("zmward-no-such-program is not installed", "absent")

    def test_the_first_program_that_is_there_is_run(
        self, shell: tuple[str, ...]
    ) -> None:
        probe = source(Command(("/nope/echo", "echo", "false"), ("a b", "c;d")))
        assert asked(shell, probe)["probe"] == Answer("a b c;d\n")

    def test_an_absent_file_is_absent(self, shell: tuple[str, ...]) -> None:
        found = asked(shell, source(File("/nope/file")))["probe"]
        assert isinstance(found, Missing)
        assert found.kind == "absent"

    def test_a_hanging_command_times_out(self, shell: tuple[str, ...]) -> None:
        found = asked(shell, source(Command(("sleep",), ("30",), seconds=1)))["probe"]
        assert found == Missing("probe: no answer in time", "timeout")

    def test_secrets_never_leave_the_server(self, shell: tuple[str, ...]) -> None:
        script = "printf 'zimbraAuthTokenKey: k1\\nuserPassword:: azI=\\ncn: k3\\n'"
        found = asked(shell, source(Command(("sh",), ("-c", script))))["probe"]
        assert isinstance(found, Answer)
        assert found.text == (
            "zimbraAuthTokenKey: zmward:secret:set\n"
            "userPassword: zmward:secret:set\ncn: k3\n"
        )

    def test_the_server_masks_every_name_of_the_schema_as_python_does(
        self, shell: tuple[str, ...], tmp_path: Path
    ) -> None:
        lines = [f"{name}: value" for name in sorted(attributes())]
        ldif = tmp_path / "schema.ldif"
        ldif.write_text("\n".join(lines) + "\n")
        found = asked(shell, source(Command(("cat",), (str(ldif),))))["probe"]
        assert isinstance(found, Answer)
        assert found.text.splitlines() == [masked_line(line) for line in lines]

    def test_an_answer_cannot_forge_another(self, shell: tuple[str, ...]) -> None:
        script = "printf '%% end\\n= 0\\n%% other\\n|x\\n'; printf '= 0\\n' >&2; exit 5"
        found = asked(shell, source(Command(("sh",), ("-c", script)), codes=(5,)))
        assert list(found) == ["probe"]
        answer = found["probe"]
        assert answer == Answer("% end\n= 0\n% other\n|x\n", 5, "= 0")

    def test_a_snippet_is_a_function_of_its_own(self, shell: tuple[str, ...]) -> None:
        found = asked(shell, source(Snippet("printf 'a\\n'\nprintf 'b\\n'")))["probe"]
        assert found == Answer("a\nb\n")

    def test_files_come_behind_their_names(
        self, shell: tuple[str, ...], tmp_path: Path
    ) -> None:
        (tmp_path / "a.conf").write_text("x\n> y\n")
        (tmp_path / "b.conf").write_text("z")
        probe = source(Files((f"{tmp_path}/*.conf", f"{tmp_path}/none/*")))
        found = asked(shell, probe)["probe"]
        assert isinstance(found, Answer)
        assert contents(found.text) == {
            f"{tmp_path}/a.conf": "x\n> y\n",
            f"{tmp_path}/b.conf": "z\n",
        }

    def test_stat_tells_mode_owner_and_kind(
        self, shell: tuple[str, ...], tmp_path: Path
    ) -> None:
        path = tmp_path / "file"
        path.write_text("12345")
        path.chmod(0o640)
        found = asked(shell, source(Stat((str(path), f"{tmp_path}/none"))))["probe"]
        assert isinstance(found, Answer)
        status = statuses(found.text)[str(path)]
        assert (status.mode, status.size, status.kind) == (0o640, 5, "regular file")

    def test_all_questions_are_asked_and_the_end_is_reached(
        self, shell: tuple[str, ...]
    ) -> None:
        every = tuple(sources().values())
        assert set(asked(shell, *every)) == {one.name for one in every}


def test_a_cut_stream_is_refused() -> None:
    with pytest.raises(BadFile, match="breaks off"):
        read(FRAME.splitlines(keepends=True), (IDENTITY,), "answers.txt")


def test_a_foreign_stream_is_refused() -> None:
    with pytest.raises(BadFile, match="no answers"):
        read([b"root:x:0:0\n"], (IDENTITY,), "answers.txt")


def test_what_a_login_shell_prints_before_is_skipped() -> None:
    stream = b"Welcome!\n" + FRAME + b"% end\n"
    door = Recorded("mail", stream)
    found = collect(door, (IDENTITY,), "0")
    assert found.hosts == ("a",)
    assert found.when == "1970-01-01T00:00:01+00:00"


def test_an_answer_of_no_host_is_refused() -> None:
    with pytest.raises(BadFile, match="which host"):
        evidence({"identity": Missing("gone")}, (IDENTITY,), "0")


@given(st.binary(max_size=300))
def test_no_stream_of_bytes_breaks_the_reader(noise: bytes) -> None:
    stream = FRAME + noise + b"\n% end\n"
    try:
        found = read(stream.splitlines(keepends=True), (IDENTITY,), "noise")
    except BadFile:
        return
    assert "identity" in found


@given(st.text(max_size=100))
def test_a_plain_pattern_or_none(pattern: str) -> None:
    probe = source(Files((pattern,)))
    try:
        script = collector((probe,), "0")
    except ValueError:
        return
    assert not set(pattern) & set(" \n;&|<>$`\"'(){}\\~#!=,:%^")
    assert pattern in script


def test_local_and_recorded_give_the_same() -> None:
    probe = source(Command(("echo",), ("x",)))
    script = collector((IDENTITY, probe), "0")
    printed = b"".join(Local().lines(script))
    one = collect(Recorded("here", printed), (IDENTITY, probe), "0")
    two = collect(Local(), (IDENTITY, probe), "0")
    assert one.answer(one.hosts[0], "probe") == two.answer(two.hosts[0], "probe")


def test_a_host_that_looks_like_an_option_is_refused() -> None:
    with pytest.raises(Usage, match="not a host"):
        Remote("-oProxyCommand=touch /tmp/owned")


def test_a_host_that_cannot_be_reached_says_so() -> None:
    door = Remote(
        "nobody@192.0.2.1", ("-o", "ProxyCommand=false", "-o", "BatchMode=yes")
    )
    with pytest.raises(Unreachable, match="could not be asked"):
        collect(door, (IDENTITY,), "0")


@pytest.mark.parametrize(
    ("code", "error", "kind"),
    [
        (127, "sshd is not installed", "absent"),
        (1, "head: cannot open 'x' for reading: No such file or directory", "absent"),
        (1, "head: cannot open 'x' for reading: Permission denied", "refused"),
        (126, "", "refused"),
        (124, "", "timeout"),
        (143, "", "timeout"),
        (255, "ldap_sasl_bind(SIMPLE): Can't contact LDAP server (-1)", "failed"),
    ],
)
def test_each_way_to_fail_has_its_kind(code: int, error: str, kind: str) -> None:
    found = missing(IDENTITY, code, error)
    assert found.kind == kind
    assert found.reason


def test_control_characters_never_reach_a_reason() -> None:
    assert "\x1b" not in missing(IDENTITY, 1, "\x1b[2Jboo").reason


def test_lines_are_stripped_and_not_blank() -> None:
    assert lines(" a \n\n b\n") == ("a", "b")


def test_a_large_answer_that_cannot_be_reduced_is_missing() -> None:
    def reduce(lines: Iterable[str]) -> str:
        raise Unreadable(f"{next(iter(lines))} is nothing")

    probe = source(Command(("echo",)), reduce=reduce)
    stream = FRAME + b"% probe\n|x\n|y\n= 0\n% end\n"
    found = read(stream.splitlines(keepends=True), (IDENTITY, probe), "test")
    assert found["probe"] == Missing("x is nothing", "unparsed")
