"""Web servers by their own words."""

import pytest

from zmward.scan.http import named
from zmward.scan.http_named import site
from zmward.scan.named import Named


def response(*headers: str, status: int = 200, body: str = "") -> bytes:
    head = "\r\n".join((f"HTTP/1.1 {status} Some Reason", *headers))
    return f"{head}\r\n\r\n{body}".encode()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (response("Server: nginx"), Named("http", "nginx")),
        (response("server:nginx/1.24.0"), Named("http", "nginx", "1.24.0")),
        (
            response("Server: Apache/2.4.62 (Unix) PHP/8.3.0"),
            Named("http", "Apache httpd", "2.4.62"),
        ),
        (
            response("Server: Jetty(9.4.46.v2022)"),
            Named("http", "Jetty", "9.4.46.v2022"),
        ),
        (response("Set-Cookie: ZM_TEST=true"), Named("http", "Zimbra mailboxd")),
        (
            response(status=404, body="<p>Request not allowed on port 7072</p>"),
            Named("http", "Zimbra mailboxd"),
        ),
        (
            response(
                "Location: https://mail.example.test:7071/zimbraAdmin/", status=302
            ),
            Named("http", "Zimbra mailboxd"),
        ),
        (response(status=404, body="<h2>HTTP ERROR 404</h2>"), Named("http", "Jetty")),
        (response("Server: nginx", "Location: /welcome/"), Named("http", "OnlyOffice")),
        (response("Server: something of its own"), Named("http")),
        (response(body="Server: nginx"), Named("http")),
        (
            response(
                "Server: nginx",
                status=400,
                body="The plain HTTP request was sent to HTTPS port",
            ),
            Named("http", "nginx", tls=True),
        ),
        (b"HTTP/1.0 200\n\n", Named("http")),
    ],
)
def test_a_server_is_named_by_its_answer(answer: bytes, expected: Named) -> None:
    assert named(answer) == expected


@pytest.mark.parametrize(
    "answer",
    [b"", b"220 mail ESMTP", b"HTTP/1.1 abc", b"\x15\x03\x01\x00\x02", b"<html>"],
)
def test_what_is_no_http_is_not_named(answer: bytes) -> None:
    assert named(answer) is None


def test_tls_is_kept() -> None:
    assert named(response("Server: nginx"), tls=True) == Named(
        "http", "nginx", tls=True
    )


def test_the_two_sites_are_told_apart() -> None:
    assert (
        site(response(body="<title>Zimbra Administration</title>")) == "admin console"
    )
    assert site(response("Set-Cookie: ZM_LOGIN_CSRF=x")) == "web client"
    assert site(response(body="<title>It works</title>")) == ""
