"""Messages read back over IMAP, and the cache that mailbox servers share."""

import asyncio
from pathlib import Path

import pytest
from lab.zimbra.mailboxd.memcache import Memcache
from lab.zimbra.mailboxd.messages import numbers
from lab.zimbra.mailboxd.tls import Keystore
from tests.standins import mailboxd_twin as twin
from tests.standins.memory import directory
from tests.standins.test_mailboxd_mail import Client

USER = "user1@example.test"
MESSAGE = ("Subject: Grüße", "", "one", "..two")


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        ("1", [1]),
        ("2:*", [2, 3, 4]),
        ("*", [4]),
        ("4:2", [2, 3, 4]),
        ("1,3", [1, 3]),
        ("9", []),
        ("x", []),
        ("0:1", [1]),
    ],
)
def test_a_sequence_set_names_messages(chosen: str, found: list[int]) -> None:
    assert list(numbers(chosen, 4)) == found


def test_what_was_delivered_is_read_back(tmp_path: Path, keystore: Keystore) -> None:
    with twin.running(directory(), {}, tmp_path, keystore) as server:
        with Client(server, "lmtp") as client:
            client.line()
            client.say("MAIL FROM:<>")
            client.say(f"RCPT TO:<{USER}>")
            client.say("DATA")
            assert client.say("\r\n".join((*MESSAGE, "."))).startswith("250")
        with Client(server, "imaps") as client:
            client.line()
            assert client.say("a FETCH 1 RFC822").startswith("a BAD")
            client.say(f"b LOGIN {USER} user-secret")
            assert "* 1 EXISTS" in client.until("c SELECT INBOX", "c ")
            shown = client.until("d FETCH 1:* (BODY.PEEK[])", "d ")
            assert client.say("e FETCH 1 FLAGS").startswith("e NO")
    text = ["Subject: Grüße", "", "one", ".two"]
    size = len("".join(f"{line}\r\n" for line in text).encode())
    wanted = [f"* 1 FETCH (BODY[] {{{size}}}", *text, ")", "d OK FETCH completed"]
    assert shown == wanted


def test_a_value_is_kept_over_one_connection_and_a_lost_one_is_made_anew() -> None:
    lines: list[bytes] = []
    ends: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends.append(writer)
        while line := await reader.readline():
            lines.extend((line, await reader.readline()))
            writer.write(b"STORED\r\n")
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        cache = Memcache([f"127.0.0.1:{port}"])
        assert await cache.put("a", "1")
        assert await cache.put("b", "22")
        assert len(ends) == 1
        ends[0].close()
        await ends[0].wait_closed()
        assert not await cache.put("c", "3")
        assert await cache.put("d", "4")
        cache.close()
        server.close()
        await asyncio.gather(*(end.wait_closed() for end in ends))

    asyncio.run(run())
    assert lines[:2] == [b"set a 0 3600 1\r\n", b"1\r\n"]
    assert lines[2:4] == [b"set b 0 3600 2\r\n", b"22\r\n"]
    assert lines[-2:] == [b"set d 0 3600 1\r\n", b"4\r\n"]


def test_without_servers_nothing_is_kept() -> None:
    assert not asyncio.run(Memcache([]).put("a", "1"))
