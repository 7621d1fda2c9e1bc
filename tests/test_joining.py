"""Several cures of one drop-in become one file, or a conflict that names them."""

import pytest

from zmward.change import Change, FileText, WriteFile
from zmward.joining import Conflict, joined

PATH = "/etc/ssh/sshd_config.d/00-zmward.conf"


def cure(
    *lines: str,
    before: FileText | None = None,
    path: str = PATH,
    mode: int = 0o644,
    reloads: tuple[str, ...] = ("ssh.service",),
) -> WriteFile:
    text = "".join(f"{line}\n" for line in lines)
    return WriteFile("mail", path, before, FileText(text, mode), "sshd", reloads)


def text(change: Change) -> str:
    assert isinstance(change, WriteFile)
    assert change.after is not None
    return change.after.text


def test_lines_of_several_cures_stand_in_one_file_once() -> None:
    both = joined([cure("# why", "A no"), cure("# why", "B no"), cure("# why", "A no")])
    assert text(both) == "# why\nA no\nB no\n"


def test_what_stood_there_stays_but_for_what_a_cure_takes_away() -> None:
    before = FileText("A yes\nX 1\nB yes\n")
    one = cure("X 1", "B yes", "A no", before=before)
    two = cure("A yes", "X 1", "B no", before=before)
    both = joined([one, two])
    assert text(both) == "X 1\nA no\nB no\n"
    assert isinstance(both, WriteFile)
    assert both.before == before


def test_units_of_all_are_reloaded() -> None:
    both = joined([cure("A no"), cure("B no", reloads=("sshd.service",))])
    assert isinstance(both, WriteFile)
    assert both.reloads == ("ssh.service", "sshd.service")


def test_lists_of_apt_take_several_lines() -> None:
    path = "/etc/apt/apt.conf.d/99zmward"
    one, two = cure('A::B:: "1";', path=path), cure('A::B:: "2";', path=path)
    assert text(joined([one, two])) == 'A::B:: "1";\nA::B:: "2";\n'


@pytest.mark.parametrize(
    ("one", "two", "named"),
    [
        (cure("A no"), cure("A yes"), "A no, A yes"),
        (cure("A no"), cure("a yes"), "A no, a yes"),
        (cure("A no"), cure("B no", before=FileText("")), "two old texts"),
        (cure("A no"), cure("B no", mode=0o600), "two modes"),
        (
            cure("a", path="/etc/sudoers.d/02_zimbra"),
            cure("b", path="/etc/sudoers.d/02_zimbra"),
            "two wishes",
        ),
    ],
)
def test_two_wishes_are_a_conflict_that_names_them(
    one: WriteFile, two: WriteFile, named: str
) -> None:
    with pytest.raises(Conflict, match=named):
        joined([one, two])
    with pytest.raises(Conflict, match=named):
        joined([two, one])
