"""HTTP over a Line, against servers that are honest and servers that are not."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.scan.http_servers import answering, dripping, flooding, ok, saying
from zmward.doors.network import Network, Pace
from zmward.scan.http_wire import BODY, Question, Reply, Talk
from zmward.scan.line import AGENT, Babble, Broken, Ended, Line, Silent, TooMuch

ROOT = Question("start", "/", "mail.example.test")


class Quick:
    """The real way to loopback, but in a hurry."""

    def __init__(self, seconds: float = 5.0) -> None:
        self._network = Network("127.0.0.1", Pace(10_000))
        self._seconds = seconds
        self.address = "127.0.0.1"

    @contextmanager
    def connect(
        self, port: int, *, tls: str | None = None, seconds: float = 5.0
    ) -> Iterator[Line]:
        least = min(seconds, self._seconds)
        with self._network.connect(port, tls=tls, seconds=least) as line:
            yield line

    def datagram(
        self, port: int, content: bytes, *, most: int = 4096, seconds: float = 1.0
    ) -> tuple[bytes, ...]:
        return self._network.datagram(port, content, most=most, seconds=seconds)


class Old:
    """A conversation that says of itself how long it took."""

    def __init__(self, line: Line, seconds: float) -> None:
        self._line = line
        self.spent = seconds
        self.exchanges = line.exchanges
        self.send, self.line, self.some = line.send, line.line, line.some
        self.exactly, self.secure = line.exactly, line.secure


class Aged(Quick):
    """A way whose conversations all say that they took long."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._age = seconds

    @contextmanager
    def connect(
        self, port: int, *, tls: str | None = None, seconds: float = 5.0
    ) -> Iterator[Line]:
        with super().connect(port, tls=tls, seconds=seconds) as line:
            yield Old(line, self._age)


def asked(content: bytes, question: Question = ROOT) -> Reply:
    with saying(content) as served, Talk(Quick(), served.port, None) as talk:
        return talk.ask(question)


def chunked(*chunks: str, end: str = "0\r\n\r\n") -> bytes:
    body = "".join(f"{len(one):x}\r\n{one}\r\n" for one in chunks)
    return f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{body}{end}".encode()


class TestHonest:
    def test_status_headers_and_body_arrive(self) -> None:
        reply = asked(ok("Server: nginx", "X-A: 1", "x-a: 2", body="Grüße"))
        assert (reply.status, reply.cut, reply.keep) == (200, False, True)
        assert (reply.header("server"), reply.header("x-a")) == ("nginx", "1, 2")
        assert reply.body.decode() == "Grüße"

    def test_the_request_names_the_tool_and_the_host(self) -> None:
        with saying(ok()) as served, Talk(Quick(), served.port, None) as talk:
            talk.ask(ROOT)
        text = served.requests[0].decode()
        assert text.startswith("GET / HTTP/1.1\r\nHost: mail.example.test\r\n")
        assert f"User-Agent: {AGENT}\r\n" in text

    def test_chunks_are_put_together(self) -> None:
        reply = asked(chunked("one", "two", end="0;x=y\r\nTrailer: t\r\n\r\n"))
        assert (reply.body, reply.cut, reply.keep) == (b"onetwo", False, True)

    def test_a_body_may_last_until_the_end_of_the_connection(self) -> None:
        reply = asked(b"HTTP/1.0 200 OK\r\n\r\nuntil the end")
        assert (reply.body, reply.cut, reply.keep) == (b"until the end", False, False)

    @pytest.mark.parametrize("status", [204, 304])
    def test_some_answers_have_no_body(self, status: int) -> None:
        reply = asked(f"HTTP/1.1 {status} X\r\nContent-Length: 5\r\n\r\n".encode())
        assert (reply.body, reply.keep) == (b"", True)

    @pytest.mark.parametrize(
        ("version", "told", "keep"),
        [
            ("1.1", "close", False),
            ("1.1", "Keep-Alive, Close", False),
            ("1.1", "keep-alive", True),
            ("1.0", "keep-alive", True),
            ("1.0", "x", False),
        ],
    )
    def test_a_server_says_whether_it_keeps_the_connection(
        self, version: str, told: str, *, keep: bool
    ) -> None:
        head = f"HTTP/{version} 200 OK\r\nConnection: {told}\r\nContent-Length: 0"
        assert asked(f"{head}\r\n\r\n".encode()).keep is keep

    def test_head_has_no_body(self) -> None:
        head = Question("start", "/", "a.example", "HEAD")
        reply = asked(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n", head)
        assert (reply.body, reply.cut, reply.keep) == (b"", False, True)

    def test_interim_answers_are_passed_over(self) -> None:
        early = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
        assert asked(early + ok(body="late")).body == b"late"

    def test_folded_headers_are_one(self) -> None:
        assert asked(ok("X-A: one", " two")).header("x-a") == "one two"

    def test_one_connection_carries_many_questions(self) -> None:
        with answering({"GET /": ok(body="x")}) as served:
            with Talk(Quick(), served.port, None) as talk:
                replies = [talk.ask(ROOT) for _ in range(5)]
            assert [reply.status for reply in replies] == [200] * 5
            assert served.connections == 1

    def test_a_closed_connection_is_opened_again(self) -> None:
        page = ok("Connection: close", body="x")
        with answering({"GET /": page}) as served:
            with Talk(Quick(), served.port, None) as talk:
                assert [talk.ask(ROOT).status for _ in range(3)] == [200] * 3
            assert served.connections == 3

    def test_a_connection_that_ends_unannounced_is_opened_again(self) -> None:
        with saying(ok(body="x")) as served:
            with Talk(Quick(), served.port, None) as talk:
                assert [talk.ask(ROOT).status for _ in range(3)] == [200] * 3
            assert served.connections == 3


class TestHostile:
    @pytest.mark.parametrize(
        "content",
        [
            b"220 mail.example.test ESMTP\r\n",
            b"HTTP/2 200\r\n\r\n",
            b"HTTP/1.1 20 OK\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nno header\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n : x\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nBad Name: x\r\n\r\n",
            bytes(range(256)) * 2,
            b"\n" * 50,
        ],
    )
    def test_what_is_no_http_is_babble(self, content: bytes) -> None:
        with pytest.raises(Babble):
            asked(content)

    def test_too_many_interim_answers_are_too_much(self) -> None:
        early = b"HTTP/1.1 103 Early Hints\r\n\r\n"
        assert asked(early * 4 + ok(body="late")).body == b"late"
        with pytest.raises(TooMuch):
            asked(early * 5 + ok(body="late"))

    def test_a_body_without_length_that_falls_silent_is_cut(self) -> None:
        with answering({"GET /": b"HTTP/1.1 200 OK\r\n\r\nabc"}) as served:
            with Talk(Quick(0.3), served.port, None) as talk:
                reply = talk.ask(ROOT)
            assert (reply.body, reply.cut, reply.keep) == (b"abc", True, False)

    def test_who_closes_at_once_has_ended_it(self) -> None:
        with pytest.raises(Ended):
            asked(b"")

    def test_half_a_head_is_no_answer(self) -> None:
        with pytest.raises(Ended):
            asked(b"HTTP/1.1 200 OK\r\nServer: ng")

    @pytest.mark.parametrize(
        ("first", "again"),
        [
            (b"", b"A" * 4096),
            (b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"),
            (b"HTTP/1.1 200 OK\r\nX-A: ", b"b" * 4096),
            (b"HTTP/1.1 200 OK\r\nX-A: b\r\n", b" more\r\n"),
            (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        ],
    )
    def test_an_endless_head_is_too_much(self, first: bytes, again: bytes) -> None:
        with flooding(first, again) as served, Talk(Quick(), served.port, None) as talk:
            began = time.monotonic()
            with pytest.raises(TooMuch):
                talk.ask(ROOT)
            assert time.monotonic() - began < 2

    @pytest.mark.parametrize(
        ("first", "again"),
        [
            (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 4096),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n", b"x" * 4096),
            (
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                b"1000\r\n" + b"x" * 4096 + b"\r\n",
            ),
            (
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffff\r\n",
                b"x" * 4096,
            ),
        ],
    )
    def test_an_endless_body_is_cut(self, first: bytes, again: bytes) -> None:
        with flooding(first, again) as served, Talk(Quick(), served.port, None) as talk:
            reply = talk.ask(ROOT)
        assert (len(reply.body), reply.cut, reply.keep) == (BODY, True, False)

    @pytest.mark.parametrize(
        ("content", "body"),
        [
            (b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\nshort", b"short"),
            (chunked("abc", end=""), b"abc"),
            (chunked("abc", end="-5\r\nxxxxx\r\n0\r\n\r\n"), b"abc"),
            (chunked("abc", end="0x5\r\nxxxxx\r\n"), b"abc"),
            (chunked("abc", end="zz\r\n"), b"abc"),
            (chunked("abc", end="2\r\nlonger than told\r\n0\r\n\r\n"), b"abclo"),
            (chunked("abc", end="ffffffffffffffffffffff\r\nx"), b"abc"),
            (chunked("abc", end="0\r\n" + "A: b\r\n" * 40 + "\r\n"), b"abc"),
            (
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc",
                b"",
            ),
        ],
    )
    def test_lying_lengths_keep_what_came(self, content: bytes, body: bytes) -> None:
        reply = asked(content)
        assert (reply.status, reply.body) == (200, body)
        assert (reply.cut, reply.keep) == (True, False)

    @pytest.mark.parametrize("length", ["-1", "1, 2", "abc", "", "9" * 30])
    def test_a_length_that_is_none_is_not_believed(self, length: str) -> None:
        content = f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nall of it"
        reply = asked(content.encode())
        assert (reply.body, reply.cut, reply.keep) == (b"all of it", False, False)

    def test_a_compressed_bomb_is_not_opened(self) -> None:
        bomb = b"\x1f\x8b\x08\x00" + bytes(1000)
        head = (
            f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}"
        )
        assert asked(head.encode() + b"\r\n\r\n" + bomb).body == bomb

    def test_a_body_of_tiny_chunks_is_cut(self) -> None:
        reply = asked(chunked(*["x"] * 60_000))
        assert (len(reply.body), reply.cut, reply.keep) == (4096, True, False)

    def test_a_slow_drip_ends_in_time(self) -> None:
        with dripping(b"HTTP/1.1 200 OK\r\n" * 20) as served:
            began = time.monotonic()
            with Talk(Quick(0.3), served.port, None) as talk, pytest.raises(Silent):
                talk.ask(ROOT)
            assert time.monotonic() - began < 1

    def test_a_body_that_drips_keeps_what_came(self) -> None:
        content = b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n"
        with answering({"GET /": content + b"abc"}) as served:
            with Talk(Quick(0.3), served.port, None) as talk:
                reply = talk.ask(ROOT)
            assert (reply.body, reply.cut, reply.keep) == (b"abc", True, False)

    def test_after_two_failures_a_port_is_left_alone(self) -> None:
        with saying(b"") as served:
            with Talk(Quick(), served.port, None) as talk:
                for _ in range(5):
                    with pytest.raises(Broken):
                        talk.ask(ROOT)
            assert served.connections == 2

    def test_a_server_that_always_closes_gets_so_many_connections(self) -> None:
        with answering({"GET /": ok("Connection: close")}) as served:
            with Talk(Quick(), served.port, None) as talk:
                for _ in range(20):
                    talk.ask(ROOT)
                with pytest.raises(Silent):
                    talk.ask(ROOT)
            assert served.connections == 20

    def test_all_conversations_together_end_in_time(self) -> None:
        with answering({"GET /": ok("Connection: close")}) as served:
            with Talk(Aged(6.0), served.port, None) as talk:
                for _ in range(3):
                    talk.ask(ROOT)
                with pytest.raises(Silent, match="too long"):
                    talk.ask(ROOT)
            assert served.connections == 3

    def test_nobody_there_is_broken(self) -> None:
        with saying(b"") as served:
            port = served.port
        with Talk(Quick(), port, None) as talk, pytest.raises(Ended):
            talk.ask(ROOT)
