"""The files that a plan may write are known to the byte, or not at all."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zmward.catalog.actions import FILES
from zmward.engine.answers import read
from zmward.engine.script import collector
from zmward.evidence import Answer
from zmward.sources.masking import MASK
from zmward.sources.own_files import OWN_FILES, OwnFile, OwnFiles, parse
from zmward.sources.source import Snippet, Unreadable

DROP_IN = "/etc/ssh/sshd_config.d/00-zmward.conf"
HEAD = f"> 644 root root regular file|{DROP_IN}\n"
EXAMPLES = (
    *("/etc/ssh/sshd_config", DROP_IN, "/etc/rsyslog.d/30-zmward-loghost.conf"),
    "/etc/systemd/system/zmward-log-access.service",
    *("/etc/fail2ban/jail.d/zmward-nodes.local", "/etc/fail2ban/filter.d/zmward.conf"),
    *("/etc/fail2ban/action.d/zmward.conf", "/etc/chrony/conf.d/zmward.conf"),
    *("/etc/apt/apt.conf.d/99zmward", "/etc/sysctl.d/90-zmward.conf"),
    *("/etc/sudoers.d/02_zimbra", "/opt/zimbra/.ssh/authorized_keys"),
    "/etc/ufw/applications.d/zimbra",
)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\n")).map(repr))
def test_a_text_comes_back_to_the_byte(line: str) -> None:
    for text in (f"{line}\n", line, f"{line}$", f"\n{line}\n\n", ""):
        shown = "".join(f" {one}\n" for one in f"{text}$".split("\n"))
        if MASK not in text and "masked" not in text:
            found = parse(f"{HEAD}{shown}end\n").found[DROP_IN]
            assert found == OwnFile(text)


def test_what_is_not_there_is_known_not_to_be() -> None:
    assert parse("end\n") == OwnFiles({}, {})


@pytest.mark.parametrize("answer", ["", f"{HEAD} a\n", f"{HEAD} a\nend\n", "a\nend\n"])
def test_half_an_answer_is_none(answer: str) -> None:
    with pytest.raises(Unreadable):
        parse(answer)


@pytest.mark.parametrize(
    "answer",
    [
        f"> 777 root root symbolic link|{DROP_IN}\nend\n",
        f"> 755 root root directory|{DROP_IN}\nend\n",
        f"{HEAD}end\n",
        f"{HEAD} password = {MASK}:set\n $\nend\n",
    ],
)
def test_a_link_an_unread_and_a_masked_file_are_odd(answer: str) -> None:
    found = parse(answer)
    assert not found.found
    assert list(found.odd) == [DROP_IN]


def test_each_pattern_of_the_catalog_is_asked_for(tmp_path: Path) -> None:
    texts = {path: f"{number}\n" * number for number, path in enumerate(EXAMPLES)}
    texts[DROP_IN] = "no end of line"
    for path, text in texts.items():
        place = tmp_path / path.removeprefix("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    assert all(any(p.fullmatch(path) for path in EXAMPLES) for p in FILES)
    assert isinstance(OWN_FILES.question, Snippet)
    script = collector((OWN_FILES,), "0")
    for folder in ("/etc/", "/opt/zimbra"):
        script = script.replace(f" {folder}", f" {tmp_path}{folder}")
    for shell in filter(None, map(shutil.which, ("dash", "bash"))):
        done = subprocess.run(  # a constant program of this repository
            [shell], input=script.encode(), capture_output=True, check=True
        )
        out = done.stdout.decode().replace(str(tmp_path), "")
        answer = read(out.encode().splitlines(), (OWN_FILES,), "x")[OWN_FILES.name]
        assert isinstance(answer, Answer), answer
        found = parse(answer.text)
        assert {path: one.text for path, one in found.found.items()} == texts
