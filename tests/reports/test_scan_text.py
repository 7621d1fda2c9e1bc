"""A scan's ports in the terminal and on the page, with what failed where."""

from tests.reports.samples import finding, report
from zmward.control import Status
from zmward.deviation import Deviation, Layer
from zmward.i18n import Speaker
from zmward.reports.html.page import render as as_html
from zmward.reports.port_words import others
from zmward.reports.scan_text import render as as_text
from zmward.scan.line import Exchange
from zmward.scan.seen import PortSeen, Rest, Seen
from zmward.scan.smtp import SmtpShown

ADDRESS = "192.0.2.10"
HOST = "mail.example.test"
SEEN = Seen(
    *(HOST, "2026-11-21T12:00:00+00:00", "0"),
    addresses=(ADDRESS,),
    source={ADDRESS: "198.51.100.7"},
    asked=("tcp 1-65535",),
    ports=(
        PortSeen(25, "tcp", ADDRESS, "open", "smtp", "Postfix", "", banner="220 hi"),
        PortSeen(443, "tcp", ADDRESS, "open", "http", "nginx", tls=True),
        PortSeen(7071, "tcp", ADDRESS, "filtered"),
        PortSeen(11211, "udp", ADDRESS, "closed"),
    ),
    rest=(Rest(ADDRESS, "tcp", "filtered", "1-24, 26-442"),),
    shown=(SmtpShown(ADDRESS, 25, exchanges=(Exchange(25, "EHLO <b>", "250 <i>"),)),),
    silent=("192.0.2.10 tcp 9: the time was over",),
)
OPEN_RELAY = finding(
    "mta-is-no-open-relay",
    deviations=(
        Deviation(
            f"{HOST} port 25 ({ADDRESS})",
            *("it relays", "it does not", Layer.RUNNING),
            no_cure="Look.",
        ),
    ),
)


def lines(width: int = 100) -> list[str]:
    text = as_text(report(findings=(OPEN_RELAY,)), (SEEN,), width=width)
    return text.splitlines()


def test_a_failed_port_is_marked_and_a_sound_one_is_not() -> None:
    (smtp,) = (line for line in lines() if "25/tcp" in line)
    (web,) = (line for line in lines() if "443/tcp" in line)
    assert smtp.startswith("✗ 25/tcp")
    assert web.startswith("  443/tcp")
    assert "inside TLS" in web


def test_ports_that_are_not_open_are_counted() -> None:
    counted = others(SEEN, ADDRESS, Speaker())
    assert counted == "442 tcp no answer, 1 udp closed"


def test_what_was_not_found_out_is_said() -> None:
    assert any("not found out: 192.0.2.10 tcp 9" in line for line in lines())


def test_narrow_terminals_are_kept() -> None:
    *above, _end = lines(50)  # the command at the end is never wrapped
    assert max(map(len, above)) <= 50


def test_the_page_shows_what_was_sent_and_escapes_it() -> None:
    page = as_html(report(findings=(OPEN_RELAY,)), looks=(SEEN,))
    assert "EHLO &lt;b&gt;" in page
    assert "250 &lt;i&gt;" in page
    assert 'class="amiss"' in page
    assert Status.FAIL.value in page
