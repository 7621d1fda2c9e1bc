"""What a run could not do is said: doors that shut, and time that was over."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from socket import create_server

from msgspec.structs import replace

from zmward.engine.scan import Wish, _Scanner
from zmward.engine.talks import Depth
from zmward.scan.seen import PortSeen
from zmward.scan.tls_shown import Trust

WISH = Wish((), (), frozenset(), 1000.0, 10.0, Depth(Trust("", datetime.now(UTC))))
HOST = "127.0.0.1"


def shut_out(*ports: PortSeen) -> dict[str, str]:
    with ThreadPoolExecutor(1) as pool:
        run = _Scanner(WISH, pool, lambda _done, _total, _about: None)
        return run.shut_out(ports)


def test_an_open_port_that_takes_nobody_any_more_is_a_doubt() -> None:
    with create_server((HOST, 0)) as gone:
        number = gone.getsockname()[1]
    ports = (
        PortSeen(number, "tcp", HOST, "open"),
        PortSeen(1, "tcp", HOST, "filtered"),
    )
    assert "shut this looker out" in shut_out(*ports)[HOST]
    assert not shut_out(ports[0])


def test_no_domain_is_asked_after_the_end() -> None:
    wish = replace(WISH, domains=("example.test",) * 100, seconds=0.0)
    with ThreadPoolExecutor(1) as pool:
        run = _Scanner(wish, pool, lambda _done, _total, _about: None)
        found = run.domains(wish).result()
    assert {shown.trouble for shown in found} == {"the time was over"}


def test_one_port_that_still_answers_is_enough() -> None:
    with create_server((HOST, 0)) as stays, create_server((HOST, 0)) as gone:
        numbers = [server.getsockname()[1] for server in (gone, stays)]
        gone.close()
        opened = (PortSeen(number, "tcp", HOST, "open") for number in numbers)
        assert not shut_out(*opened, PortSeen(1, "tcp", HOST, "filtered"))
