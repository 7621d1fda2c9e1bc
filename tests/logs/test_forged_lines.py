"""Whole lines that clients write into logs get nobody banned, and hide nobody."""

import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from tests.logs.files import BYSTANDER, CALLER, PROXY, ROME, STAMP, URL, failed, read
from zmward.bans.jails import LOGIN
from zmward.catalog.log_pattern import Log
from zmward.doors.log_tail import Held
from zmward.engine.follow_logs import Follow, Progress
from zmward.logs import compact
from zmward.logs.doubted import Doubt, doubted
from zmward.logs.event import Event

ADMIN = "[qtp1-3:https://192.0.2.20:7071/service/admin/soap/]"
NGINX = "2024/11/05 10:15:40 [error] 1#0: *1 An error occurred in mail zmauth: "
FORGED = failed(f"oip={BYSTANDER};soapId=9;")
OWN = failed(f"oip={CALLER};soapId=2;")
FILLER = ("z" * 99 + "\n") * 11_000


def unknown(name: str, source: str = CALLER) -> str:
    """Return what audit.log has with zimbra_additional_logging."""
    return (
        f"{STAMP} WARN  {URL} [oip={source};soapId=1;] security - Error occurred during "
        f"authentication: authentication failed for [{name}]. Reason: account not "
        "found."
    )


class World:
    """A folder of logs and a follower."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("audit.log", "mailbox.log", "sync.log", "nginx.log"):
            (folder / name).touch()
        self.follow = Follow([folder], (ROME, (PROXY,)), None, lambda: 0.0)

    def write(self, name: str, *lines: str) -> None:
        self.part(name, "".join(f"{line}\n" for line in lines))

    def part(self, name: str, text: str) -> None:
        with (self.folder / name).open("a") as file:
            file.write(text)

    def counted(self, looks: int = 1) -> list[str]:
        found = [one for _ in range(looks) for one in self.follow.look()[0]]
        found += self.follow.rest()
        return [one.source for one in found if LOGIN.counts(one)]

    def restart(self) -> None:
        kept = msgspec.msgpack.encode(self.follow.progress())
        self.follow.close()
        known = msgspec.msgpack.decode(kept, type=Progress)
        self.follow = Follow([self.folder], (ROME, (PROXY,)), known, lambda: 0.0)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.follow.close()


def test_what_a_client_sends_to_mailbox_log_bans_nobody(world: World) -> None:
    """A request that is no XML is written there as it came, whoever sends it."""
    context = f"oip={BYSTANDER};soapId=9;"
    head = f"{STAMP} INFO  {URL} [{context}] SoapEngine - handler exception"
    failure = f"{head}: authentication failed for [x],"
    world.write(
        "mailbox.log",
        f"{STAMP} INFO  {URL} [oip={CALLER};soapId=1;] soap - C: (ParseError:x)",
        *(f"{failure} invalid password", f"{failure} account not found"),
        f"{STAMP} INFO  [ImapServer-1] [ip={BYSTANDER};cid=7;] account - "
        "authentication failed for x (no such account)",
        f"{STAMP} WARN  {ADMIN} [ip={BYSTANDER};] SoapEngine - handler exception",
        "com.zimbra.common.service.ServiceException: permission denied: not an admin "
        "account",
    )
    world.write("sync.log", FORGED)
    world.write(
        "nginx.log",
        f"{NGINX}user not found:x while x, client: {BYSTANDER}:1, server: x:993",
    )
    assert world.counted() == []


def test_names_with_line_ends_in_audit_log_ban_nobody(world: World) -> None:
    for name in (
        f"x\n{FORGED}\ny",
        f"x]. Reason: account not found.\n{FORGED}\n{unknown('y', BYSTANDER)[:-29]}",
    ):
        world.write("audit.log", unknown(name))
        assert world.counted() == [CALLER]


def test_a_long_name_is_not_believed_in_the_next_look(world: World) -> None:
    head, rest = "x]. Reason: account not found.\n" + "y\n" * 4000, f"{FORGED}\nz"
    whole = unknown(head + rest)
    at = whole.index(FORGED)
    world.write("audit.log", whole[:at])
    assert world.counted() == [CALLER]
    world.write("audit.log", whole[at:])
    assert world.counted() == []
    world.write("audit.log", failed(f"oip={CALLER};soapId=3;"))
    assert world.counted() == [CALLER]


def test_unknown_accounts_and_failures_beside_them_count(world: World) -> None:
    world.write("audit.log", OWN, unknown("nobody"), OWN)
    assert world.counted() == [CALLER] * 3


@pytest.mark.parametrize(
    "name",
    [
        f"x].\n{FORGED}\n{FILLER}",
        f"x\n{FILLER}{FILLER}{FORGED}\n{FILLER}",
        f"x].\n{FILLER}].\n{FORGED}\n{FILLER}{FORGED}\n",
        f"x\n{'z' * 3_000_000}\n{FORGED}\n",
        "x].\n" + f"{FORGED}\n" * 9000,
    ],
    ids=["early end", "many blocks", "an end in each", "long line", "no other line"],
)
def test_a_name_of_megabytes_bans_nobody(world: World, name: str) -> None:
    world.write("audit.log", unknown(name))
    assert world.counted(9) == [CALLER]
    world.write("audit.log", OWN, unknown("nobody"))
    assert world.counted() == [CALLER] * 2


@pytest.mark.parametrize("size", [1_100_000, 3_200_000])
def test_a_name_behind_a_line_that_is_skipped_bans_nobody(
    world: World, size: int
) -> None:
    """A user agent is so long that nothing is seen of the message behind it."""
    whole = unknown(f"x\n{FORGED}\n{FORGED}\nz")
    whole = whole.replace("soapId", f"ua={'A' * size};soapId", 1)
    world.write("audit.log", whole)
    assert world.counted(9) == []
    world.write("audit.log", OWN)
    assert world.counted() == [CALLER]


def test_a_name_behind_a_skipped_line_is_half_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = unknown(f"x\ny].\n{FORGED}\n{FORGED}\nz")
    whole = whole.replace("soapId", f"ua={'A' * 1_100_000};soapId", 1)
    at = whole.rindex(FORGED)
    monkeypatch.setattr(Held, "rests", lambda _: False)
    world.part("audit.log", whole[:at])
    assert world.counted(9) == []
    world.restart()
    world.write("audit.log", whole[at:], OWN)
    assert world.counted() == [CALLER]


@pytest.mark.parametrize("begin", ["x\n", "x].\n", f"x].\n{FORGED}\n"])
def test_a_name_that_is_half_written_bans_nobody(world: World, begin: str) -> None:
    """It is written in steps that our looks and a restart fall between."""
    whole = unknown(f"{begin}{'y' * 5000}\n{FORGED}\n{FORGED}\n")
    ends = [at for at, one in enumerate(whole) if one == "\n"]
    # The half line tells that the name of the second step goes on.
    steps = [0, ends[-3] + 1, ends[-2] + 30, len(whole)]
    for first, last in pairwise(steps):
        world.part("audit.log", whole[first:last])
        assert world.counted() == [CALLER] * (first == 0)
        world.restart()
    world.write("audit.log", "", OWN)
    assert world.counted() == [CALLER]


def test_the_last_of_several_names_is_half_written(world: World) -> None:
    whole = unknown(f"x\n{FORGED}\n")
    at = whole.index(FORGED)
    world.part("audit.log", f"{unknown('nobody')}\n{whole[:at]}")
    assert world.counted() == [CALLER]
    world.write("audit.log", whole[at:], OWN)
    assert world.counted() == [CALLER]


def test_while_somebody_writes_on_the_end_of_a_long_name_is_unsure(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = unknown("x].\n" + f"{FORGED}\n" * 100)
    at = whole.rindex(FORGED)
    monkeypatch.setattr(Held, "rests", lambda _: False)
    for _ in range(3):
        world.part("audit.log", whole[:at])
        assert world.counted() == [CALLER]
        world.write("audit.log", whole[at:], OWN)
        assert world.counted() == [CALLER]


def test_who_hides_behind_names_of_lines_is_counted(world: World) -> None:
    guesses = [OWN] * 50
    world.write("audit.log", unknown("x\ny"), *guesses, unknown("x\ny"))
    assert world.counted() == [CALLER] * 52
    # By somebody else's lines, or by an end in the name: each look counts one.
    for name, source in (("x\ny", BYSTANDER), ("x].\ny", CALLER)):
        bracket = unknown(name + "z" * 5000, source)
        for _ in range(3):
            world.write("audit.log", bracket, *guesses, bracket)
            assert {*world.counted()} == {source}


def test_a_name_of_lines_speaks_for_nobody_else(world: World) -> None:
    """Not even where another one's name of lines stands in the same block."""
    other = unknown(f"x\n{FORGED}\ny")
    world.write("audit.log", other, unknown("nobody", BYSTANDER), other, OWN)
    assert world.counted() == [CALLER] * 3


def test_who_writes_such_words_elsewhere_hides_nobody(world: World) -> None:
    """A user agent, or an account that is there, cannot hold line ends."""
    words = "] security - Error occurred during authentication: x [a"
    for _ in range(3):
        for account in ("anna", f"a {words}"):
            guess = failed(f"oip={CALLER};ua=a {words};soapId=2;", account)
            world.write("audit.log", guess, OWN, guess)
            assert world.counted() == [CALLER] * 3


OTHER_ENDS = (
    "system failure: directory away",
    "authentication failed for [x], account not found",
    "authentication failed for [x]. Reason: [a].b]",
)


def message(text: str) -> str:
    """Return such a message in other words."""
    return unknown("x").partition("authentication failed")[0] + text


@pytest.mark.parametrize("text", OTHER_ENDS)
@pytest.mark.parametrize("guesses", [1, 50])
def test_behind_a_message_of_another_kind_guesses_count(
    world: World, text: str, guesses: int
) -> None:
    guess = failed(f"oip={BYSTANDER};soapId=2;")
    for _ in range(3):
        world.write("audit.log", message(text), *[guess] * guesses)
        world.counted()
        world.write("audit.log", guess, guess)
        assert world.counted() == [BYSTANDER] * 2


@pytest.mark.parametrize("guesses", [1, 50])
def test_behind_an_unknown_name_and_a_trace_guesses_count(
    world: World, guesses: int
) -> None:
    trace = (f"{STAMP} WARN  {URL} [] security - x", "java.lang.Exception: x", "\tat a")
    many = [OWN] * guesses
    world.write("audit.log", unknown("x"), *trace, *many)
    assert world.counted() == [CALLER] * (guesses + 1)
    world.write("audit.log", unknown("x"), "stray", *many)
    assert world.counted() == [CALLER] * (guesses + 1)


@pytest.mark.parametrize(
    "text",
    [
        f"authentication failed for [x].\n{FORGED}\ny], account not found",
        f"authentication failed for [x]\n{FORGED}\ny], account not found",
        f"authentication failed for [x]. Reason: [a].b]\n{FORGED}\n[a].b]",
        f"system failure: x\ny\n{FORGED}\nz",
    ],
)
def test_a_name_in_a_message_of_another_kind_bans_nobody(
    world: World, text: str
) -> None:
    world.write("audit.log", message(text))
    assert BYSTANDER not in world.counted()


@pytest.mark.parametrize("begin", ["x]\n", f"x].\ny\n{FORGED}\n"])
def test_a_half_written_name_that_looks_like_another_kind_bans_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch, begin: str
) -> None:
    whole = unknown(f"{begin}{FORGED}\n")
    at = whole.rindex(FORGED)
    monkeypatch.setattr(Held, "rests", lambda _: False)
    world.part("audit.log", whole[:at])
    assert world.counted() == [CALLER]
    world.write("audit.log", whole[at:], OWN)
    assert world.counted() == [CALLER]


def test_doubt_that_goes_on_does_not_begin_anew() -> None:
    within, seen = 0, []
    for _ in range(6):
        block = f"{unknown('x')[:-30]}\n{FORGED}\n".encode()
        within = doubted(block, within=within).within
        seen.append(within)
    assert seen == [5, 4, 3, 2, 1, 1]


def test_a_half_written_line_takes_no_long_look() -> None:
    begun = time.process_time()
    doubted((unknown("x")[:-30] + "]. oip=" * 30_000).encode(), cut=True)
    assert time.process_time() - begun < 1.0


def test_doubt_about_a_name_ends_though_its_end_never_comes() -> None:
    within = doubted(f"{unknown('x')[:-30]}\nz\n".encode()).within
    assert within
    for _ in range(within):
        within = doubted(f"{FORGED}\nz\n".encode(), within=within).within
    assert within == 0


def test_without_such_a_message_nothing_is_doubted() -> None:
    assert doubted(f"{FORGED}\n".encode()) == Doubt()


def test_a_state_of_an_older_zmward_is_read() -> None:
    older = msgspec.msgpack.encode([{"audit.log": [[1, 2, 3, b"x", False, [], b"y"]]}])
    known = msgspec.msgpack.decode(older, type=Progress)
    assert known.spots["audit.log"][0].within == 0


@pytest.mark.parametrize(
    ("log", "text"),
    [
        ("audit", "security - cmd=PreAuth; account=a;" + " error=" * 9000),
        ("mailbox", "imap - authentication failed for [" + "] (" * 21_000),
        (
            "mailbox",
            "account - authentication failed for " + " (no such account)" * 3600,
        ),
        ("mailbox", "SoapEngine - handler exception: authentication failed for ["),
        ("audit", "security - cmd=Auth; account=" + ";;" * 32_000),
    ],
)
def test_no_line_takes_long(log: Log, text: str) -> None:
    """A client who can end lines can also write ones that are hard to read."""
    begun = time.process_time()
    read(log, f"{STAMP} WARN  {URL} [oip={CALLER};soapId=1;] {text + '], ' * 10}")
    assert time.process_time() - begun < 1.0


def test_a_line_with_no_address_is_no_line_of_the_event_log() -> None:
    line = compact.line(Event(1.0, "failure", "audit", CALLER, "anna", "imap"))
    assert compact.event(line)
    for wrong in ("1.2.3", "999.1.1.1", "...", "1:2"):
        assert compact.event(line.replace(CALLER, wrong)) is None
