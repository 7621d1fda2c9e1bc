"""Real daemons on loopback: a directory, a cache, a shell server; skipped if absent."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

_PATH = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"


def program(name: str) -> str:
    """Return where a daemon is; skip the test where Debian's package is missing."""
    found = shutil.which(name) or shutil.which(name, path=_PATH)
    if not found:
        pytest.skip(f"{name} is not installed")
    return found


def free_port() -> int:
    """Return a port of loopback that nobody uses."""
    with closing(socket.create_server(("127.0.0.1", 0))) as place:
        return int(place.getsockname()[1])


@contextmanager
def running(*command: str, port: int) -> Iterator[int]:
    """Run a daemon in the foreground until the end of the test; give its port."""
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            until = time.monotonic() + 10
            while time.monotonic() < until and process.poll() is None:
                with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                time.sleep(0.05)
            else:
                pytest.fail(f"{command[0]} does not listen")
            yield port
        finally:
            process.terminate()
            process.wait(10)


@contextmanager
def memcached(*options: str) -> Iterator[int]:
    """Run memcached; `-U` and the port open UDP too."""
    port = free_port()
    words = [word.replace("PORT", str(port)) for word in options]
    place = ("-l", "127.0.0.1", "-p", str(port), "-m", "8", "-u", "nobody")
    with running(program("memcached"), *place, *words, port=port):
        yield port


@contextmanager
def sshd(folder: Path, *options: str) -> Iterator[int]:
    """Run sshd with settings of the test's own."""
    port, key = free_port(), folder / "host_key"
    kind = ("-t", "ed25519", "-N", "", "-q")
    subprocess.run(["ssh-keygen", *kind, "-f", str(key)], check=True, timeout=30)
    Path("/run/sshd").mkdir(exist_ok=True)
    settings = folder / "sshd_config"
    settings.write_text(
        f"HostKey {key}\nListenAddress 127.0.0.1:{port}\nPidFile none\nUsePAM no\n"
        + "".join(f"{line}\n" for line in options)
    )
    # sshd starts itself anew for each client, so it wants its own full path.
    with running(program("sshd"), "-D", "-f", str(settings), port=port):
        yield port


_SLAPD = """\
include {schema}/core.schema
include {schema}/cosine.schema
include {schema}/inetorgperson.schema
modulepath {modules}
moduleload back_mdb
pidfile {folder}/slapd.pid
{options}
database mdb
suffix "dc=example,dc=test"
directory {folder}/data
{rules}
"""


@contextmanager
def slapd(
    folder: Path, *rules: str, options: str = "", people: int = 0
) -> Iterator[int]:
    """Run slapd over so many people, with rules of the test's own."""
    binary = program("slapd")
    # Where the program was only unpacked, its files stand beside it.
    root = Path(binary).parents[2]
    (folder / "data").mkdir()
    settings = folder / "slapd.conf"
    settings.write_text(
        _SLAPD.format(
            schema=root / "etc/ldap/schema",
            modules=root / "usr/lib/ldap",
            folder=folder,
            options=options,
            rules="\n".join(rules),
        )
    )
    entries = ["dn: dc=example,dc=test\nobjectClass: domain\ndc: example\n"]
    entries += [
        "dn: ou=people,dc=example,dc=test\nobjectClass: organizationalUnit\nou: people\n"
    ]
    entries += [
        f"dn: uid=u{n},ou=people,dc=example,dc=test\nobjectClass: inetOrgPerson\n"
        f"uid: u{n}\ncn: User {n}\nsn: {n}\nmail: u{n}@example.test\n"
        for n in range(people)
    ]
    (folder / "people.ldif").write_text("\n".join(entries))
    fill = [binary, "-Ta", "-q", "-f", str(settings), "-l", str(folder / "people.ldif")]
    subprocess.run(fill, check=True, capture_output=True, timeout=60)
    port = free_port()
    place = ("-d", "0", "-f", str(settings), "-h", f"ldap://127.0.0.1:{port}/")
    with running(binary, *place, port=port):
        yield port
