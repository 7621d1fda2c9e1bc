"""Readiness on a live host: room, immutable bits, lines that somebody set by hand."""

from collections.abc import Iterator, Mapping, Sequence

import pytest

from tests.engine.repair import HOST, directory, site, twin
from tests.engine.test_losses import edited
from zmward.configuration.overwritten import Moved, Record
from zmward.demo.sample import recorded
from zmward.doors.host import Done
from zmward.engine.readiness import hand_made, readiness
from zmward.engine.room_for_upgrade import room
from zmward.errors import Unreachable
from zmward.facts import Facts
from zmward.finding import moment
from zmward.i18n import Said, fill, spoken
from zmward.patches.readiness import Ready
from zmward.profile import Profile

DF = """\
Filesystem     1024-blocks     Used Available Capacity Mounted on
/dev/sda1         51475068 30000000  {free} 60% /
tmpfs              4000000       10   3999990  1% /tmp
"""
WEB = """\
--------------e------- /opt/zimbra/jetty_base/webapps
{bits} /opt/zimbra/jetty_base/webapps/zimbra
"""


class Answering:
    """A host whose programs answer by their names."""

    name, streams = "mail.example.test", 1

    def __init__(self, answers: Mapping[str, Done | Exception]) -> None:
        self.answers = answers

    def lines(self, script: str) -> Iterator[bytes]:
        raise AssertionError(script)

    def run(
        self,
        argv: Sequence[str],
        *,
        given: bytes = b"",
        user: str = "root",
        seconds: int = 60,
    ) -> Done:
        del given, user, seconds
        answer = self.answers.get(argv[0], Done(127, error=b"not found"))
        if isinstance(answer, Exception):
            raise answer
        return answer


def asked(df: Done | Exception, find: Done | Exception) -> dict[str, Ready]:
    found = tuple(room(Answering({"df": df, "find": find})))
    assert len(found) == 2
    return {one.subject: one for one in found}


def told(text: str) -> Done:
    return Done(0, text.encode())


def test_a_full_disk_is_bad_and_room_is_for_the_reader_to_judge() -> None:
    full = asked(told(DF.format(free="900000")), Done(1))["disk"]
    assert (full.state, "0.9 GiB free on /" in full.text) == ("bad", True)
    large = asked(told(DF.format(free="90000000")), Done(1))["disk"]
    assert (large.state, "85.8 GiB free on /" in large.text) == ("unknown", True)


@pytest.mark.parametrize(
    ("bits", "state"),
    [("----i---------e-------", "bad"), ("-----a--------e-------", "bad")],
)
def test_a_bit_that_stops_packages_is_bad(bits: str, state: str) -> None:
    found = asked(Done(1), told(WEB.format(bits=bits)))["immutable files"]
    assert (found.state, "webapps/zimbra" in found.text) == (state, True)


def test_no_bit_is_well() -> None:
    web = told(WEB.format(bits="--------------e-------"))
    assert asked(Done(1), web)["immutable files"].state == "well"


@pytest.mark.parametrize(
    "answer",
    [
        Done(127, error=b"not found"),
        Done(0),
        told("\x00\x1b[31m\n" * 9),
        Unreachable("gone"),
    ],
)
def test_silence_and_noise_are_unknown(answer: Done | Exception) -> None:
    assert {one.state for one in asked(answer, answer).values()} == {"unknown"}


def test_lines_set_by_hand_are_named() -> None:
    (found,) = hand_made(site(edited(), directory()), HOST)
    assert (found.state, "X-Mine" in found.text) == ("bad", True)


CHECKS = "/opt/zimbra/conf/postfix_header_checks"
OTHER = "/opt/zimbra/conf/freshclam.conf"


def since(*paths: str) -> Record:
    looked = dict.fromkeys((CHECKS, OTHER), "a" * 64)
    return Record(2, "2026-11-01", looked, tuple(Moved(p, "other") for p in paths))


def test_the_baseline_dates_a_line_set_by_hand() -> None:
    (new,) = hand_made(site(edited(), directory()), HOST, since(CHECKS))
    assert new.text.endswith("(changed since baseline 2 of 2026-11-01)")
    (old,) = hand_made(site(edited(), directory()), HOST, since())
    assert old.text.endswith("(so already in baseline 2 of 2026-11-01)")


def test_what_the_baseline_alone_knows_of_is_for_the_reader() -> None:
    well, other = hand_made(site(twin(), directory()), HOST, since(OTHER))
    assert (well.state, other.state) == ("well", "unknown")
    assert OTHER in other.text


def test_without_a_baseline_that_is_said() -> None:
    facts = Facts(recorded(), Profile(), moment(recorded().when))
    for record, state in ((Record(why="none"), "unknown"), (since(), None)):
        found = readiness(facts, None, None, record)
        said = [one.state for one in found if one.subject == "baseline"]
        assert said == ([state] if state else [])


def test_files_that_are_as_rendered_are_well() -> None:
    (found,) = hand_made(site(twin(), directory()), HOST)
    assert found.state == "well"


def test_a_host_whose_program_is_not_there_is_unknown() -> None:
    host = twin()
    del host.entries["/opt/zimbra/conf/zmconfigd.cf"]
    states = {one.state for one in hand_made(site(host, directory()), HOST)}
    assert states == {"unknown"}


def test_what_is_read_aloud_comes_from_forms_that_a_catalog_can_hold() -> None:
    forms: list[str] = []

    def say(form: str) -> str:
        forms.append(form)
        return form

    found = readiness(Facts(recorded(), Profile(), moment(recorded().when)))
    texts = [spoken(one.said, say) for one in found]
    assert HOST in " ".join(texts)
    assert not [form for form in forms if HOST in form]
    assert [one.text for one in found] == [spoken(one.said) for one in found]


def test_a_text_that_is_no_form_keeps_its_braces() -> None:
    hostile = "{0} {host} {host.__class__}"
    assert Said(hostile).by() == hostile
    assert fill("{a}: {b}", a=hostile, b=(Said("x"), Said("y"))).by() == (
        f"{hostile}: x; y"
    )
    assert fill("{a}!", a=fill("{b}?", b=2)).by() == "2?!"
