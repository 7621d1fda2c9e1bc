"""An hour of logs in a minute: rotated, broken, killed; each login is told once."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.logs.files import failed, sasl
from zmward.logs import compact

HOUR, PER_SECOND = 3600, 20
HOSTILE = (
    b"\x1b]0;owned\x07\x1b[2J\n",
    b"\xff\xfe\x00broken \xc3\x28 utf-8\n",
    b"A" * 1_200_000 + b"\n",
    b"2024-11-05 10:00:00,000 WARN  [x] [oip=6.6.6.6;] security - cmd=Auth; acc\n",
    b"\r\n\r\n",
    b"".join(bytes([n]) for n in range(1, 256) if n not in (10, 13)) + b"\n",
)


class Server:
    """Writes what a server writes in an hour, at a pace of one's own."""

    def __init__(self, folder: Path, hours: float) -> None:
        self.folder, self.end = folder, int(HOUR * hours)
        self.chance = random.Random(7)  # noqa: S311  # a test
        self.logins: list[str] = []
        self.rotated: Counter[str] = Counter()
        for name in ("audit.log", "mailbox.log", "zimbra.log"):
            (folder / name).touch()

    def add(self, name: str, text: bytes) -> None:
        with (self.folder / name).open("ab", buffering=0) as file:
            if self.chance.random() < 0.02:
                # A follower may look between the halves.
                cut = self.chance.randrange(len(text))
                file.write(text[:cut])
                text = text[cut:]
                time.sleep(0.002)
            file.write(text)

    def second(self, number: int) -> None:
        # Once the clock is set back by two minutes.
        at = number - (120 if number > self.end // 2 else 0)
        hour, minute, second = 9 + at // 3600, at // 60 % 60, at % 60
        for turn in range(PER_SECOND):
            name = f"u{number}-{turn}"
            stamp = f"2024-11-05 {hour:02}:{minute:02}:{second:02},{turn:03}"
            context = f"oip=198.51.100.{turn};soapId={name};"
            line = failed(context, f"{name}@example.com", stamp=stamp)
            self.add("audit.log", f"{line}\n".encode())
            self.logins.append(f"{name}@example.com")
            bsd = f"Nov  5 {hour:02}:{minute:02}:{second:02}"
            usual = f"{bsd} mta1 postfix/qmgr[7]: 4F2A: removed\n"
            self.add("zimbra.log", usual.encode())
        address = f"203.0.{number >> 8}.{number & 255}"
        self.add("zimbra.log", f"{sasl(address, bsd)}\n".encode())
        self.logins.append(address)
        if number % 60 == 7:
            self.add("mailbox.log", self.chance.choice(HOSTILE))

    def turn_over(self, name: str) -> None:
        """Rotate a log, by a new name or by a copy."""
        path = self.folder / name
        self.rotated[name] += 1
        aside = path.with_name(f"{name}.{self.rotated[name]}")
        if self.rotated[name] % 2:
            path.rename(aside)
            path.touch()
        else:
            shutil.copy2(path, aside)
            os.truncate(path, 0)

    def live(self, seconds: float) -> Iterator[int]:
        begin = time.monotonic()
        for number in range(self.end):
            self.second(number)
            if number % 600 == 599:
                self.turn_over(self.chance.choice(("audit.log", "zimbra.log")))
            yield number
            time.sleep(max(begin + seconds * number / self.end - time.monotonic(), 0))


def follower(room: Path) -> "subprocess.Popen[bytes]":
    program = "from zmward.cli.main import run; run()"
    words = ("logs", "follow", "--timezone", "UTC", "--dir", str(room / "logs"))
    argv = [sys.executable, "-c", program, *words, "--events", str(room / "events.log")]
    env = {**os.environ, "ZMWARD_STATE": str(room / "state")}
    return subprocess.Popen(argv, stderr=subprocess.DEVNULL, env=env)


def told(room: Path) -> list[str]:
    path = room / "events.log"
    lines = path.read_text().splitlines() if path.exists() else []
    found = [compact.event(line) for line in lines]
    return [one.account or one.source for one in found if one and one.kind == "failure"]


@pytest.mark.parametrize(
    ("hours", "seconds"), [(1 / 6, 6), pytest.param(1, 60, marks=pytest.mark.proof)]
)
def test_an_hour_in_a_minute(tmp_path: Path, hours: float, seconds: float) -> None:
    (tmp_path / "logs").mkdir()
    server = Server(tmp_path / "logs", hours)
    process = follower(tmp_path)
    # What is written before the first look is none of its business.
    limit = time.monotonic() + 60
    while not list((tmp_path / "state").glob("follow/*")):
        assert time.monotonic() < limit
        time.sleep(0.05)
    time.sleep(1.5)
    kills = {int(server.end * part) for part in (0.3, 0.55, 0.8)}
    try:
        for number in server.live(seconds):
            if number in kills:
                process.send_signal(signal.SIGKILL)
                process.wait()
                process = follower(tmp_path)
        limit = time.monotonic() + 60
        while len(told(tmp_path)) < len(server.logins) and time.monotonic() < limit:
            time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
    found = Counter(told(tmp_path))
    assert found - Counter(server.logins) == Counter(), "told twice, or never written"
    assert Counter(server.logins) - found == Counter(), "lost"
