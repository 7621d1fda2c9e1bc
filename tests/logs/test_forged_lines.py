"""Whole lines that clients write into logs get nobody banned, and hide nobody."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.logs.files import BYSTANDER, CALLER, PROXY, ROME, STAMP, URL, failed, read
from zmward.bans.jails import LOGIN
from zmward.catalog.log_pattern import Log
from zmward.engine.follow_logs import Follow
from zmward.logs import compact
from zmward.logs.doubted import doubted
from zmward.logs.event import Event

ADMIN = "[qtp1-3:https://192.0.2.20:7071/service/admin/soap/]"
NGINX = "2024/11/05 10:15:40 [error] 1#0: *1 An error occurred in mail zmauth: "
FORGED = failed(f"oip={BYSTANDER};soapId=9;")


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
        with (self.folder / name).open("a") as file:
            file.writelines(f"{line}\n" for line in lines)

    def counted(self) -> list[str]:
        found = [*self.follow.look()[0], *self.follow.rest()]
        return [one.source for one in found if LOGIN.counts(one)]


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
        assert world.counted() == [CALLER] * (name[1] == "]")


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
    own = failed(f"oip={CALLER};soapId=2;")
    world.write("audit.log", own, unknown("nobody"), own)
    assert world.counted() == [CALLER] * 3


def test_without_such_a_message_nothing_is_doubted() -> None:
    assert doubted(f"{FORGED}\n".encode(), within=False) == (0, 0, False)


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
