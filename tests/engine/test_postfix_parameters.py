"""Parameters of Postfix: set as zmconfigd sets them, or left alone with a reason."""

import pytest

from tests.engine.repair import HOST, twin
from tests.engine.twin import Entry, Twin
from zmward.change import Mode, SetParameter
from zmward.doors.host import Done
from zmward.doors.postfix import MAIN, read_parameter, write_parameter
from zmward.errors import Fault, Refused
from zmward.guards import objection

NAME = "smtpd_forbid_bare_newline"


def edited(host: Twin) -> bool:
    return any(argv[1] in {"-e", "-X"} for argv in host.said if "postconf" in argv[0])


def test_what_was_not_said_is_set_and_goes_again() -> None:
    host = twin()
    assert read_parameter(host, NAME) is None
    write_parameter(host, NAME, "yes")
    assert read_parameter(host, NAME) == "yes"
    write_parameter(host, NAME, None)
    assert read_parameter(host, NAME) is None


def test_a_parameter_that_this_postfix_does_not_know_is_not_written() -> None:
    host = twin()
    host.fails = lambda argv: Done(0, b"") if argv[1] == "-d" else None
    with pytest.raises(Fault, match="no such parameter"):
        write_parameter(host, NAME, "yes")
    assert not edited(host)


@pytest.mark.parametrize(
    "entry",
    [
        Entry("symbolic link", b"", Mode(0o777, "zimbra", "zimbra")),
        Entry("regular file", b"", Mode(0o644, "nobody", "root")),
    ],
    ids=["link", "nobody's"],
)
def test_a_link_or_a_file_of_strangers_is_left_alone(entry: Entry) -> None:
    host = twin()
    host.entries[MAIN] = entry
    with pytest.raises(Refused, match="left alone"):
        write_parameter(host, NAME, "yes")
    assert not edited(host)


@pytest.mark.parametrize(
    ("owner", "program"),
    [("zimbra", "common/sbin/postconf"), ("root", "bin/postconf")],
)
def test_the_file_keeps_its_owner(owner: str, program: str) -> None:
    host = twin()
    host.entries[MAIN] = Entry("regular file", b"", Mode(0o644, owner, "zimbra"))
    write_parameter(host, NAME, "yes")
    ((editor, *_),) = [argv for argv in host.said if "-e" in argv]
    assert editor == f"/opt/zimbra/{program}"


def test_an_edit_that_is_not_in_the_file_afterwards_is_a_fault() -> None:
    host = twin()
    host.fails = lambda argv: Done(0) if argv[1] == "-e" else None
    with pytest.raises(Fault, match="not in the file"):
        write_parameter(host, NAME, "yes")


@pytest.mark.parametrize(
    "value", ["$mynetworks", "yes\nmynetworks = 0.0.0.0/0", "-e", "YES", "maybe"]
)
def test_values_that_the_catalog_does_not_know_are_refused(value: str) -> None:
    assert objection(SetParameter(HOST, NAME, None, value, "no"))
    assert objection(SetParameter(HOST, NAME, value, "yes"))
    assert objection(SetParameter(HOST, NAME, None, "yes", value))


def test_a_parameter_is_set_as_user_zimbra_and_postfix_is_reloaded() -> None:
    host = twin()
    write_parameter(host, NAME, "yes")
    assert host.user == "zimbra"
    assert SetParameter(HOST, NAME, None, "yes").restarts() == ("mta",)
