"""A report on logs beside fail2ban-regex with such filters, and one grep; following.

The lines are generated: of 100, 45 are mailbox.log's, 15 audit.log's, 22 zimbra.log's,
16 nginx.access.log's and 2 nginx.log's. 5 of 100 are failed logins (audit 2, Postfix
1.5, mailbox.log 1, nginx 0.5), 10 are other candidates (good logins in audit 6, SASL
lines of the MTA 3, lost connections 1). There are 1500 addresses and 5000 accounts, and
about three lines a second. ZMWARD_BENCH_LINES makes it shorter.

fail2ban gets filters that find the same attacks (see logs_filters). grep looks for
every word that we look for. Times are of the clock; those of processors, of all
processes together, stand beside them, since a busy machine stretches the former.
"""

import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from bench.logs_filters import checked
from bench.measure import Result, peak
from zmward.catalog.log_pattern import LOGS
from zmward.logs.candidates import words

_LINES = int(os.environ.get("ZMWARD_BENCH_LINES", "2000000"))
_FASTER, _GREP, _MOST = 15.0, 6.0, 200 << 20
_VERB = (sys.executable, "-c", "from zmward.cli.main import run; run()", "logs")
_URL = "https://mail.example.com/service/soap"
_AGENT = "ZimbraWebClient - FF132 (Linux)/10.1.3_GA_4655"
_RATE, _WARM, _LONG, _SHARE = 500, 5, 30, 0.02


def _grepped() -> str:
    """Return all that is looked for, as one expression of grep."""
    parts = (word.rpartition(b"\n")[2].decode() for log in LOGS for word in words(log))
    return "|".join(
        dict.fromkeys(re.sub(r"([][.^$*+?(){}|\\])", r"\\\1", part) for part in parts)
    )


def _mailboxd(number: int, at: datetime, log: str) -> str:
    stamp = f"{at:%Y-%m-%d %H:%M:%S},{number % 1000:03}"
    user, address = f"user{number % 5000}@example.com", _address(number)
    thread = f"[qtp1068934215-{number % 400}:{_URL}/"
    context = f"oip={address};port=5{number % 9999:04};ua={_AGENT};soapId={number:x};]"
    if log == "mailbox":
        part = number % 45
        if part == 0:
            return (
                f"{stamp} INFO  {thread}AuthRequest] [{context} SoapEngine - handler "
                f"exception: authentication failed for [no{number}], account not found"
            )
        return (
            f"{stamp} INFO  {thread}SearchRequest] [name={user};mid={number % 977};"
            f"{context} soap - SearchRequest elapsed={part}"
        )
    part = number % 15
    core = f"{thread}AuthRequest] [name={user};{context} security - cmd="
    if part < 2:  # noqa: PLR2004  # the share
        return (
            f"{stamp} WARN  {core}Auth; account={user}; protocol=soap; "
            f"error=authentication failed for [{user}], invalid password;"
        )
    if part < 8:  # noqa: PLR2004  # the share
        return f"{stamp} INFO  {core}Auth; account={user}; protocol=soap;"
    return f"{stamp} INFO  {core}ModifyPrefs; name={user}; attr=x;"


def _address(number: int) -> str:
    return f"203.0.{number % 12}.{number % 250 + 1}"


def _mta(number: int, at: datetime) -> str:
    head = f"{at:%b} {at.day:2} {at:%H:%M:%S} mta1 postfix/"
    part, address = number % 44, _address(number)
    if part < 3:  # noqa: PLR2004  # the share
        return (
            f"{head}submission/smtpd[30122]: warning: unknown[{address}]: SASL LOGIN "
            "authentication failed: authentication failure"
        )
    if part < 9:  # noqa: PLR2004  # the share
        return (
            f"{head}submission/smtpd[30150]: {number:X}: client=unknown[{address}], "
            f"sasl_method=PLAIN, sasl_username=user{number % 5000}@example.com"
        )
    if part < 11:  # noqa: PLR2004  # the share
        return f"{head}smtpd[3]: lost connection after AUTH from unknown[{address}]"
    return (
        f"{head}smtp[30160]: {number:X}: to=<user{number % 5000}@example.com>, "
        "relay=mbox1.example.com[192.0.2.20]:7025, delay=0.4, delays=0.1/0/0.1/0.2, dsn"
        "==2.1.5, status=sent (250 2.1.5 Delivery OK)"
    )


def _proxy(number: int, at: datetime) -> str:
    address = _address(number)
    return (
        f'{address}:51590 - - [{at:%d/%b/%Y:%H:%M:%S} +0000]  "POST {_URL}/'
        'SearchRequest HTTP/2.0" 200 612 "https://mail.example.com/" "Mozilla/5.0 '
        '(X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0" '
        '"192.0.2.10:8443" "192.0.2.10:443"'
    )


def _mail_proxy(number: int, at: datetime) -> str:
    head = f"{at:%Y/%m/%d %H:%M:%S} [info] 2211#0: *{number} "
    tail = f'client: {_address(number)}:55123, server: 0.0.0.0:993, login: "no{number}"'
    if number % 4 == 0:
        return (
            f"{head}An error occurred in mail zmauth: user not found:no{number} while "
            f"SSL handshaking to lookup handler, {tail}"
        )
    return f"{head}client logged in, {tail}"


def _lines(total: int) -> Iterator[tuple[str, str]]:
    begin = datetime(2026, 11, 20)  # noqa: DTZ001  # local, as logs have it
    for number in range(total):
        at = begin + timedelta(seconds=number * 3 // 10)
        part, own = number % 100, number // 100
        if part < 45:  # noqa: PLR2004  # the share
            yield "mailbox.log", _mailboxd(own * 45 + part, at, "mailbox")
        elif part < 60:  # noqa: PLR2004  # the share
            yield "audit.log", _mailboxd(own * 15 + part - 45, at, "audit")
        elif part < 82:  # noqa: PLR2004  # the share
            yield "zimbra.log", _mta(own * 22 + part - 60, at)
        elif part < 98:  # noqa: PLR2004  # the share
            yield "nginx.access.log", _proxy(own * 16 + part - 82, at)
        else:
            yield "nginx.log", _mail_proxy(own * 2 + part - 98, at)


def _written(folder: Path) -> list[Path]:
    files = {}
    for name, line in _lines(_LINES):
        if name not in files:
            files[name] = (folder / name).open("w", encoding="ascii")
        files[name].write(f"{line}\n")
    for file in files.values():
        file.close()
    return sorted(folder.iterdir())


class Took(NamedTuple):
    """How long something took, by the clock and of processors."""

    clock: float
    processor: float

    def __str__(self) -> str:
        """Return both."""
        return f"{self.clock:.2f} s ({self.processor:.2f} s of processors)"


def _took(argv: list[str], codes: tuple[int, ...] = (0,)) -> Took:
    """Run a command; into /dev/null, grep would end at its first match."""
    begin, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(argv, capture_output=True, check=False, timeout=3600)
    taken, end = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in codes:
        raise RuntimeError(f"{argv[0]}: {done.returncode}: {done.stderr[-2000:]!r}")
    used = end.ru_utime + end.ru_stime - begin.ru_utime - begin.ru_stime
    return Took(taken, used)


def _fail2ban(folder: Path) -> Took:
    """Return the time of fail2ban-regex over all the logs, one after the other."""
    total = Took(0.0, 0.0)
    for name, rules in checked(folder.parent).items():
        one = _took(["fail2ban-regex", str(folder / name), str(rules)])
        total = Took(total.clock + one.clock, total.processor + one.processor)
    return total


def _used(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _write(folder: Path, lines: Iterator[tuple[str, str]], for_seconds: int) -> None:
    """Write so many lines a second for a while."""
    for _ in range(for_seconds):
        start = time.monotonic()
        for name, line in islice(lines, _RATE):
            with (folder / name).open("a") as file:
                file.write(f"{line}\n")
        time.sleep(max(1 - (time.monotonic() - start), 0))


def _follow() -> Result:
    """Measure what following costs, once it runs."""
    with tempfile.TemporaryDirectory(prefix="zmward-follow-") as room:
        folder = Path(room) / "logs"
        folder.mkdir()
        lines = _lines(_RATE * (_WARM + _LONG))
        argv = [*_VERB, "follow", "--dir", str(folder), "--timezone", "UTC"]
        argv += ["--events", f"{room}/events.log"]
        state = {**os.environ, "ZMWARD_STATE": f"{room}/state"}
        process = subprocess.Popen(argv, env=state, stderr=subprocess.DEVNULL)
        try:
            _write(folder, lines, _WARM)
            begin, start = _used(process.pid), time.monotonic()
            _write(folder, lines, _LONG)
            share = (_used(process.pid) - begin) / (time.monotonic() - start)
            told = (Path(room) / "events.log").read_text().count("\n")
        finally:
            process.terminate()
            process.wait()
    return Result(
        f"logs follow, {_RATE} lines a second of the same mix",
        f"{share:.1%} of one processor, {told} events told",
        f"<= {_SHARE:.0%}",
        kept=share <= _SHARE and told > 0,
    )


def measure() -> list[Result]:
    """Time the report, fail2ban-regex and grep on the same files; and following."""
    followed = _follow()
    if shutil.which("fail2ban-regex") is None:
        text = "fail2ban-regex is not installed"
        lost = Result("logs", text, "compared with fail2ban-regex", kept=False)
        return [lost, followed]
    with tempfile.TemporaryDirectory(prefix="zmward-logs-") as room:
        folder = Path(room) / "logs"
        folder.mkdir()
        files = _written(folder)
        size = sum(path.stat().st_size for path in files)
        report = [*_VERB, "report", "--dir", str(folder), "--json", "--timezone", "UTC"]
        grep = ["env", "LC_ALL=C", "grep", "-cE", _grepped(), *map(str, files)]
        ours = min(_took(report, (0, 1)) for _ in range(3))
        grepped = min(_took(grep) for _ in range(3))
        theirs = _fail2ban(folder)
        memory = peak(report)
    mix = f"{_LINES:,} lines, {size / 1e6:.0f} MB"
    return [
        Result(
            f"logs report against fail2ban-regex, {mix}",
            f"{ours} against {theirs}: {theirs.clock / ours.clock:.1f} times faster, "
            f"{theirs.processor / ours.processor:.1f} times less work",
            f">= {_FASTER:.0f} times faster",
            kept=theirs.clock >= _FASTER * ours.clock,
        ),
        Result(
            f"logs report against one grep -cE, {mix}",
            f"{ours} against {grepped}: {ours.clock / grepped.clock:.1f} times it, "
            f"{ours.processor / grepped.processor:.1f} times its work",
            f"<= {_GREP:.0f} times",
            kept=ours.clock <= _GREP * grepped.clock,
        ),
        Result(
            f"logs report, memory of all its processes, {mix}",
            f"{memory / 2**20:.0f} MiB",
            f"<= {_MOST >> 20} MiB",
            kept=memory <= _MOST,
        ),
        followed,
    ]
