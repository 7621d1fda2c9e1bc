"""TLS of six ports at once, against the program sslyze on one of them.

The servers are OpenSSL's own on loopback: three as they come, one that speaks TLS 1.2
only, one TLS 1.3 only, and one that takes everything from TLS 1.0 on.
"""

import shutil
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from bench.measure import Result
from zmward.doors.network import Network, Pace
from zmward.doors.sslyze import ask, differences
from zmward.scan.line import Ask
from zmward.scan.tls import TlsShown, look

HERE, NAME = "127.0.0.1", "mail.example.test"
RUNS, LONGEST = 5, 1.0
_SERVERS: tuple[tuple[str, ...], ...] = (
    *((), (), ()),
    ("-tls1_2",),
    ("-tls1_3",),
    ("-cipher", "ALL:@SECLEVEL=0"),
)


def _key(place: Path) -> None:
    argv = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30"]
    argv += ["-keyout", "key", "-out", "crt", "-subj", f"/CN={NAME}"]
    subprocess.run(argv, cwd=place, check=True, capture_output=True)


def _free() -> int:
    with socket.socket() as probe:
        probe.bind((HERE, 0))
        return int(probe.getsockname()[1])


@contextmanager
def _servers(place: Path) -> Iterator[tuple[int, ...]]:
    """Run all servers; give their ports when they listen."""
    _key(place)
    silent, ports, running = subprocess.DEVNULL, [], []
    try:
        for words in _SERVERS:
            ports.append(_free())
            argv = ["openssl", "s_server", "-accept", f"{HERE}:{ports[-1]}", "-quiet"]
            argv += ["-cert", "crt", "-key", "key", *words]
            pipe = subprocess.PIPE
            running.append(
                subprocess.Popen(
                    argv, cwd=place, stdin=pipe, stdout=silent, stderr=silent
                )
            )
        for port in ports:
            for _ in range(100):
                with suppress(OSError), socket.create_connection((HERE, port), 1):
                    break
                time.sleep(0.02)
        yield tuple(ports)
    finally:
        for process in running:
            process.kill()
            process.communicate()


def _look(port: int, *, every: bool = False) -> TlsShown:
    return look(Network(HERE, Pace(10_000)), port, Ask(NAME), tls=True, every=every)


def _ours(ports: Sequence[int]) -> tuple[float, tuple[TlsShown, ...]]:
    taken, shown = [], tuple[TlsShown, ...]()
    with ThreadPoolExecutor(len(ports)) as pool:
        for _ in range(RUNS):
            start = time.monotonic()
            shown = tuple(pool.map(_look, ports))
            taken.append(time.monotonic() - start)
    return statistics.median(taken), shown


def _theirs(ports: Sequence[int]) -> tuple[Result, Result]:
    """Return how long sslyze takes for one port, and whether it judges all the same."""
    taken, odd = [], list[str]()
    for port in ports:
        start = time.monotonic()
        opinion = ask(HERE, port, NAME)
        taken.append(time.monotonic() - start)
        for every in (False, True):
            odd += differences(_look(port, every=every), opinion)
    told = "; ".join(odd) or f"equal on {len(ports)} ports"
    return (
        Result("sslyze, one port", f"{min(taken):.2f} s", "to compare", kept=True),
        Result("TLS judged as sslyze does", told, "equal where both judge", not odd),
    )


def measure() -> list[Result]:
    """Measure all six at once, then sslyze on each, where it is installed."""
    with tempfile.TemporaryDirectory() as folder, _servers(Path(folder)) as ports:
        median, shown = _ours(ports)
        ciphers = sum(len(one.ciphers) for each in shown for one in each.protocols)
        measured = f"{median:.2f} s for {ciphers} ciphers"
        promised = f"≤ {LONGEST:.0f} s"
        found = [Result("TLS of six ports", measured, promised, median <= LONGEST)]
        if shutil.which("sslyze"):
            found += _theirs(ports)
    return found
