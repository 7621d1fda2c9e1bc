"""A baseline beside `aide --init` and a bare loop of hashlib; a quick look at the same.

The tree is generated: 60,000 files below 4,000 folders, as large as those of a server
(median 9.7 kB, 99 of 100 below 500 kB, none above 32 MB), 2.4 GB in all. All three
read it from memory, in turns. ZMWARD_BENCH_FILES makes it smaller.

AIDE keeps what we keep: kind, mode, inode, links, owners, size, times, attributes and
SHA-256, by two workers. The loop is two processes that read and sum up each file, and
keep nothing. Each is measured three times in turns, and the best counts; seconds of
processors, of all processes together, stand beside those of the clock, since a busy
machine stretches the latter. The package database is compared in a second pass, which
has its own figure. The quick look reads one file in twenty-eight.
"""

import hashlib
import multiprocessing
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.measure import Result, peak

_FILES = int(os.environ.get("ZMWARD_BENCH_FILES", "60000"))
_FOLDERS, _MEDIAN, _SPREAD, _LARGEST = 4000, 9.18, 1.69, 32 << 20
_FASTER, _LOOP, _QUICK, _MEMORY = 3.0, 1.3, 3.0, 400 << 20
_VERB = (sys.executable, "-c", "from zmward.cli.main import run; run()", "integrity")
_RUNS = 3
_AIDE = """\
database_out=file:{room}/aide.db
gzip_dbout=no
num_workers=2
report_url=file:{room}/aide.log
{root} p+ftype+i+l+n+u+g+s+m+c+xattrs+sha256
"""


def _sizes(number: int) -> Iterator[int]:
    chance = random.Random(7)  # noqa: S311  # the same tree each time
    for _ in range(number):
        yield min(int(chance.lognormvariate(_MEDIAN, _SPREAD)), _LARGEST)


def _lay(root: Path) -> int:
    """Write the tree and return its size in bytes."""
    block, total = random.Random(8).randbytes(_LARGEST), 0  # noqa: S311  # no secret
    for number, size in enumerate(_sizes(_FILES)):
        folder = root / f"opt/zimbra/lib/d{number % 40}/e{number % _FOLDERS}"
        folder.mkdir(parents=True, exist_ok=True)
        start = number * 4096 % max(_LARGEST - size, 1)
        (folder / f"file{number}.jar").write_bytes(block[start : start + size])
        total += size
    for path, text in (("hostname", "bench\n"), ("machine-id", f"{7:032x}\n")):
        (root / "etc").mkdir(exist_ok=True)
        (root / "etc" / path).write_text(text)
    return total


def _packages(root: Path) -> None:
    """Have a package database say that one package brought every file."""
    info = root / "var/lib/dpkg/info"
    info.mkdir(parents=True)
    paths = [path for path in (root / "opt").rglob("*") if path.is_file()]
    listed = "".join(f"/{path.relative_to(root)}\n" for path in paths)
    (info / "zimbra-store.list").write_text(f"/.\n{listed}")
    sums = (
        f"{hashlib.md5(path.read_bytes()).hexdigest()}  {path.relative_to(root)}\n"  # noqa: S324  # dpkg's
        for path in paths
    )
    (info / "zimbra-store.md5sums").write_text("".join(sums))
    (root / "var/lib/dpkg/status").write_text(
        "Package: zimbra-store\nStatus: install ok installed\nArchitecture: all\n"
        "Version: 10.1.0\n"
    )


def _summed(paths: list[str]) -> int:
    count = 0
    for path in paths:
        found = hashlib.sha256()
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123  # the bare loop
            while block := file.read(1 << 20):
                found.update(block)
        count += len(found.digest())
    return count


class Took(NamedTuple):
    """Seconds by the clock and on processors."""

    clock: float
    processor: float

    def __str__(self) -> str:
        return f"{self.clock:.2f} s ({self.processor:.2f} s of processors)"


def _used() -> float:
    both = (resource.RUSAGE_CHILDREN, resource.RUSAGE_SELF)
    rows = map(resource.getrusage, both)
    return sum(row.ru_utime + row.ru_stime for row in rows)


def _took(work: Callable[[], object]) -> Took:
    begin, start = _used(), time.monotonic()
    work()
    return Took(time.monotonic() - start, _used() - begin)


def _best(commands: Sequence[Callable[[], object]]) -> list[Took]:
    rounds = [[_took(one) for one in commands] for _ in range(_RUNS)]
    return [min(times) for times in zip(*rounds, strict=True)]


def _run(argv: Sequence[str], codes: Sequence[int] = (0,)) -> None:
    done = subprocess.run(argv, capture_output=True, check=False, timeout=3600)
    if done.returncode not in codes:
        raise RuntimeError(f"{argv[0]}: {done.returncode}: {done.stderr[-2000:]!r}")


def _loop(root: Path) -> None:
    """Have two processes sum up every file."""
    paths = [f"{at}/{name}" for at, _, names in os.walk(root / "opt") for name in names]
    parts = [paths[at : at + 64] for at in range(0, len(paths), 64)]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        sum(pool.imap_unordered(_summed, parts))
        pool.close()
        pool.join()


class _Ours:
    """The verb, with a key and a state of its own."""

    def __init__(self, room: Path, root: Path) -> None:
        self._room, self._root = room, root
        phrase = room / "phrase"
        phrase.write_text("a phrase of the bench\n")
        phrase.chmod(0o600)
        os.environ["ZMWARD_STATE"] = str(room / "state")
        key, public = str(room / "key"), str(room / "public")
        self._openssl(
            *("genpkey", "-algorithm", "ed25519", "-aes256"),
            *("-pass", f"file:{phrase}", "-out", key),
        )
        self._openssl(
            *("pkey", "-in", key, "-passin", f"file:{phrase}"),
            *("-pubout", "-out", public),
        )

    @staticmethod
    def _openssl(*words: str) -> None:
        subprocess.run(("openssl", *words), check=True, capture_output=True)

    def argv(self, verb: str, *more: str) -> list[str]:
        words = [*_VERB, verb, "--hurry", "--root", str(self._root), *more]
        words += ["--public-key", str(self._room / "public")]
        if verb == "baseline":
            words += ["--anew", "--key", str(self._room / "key")]
            words += ["--passphrase-file", str(self._room / "phrase")]
        return words

    def run(self, verb: str, *more: str) -> Callable[[], None]:
        # Without a package database a baseline is incomplete.
        return lambda: _run(self.argv(verb, *more), (0, 3))


def _aide(room: Path, root: Path) -> Callable[[], None] | None:
    program = shutil.which("aide", path=f"{os.environ['PATH']}:/usr/sbin:/usr/bin")
    if program is None:
        return None
    settings = room / "aide.conf"
    settings.write_text(_AIDE.format(room=room, root=root / "opt"))
    return lambda: _run([program, "--init", "--config", str(settings)])


def measure() -> list[Result]:
    """Time the three in turns, then the second pass, the quick look and the memory."""
    with tempfile.TemporaryDirectory(prefix="zmward-integrity-") as name:
        room = Path(name)
        root = room / "root"
        size = _lay(root)
        ours = _Ours(room, root)
        theirs = _aide(room, root)
        commands = [ours.run("baseline"), lambda: _loop(root)]
        commands += [theirs] if theirs else []
        _loop(root)
        base, loop, *aide = _best(commands)
        (quick,) = _best([ours.run("check", "--quick")])
        memory = peak(ours.argv("baseline"))
        _packages(root)
        (both,) = _best([ours.run("baseline")])
    what = f"{_FILES:,} files, {size / 1e9:.2f} GB"
    claim = f"integrity baseline against aide --init with two workers, {what}"
    against = Result(claim, "aide is not installed", f">= {_FASTER} times", kept=False)
    if aide:
        faster = aide[0].clock / base.clock
        less = aide[0].processor / base.processor
        against = Result(
            claim,
            f"{base} against {aide[0]}: {faster:.1f} times faster, {less:.1f} times "
            "less work",
            f">= {_FASTER:.0f} times faster",
            kept=faster >= _FASTER,
        )
    return [
        against,
        Result(
            f"integrity baseline against two bare processes of hashlib, {what}",
            f"{base} against {loop}: {base.clock / loop.clock:.2f} times it, "
            f"{base.processor / loop.processor:.2f} times its work",
            f"<= {_LOOP} times",
            kept=base.clock <= _LOOP * loop.clock,
        ),
        Result(
            f"integrity baseline with the package database (MD5, second pass), {what}",
            f"{both}, of which {both.clock - base.clock:.2f} s for the second pass",
            "no promise",
            kept=True,
        ),
        Result(
            f"integrity check --quick, nothing changed, {what}",
            f"{quick}",
            f"<= {_QUICK:.0f} s",
            kept=quick.clock <= _QUICK,
        ),
        Result(
            f"integrity baseline, memory of all its processes, {what}",
            f"{memory / 2**20:.0f} MiB",
            f"<= {_MEMORY >> 20} MiB",
            kept=memory <= _MEMORY,
        ),
    ]
