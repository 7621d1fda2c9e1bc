"""What is asked of a web server, and what is kept of its answers."""

import re
import time
from collections.abc import Mapping

import msgspec
import pytest

from tests.scan.http_servers import (
    Answer,
    Served,
    answering,
    conversing,
    dripping,
    flooding,
    none,
    ok,
    saying,
)
from tests.scan.test_http_wire import Quick
from zmward.scan.http import HttpShown, look
from zmward.scan.http_page import STRANGER, CookieShown, PageShown
from zmward.scan.line import Ask

ASK = Ask("mail.example.test", ("example.test",))
LOGIN = "<title>Zimbra Web Client Sign In</title>"
CLIENT = ok("Server: nginx", body=LOGIN)
CONSOLE = "<title>Zimbra Administration</title>"


def looked(served: Served, ask: Ask = ASK, seconds: float = 5.0) -> HttpShown:
    return look(Quick(seconds), served.port, ask, tls=False)


def of(pages: Mapping[str, bytes | Answer], ask: Ask = ASK) -> HttpShown:
    with answering(pages) as served:
        return looked(served, ask)


def the(shown: HttpShown, name: str) -> PageShown:
    page = shown.page(name)
    assert page is not None, name
    return page


def status(shown: HttpShown, name: str) -> int:
    return the(shown, name).status


class TestHonest:
    def test_a_web_client_is_known_and_asked_everything(self) -> None:
        version = (
            '  registerSetting("CLIENT_VERSION", {defaultValue:"10.1.4_GA_4655"});'
        )
        pages: Mapping[str, bytes | Answer] = {
            "GET /": ok("Server: nginx", "X-Frame-Options: SAMEORIGIN", body=LOGIN),
            "GET /robots.txt": ok(body="\ufeffUser-agent:\t*\r\nDisallow: /\r\n"),
            "TRACE /": none("405 Not Allowed"),
            "GET /js/zimbraMail/share/model/ZmSettings.js": ok(body=version),
        }
        with answering(pages) as served:
            shown = looked(served)
            assert served.connections == 1
            assert len(served.requests) == len(shown.pages)
        assert (shown.product, shown.site) == ("nginx", "web client")
        assert shown.version == "10.1.4_GA_4655"
        assert shown.trouble == ""
        start, robots = the(shown, "start"), the(shown, "robots")
        assert start.header("X-Frame-Options") == "SAMEORIGIN"
        assert robots.text == "User-agent: *\nDisallow: /"
        assert status(shown, "trace") == 405
        assert status(shown, "proxy") == 404

    def test_every_question_is_harmless(self) -> None:
        with answering({"GET /": CLIENT}) as served:
            looked(served)
        for request in served.requests:
            text = request.decode()
            assert re.match(r"(GET|TRACE|OPTIONS) /", text), text
            assert "User-Agent: zmward-scan\r\n" in text
            assert "\r\nCookie:" not in text
            assert "\r\nAuthorization:" not in text
            named = re.findall(r"https?%3A%2F%2F([^%&]*)", text.split("\r\n")[0])
            assert set(named) <= {STRANGER}

    def test_the_stranger_s_name_is_asked_for(self) -> None:
        with answering({"GET /": CLIENT}) as served:
            looked(served)
        hosts = re.findall(r"Host: (\S+)", b"".join(served.requests).decode())
        assert hosts.count(STRANGER) == 1
        assert set(hosts) == {STRANGER, f"mail.example.test:{served.port}"}

    @pytest.mark.parametrize(
        "answer",
        [
            ok(f"Location: https://{STRANGER}/", status="302 Found"),
            ok(f"Location: //{STRANGER.upper()}/x", status="302 Found"),
            ok(body=f"<a href='https://{STRANGER}/'>"),
        ],
    )
    def test_a_stranger_s_name_that_comes_back_is_seen(self, answer: bytes) -> None:
        def root(request: bytes) -> bytes:
            return answer if STRANGER.encode() in request else CLIENT

        page = the(of({"GET /": root}), "stranger")
        assert page.echoed

    def test_a_name_that_only_looks_like_it_is_no_echo(self) -> None:
        answer = ok(f"Location: https://a.example/?{STRANGER}", status="302 Found")

        def root(request: bytes) -> bytes:
            return answer if STRANGER.encode() in request else CLIENT

        page = the(of({"GET /": root}), "stranger")
        assert (page.status, page.echoed) == (302, False)

    def test_a_request_that_comes_back_is_seen(self) -> None:
        pages: Mapping[str, bytes | Answer] = {
            "GET /": CLIENT,
            "TRACE /": lambda request: ok(body=request.decode()),
        }
        page = the(of({**pages, "GET /x": none()}), "trace")
        assert (page.status, page.echoed) == (200, True)

    def test_trace_answered_like_get_is_no_echo(self) -> None:
        page = the(of({"GET /": CLIENT, "TRACE /": CLIENT}), "trace")
        assert (page.status, page.echoed) == (200, False)

    def test_cookies_keep_names_and_flags_and_no_value(self) -> None:
        shown = of(
            {
                "GET /": ok(
                    "Server: nginx",
                    "Set-Cookie: ZM_TEST=hidden1; Path=/; Secure; SameSite=Lax",
                    "Set-Cookie:JSESSIONID=hidden2;HttpOnly",
                    "Set-Cookie: hidden3",
                    body=LOGIN,
                )
            }
        )
        start = the(shown, "start")
        assert start.cookies == (
            CookieShown("ZM_TEST", ("path=/", "secure", "samesite=lax")),
            CookieShown("JSESSIONID", ("httponly",)),
            CookieShown(""),
        )
        assert b"hidden" not in msgspec.json.encode(shown)

    def test_it_is_the_same_after_json(self) -> None:
        shown = of({"GET /": ok("Server: nginx", "Set-Cookie: A=b", body=LOGIN)})
        assert msgspec.json.decode(msgspec.json.encode(shown), type=HttpShown) == shown

    def test_what_was_said_is_written_down(self) -> None:
        shown = of({"GET /": ok("Server: nginx", body=LOGIN)})
        first = shown.exchanges[0]
        assert first.sent.startswith("GET / HTTP/1.1\nHost: mail.example.test")
        assert first.received.startswith("HTTP 200\nserver: nginx")

    def test_a_console_is_known_behind_a_root_that_is_not_found(self) -> None:
        shown = of({"GET /zimbraAdmin/": ok(body=CONSOLE)})
        assert (shown.site, shown.product) == ("admin console", "Zimbra mailboxd")

    def test_a_port_that_shows_no_site_is_asked_little(self) -> None:
        with answering({"GET /": ok("Server: Apache", body="It works")}) as served:
            shown = looked(served)
        assert [page.name for page in shown.pages] == ["start", "admin"]

    def test_a_port_that_sends_on_to_tls_is_asked_no_more(self) -> None:
        away = ok("Location: https://mail.example.test/", status="301 Moved")
        with answering({"GET /": away}) as served:
            shown = looked(served)
        assert [page.name for page in shown.pages] == ["start"]
        assert len(served.requests) == 1

    def test_a_port_of_mailboxd_itself_is_asked_little(self) -> None:
        shown = of({"GET /": ok(body=LOGIN)})
        assert (shown.product, shown.site) == ("Zimbra mailboxd", "web client")
        assert [page.name for page in shown.pages] == ["start", "admin"]


class TestRedirects:
    def test_they_are_followed_on_the_same_host(self) -> None:
        shown = of(
            {
                "GET /": ok("Location: /one?a=b", status="302 Found"),
                "GET /one?a=b": ok("Location: two", status="302 Found"),
                "GET /two": CLIENT,
            }
        )
        start = the(shown, "start")
        assert (start.status, start.path) == (200, "/two")

    def test_an_absolute_one_to_the_same_place_is_followed(self) -> None:
        def root(request: bytes) -> bytes:
            host = re.search(rb"Host: (\S+)", request)
            assert host
            return ok(f"Location: http://{host[1].decode()}/two", status="302 Found")

        shown = of({"GET /": root, "GET /two": CLIENT})
        assert status(shown, "start") == 200

    @pytest.mark.parametrize(
        "target",
        [
            "http://elsewhere.example.com/",
            "http://mail.example.test/",
            "https://mail.example.test/",
            "//elsewhere.example.com/",
            "ftp://mail.example.test/",
            "http://[::1/",
            "http://mail.example.test:99999999/",
            "/a b",
            "/a\tb",
            "/" + "x" * 600,
            "",
        ],
    )
    def test_others_are_not(self, target: str) -> None:
        away = ok(f"Location: {target}", status="302 Found")
        with answering({"GET /": away}) as served:
            shown = looked(served)
        start = the(shown, "start")
        assert (start.status, start.path) == (302, "/")
        paths = {request.split(b" ")[1] for request in served.requests}
        assert paths <= {b"/", b"/zimbraAdmin/"}

    def test_a_loop_ends(self) -> None:
        again = ok("Location: /", status="302 Found")
        with answering({"GET /": again}) as served:
            shown = looked(served)
        assert status(shown, "start") == 302
        assert len([r for r in served.requests if r.startswith(b"GET / ")]) == 4


class TestHostile:
    @pytest.mark.parametrize(
        "content",
        [b"", b"220 ESMTP\r\n", bytes(range(256)), b"HTTP/1.1 200 OK\r\nX: y\r\n"],
    )
    def test_who_does_not_speak_http_is_trouble(self, content: bytes) -> None:
        with saying(content) as served:
            shown = looked(served)
        assert shown.trouble
        assert shown.pages == ()

    def test_a_port_without_tls_is_trouble_where_tls_was_meant(self) -> None:
        with saying(b"HTTP/1.1 400 Bad Request\r\n\r\n") as served:
            shown = look(Quick(1.0), served.port, ASK, tls=True)
        assert "no TLS handshake" in shown.trouble

    def test_nobody_there_is_trouble(self) -> None:
        with saying(b"") as served:
            pass
        assert looked(served).trouble

    def test_an_endless_head_is_trouble(self) -> None:
        with flooding(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n") as served:
            shown = looked(served)
        assert "more headers" in shown.trouble

    def test_endless_bodies_are_cut_everywhere(self) -> None:
        with flooding(
            f"HTTP/1.1 200 OK\r\n\r\n{LOGIN}".encode(), b"x" * 4096
        ) as served:
            began = time.monotonic()
            shown = looked(served)
            assert time.monotonic() - began < 5
        assert shown.site == "web client"
        assert all(page.cut for page in shown.pages if page.status)
        assert len(msgspec.json.encode(shown)) < 60_000

    def test_a_tarpit_is_left_soon(self) -> None:
        with dripping(b"HTTP/1.1 200 OK\r\n" * 20) as served:
            began = time.monotonic()
            shown = looked(served, seconds=0.2)
            assert time.monotonic() - began < 1
        assert shown.trouble

    def test_one_that_falls_silent_keeps_what_it_showed(self) -> None:
        with answering({"GET /": CLIENT, "GET /robots.txt": b""}) as served:
            shown = looked(served, seconds=0.2)
        assert status(shown, "start") == 200
        robots = the(shown, "robots")
        assert (robots.status, robots.trouble) == (
            0,
            "it said nothing in time",
        )

    def test_one_that_breaks_off_everything_is_left_alone(self) -> None:
        def each(wire: object, served: Served, _: object) -> None:
            del wire, served

        with conversing(each) as served:
            shown = looked(served)
            assert served.connections <= 2
        assert shown.trouble

    def test_nothing_kept_steers_a_terminal_or_is_long(self) -> None:
        evil = "\x1b[31m\u202e\x07" + "A" * 3000
        pages: Mapping[str, bytes | Answer] = {
            "GET /": ok(
                f"Server: {evil}", f"Set-Cookie: {evil}={evil}; {evil}", body=LOGIN
            ),
            "GET /robots.txt": ok(body=f"{evil}\r\n" * 20),
            "GET /js/zimbraMail/share/model/ZmSettings.js": ok(
                body=f'CLIENT_VERSION = "1.{evil}"'
            ),
        }
        shown = of(pages)
        texts = [
            *(value for page in shown.pages for _, value in page.headers),
            *(cookie.told for page in shown.pages for cookie in page.cookies),
            *(page.text for page in shown.pages),
            *(exchange.received for exchange in shown.exchanges),
            shown.version,
            shown.product,
        ]
        assert all(c.isprintable() or c == "\n" for text in texts for c in text)
        assert max(map(len, texts)) <= 4000
        assert shown.version == ""

    @pytest.mark.parametrize(
        "host", ["a b", "a\r\nX: y", "", "-x", "x" * 400, "é.example"]
    )
    def test_a_name_that_is_none_is_not_sent(self, host: str) -> None:
        with answering({"GET /": CLIENT}) as served:
            looked(served, Ask(host))
        assert served.requests[0].startswith(
            f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nUser-Agent".encode()
        )
