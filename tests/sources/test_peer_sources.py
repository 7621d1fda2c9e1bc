"""Peers of a node: connections, names and raw sockets, as programs tell them."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zmward.sources import established, rawsockets, resolvednames
from zmward.sources.source import Snippet, Source, Unreadable

PARSERS = (
    established.parse,
    rawsockets.parse,
    resolvednames.parse,
)
# iproute2 6.1, `ss -Htnp` as root.
CONNECTIONS = """\
ESTAB 0 0 192.0.2.10:22 198.51.100.7:51234 users:(("sshd",pid=1,fd=4),("sshd",pid=2,fd=4))
ESTAB 0 0 192.0.2.10:22 198.51.100.7:51299 users:(("sshd",pid=3,fd=4),("sshd",pid=4,fd=4))
ESTAB 0 0 [::ffff:192.0.2.10]:7025 [::ffff:192.0.2.13]:40000 users:(("java",pid=9,fd=88))
ESTAB 0 0 [fe80::1%eth0]:389 [2001:db8::13]:40001
ESTAB 0 0 192.0.2.10:993 203.0.113.5:40002 users:(("nginx",pid=5,fd=6))
ESTAB 0 0 192.0.2.10:443 198.51.100.8:40003 users:(("sshd-session",pid=6,fd=4))
ESTAB 0 0 192.0.2.10:587 203.0.113.6:40004
ESTAB 0 0 127.0.0.1:11211 127.0.0.1:40005 users:(("memcached",pid=7,fd=4))
ESTAB 0 0 [::ffff:127.0.0.1]:7072 [::ffff:127.0.0.1]:40006 users:(("java",pid=9,fd=89))
ESTAB 0 0 [::1]:389 [::1]:40007 users:(("slapd",pid=8,fd=9))
TIME-WAIT 0 0 192.0.2.10:25 198.51.100.8:1
"""
SERVERS = """\
dn: cn=mail.example.com,cn=servers,cn=zimbra
cn: mail.example.com
zimbraServiceHostname: mail.example.com

dn: cn=mta.example.com,cn=servers,cn=zimbra
cn: mta.example.com
zimbraServiceHostname: mta-service.example.com

dn: cn=odd,cn=servers,cn=zimbra
cn: odd; touch /tmp/x
cn:: b2RkIG5hbWU=
zimbraServiceHostname: slow.example.com
"""
GETENT = """\
#!/bin/sh
case $2 in
    mail.example.com) printf '127.0.1.1  STREAM mail\\n127.0.1.1  DGRAM\\n' ;;
    mta*) printf '2001:db8::13 STREAM mta\\n192.0.2.13 STREAM\\n192.0.2.13 DGRAM\\n' ;;
    slow.example.com) exit 124 ;;
    *) exit 2 ;;
esac
"""


@pytest.mark.parametrize("parse", PARSERS, ids=lambda p: p.__module__)
def test_nothing_but_unreadable_is_ever_raised(parse: Callable[[str], Any]) -> None:
    pieces = st.sampled_from(
        ("> a.b\n", "? a.b\n", "192.0.2.1\n", "ESTAB 0 0 ", "[::1]:²", "[::1]:1 ", "\n")
    )
    texts = st.lists(pieces | st.text(max_size=20), max_size=9).map("".join)

    @given(texts)
    def run(noise: str) -> None:
        try:
            parse(noise)
        except Unreadable:
            pass

    run()


def told(
    source: Source[Any], folder: Path, programs: dict[str, str], search: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a source's snippet where these programs stand before all others."""
    assert isinstance(source.question, Snippet)
    for name, text in programs.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    (folder / "found").write_text(SERVERS)
    begin = (
        f'PATH={folder}:$PATH\nlimit() {{ timeout 9 "$@"; }}\n'
        f"search() {{ {search or f'cat {folder}/found'}; }}\n"
    )
    script = f"{begin}one() {{\n{source.question.text}\n}}\none </dev/null\n"
    shell = shutil.which("dash") or "sh"
    return subprocess.run(
        [shell], input=script, capture_output=True, text=True, check=False, timeout=60
    )


class TestEstablished:
    def test_connections_are_read(self) -> None:
        found = established.parse(CONNECTIONS)
        assert [(c.local_port, c.peer, c.program) for c in found[1:4]] == [
            (22, "198.51.100.7", "sshd"),
            (7025, "192.0.2.13", "java"),
            (389, "2001:db8::13", ""),
        ]
        assert len(found) == len(CONNECTIONS.splitlines()) - 1

    def test_readers_of_mail_and_the_host_itself_stay_out(self, tmp_path: Path) -> None:
        ss = f"#!/bin/sh\ncat <<'END'\n{CONNECTIONS}END\n"
        done = told(established.ESTABLISHED, tmp_path, {"ss": ss})
        found = established.parse(done.stdout)
        assert [(c.local_port, c.peer) for c in found] == [
            (22, "198.51.100.7"),
            (7025, "192.0.2.13"),
            (389, "2001:db8::13"),
            # Whoever administers over a port of the web is an administrator still,
            # and who is not root is not told whose a connection is.
            (443, "198.51.100.8"),
            (587, "203.0.113.6"),
        ]

    def test_a_host_without_connections_has_an_answer(self, tmp_path: Path) -> None:
        done = told(established.ESTABLISHED, tmp_path, {"ss": "#!/bin/sh\n"})
        assert (done.returncode, established.parse(done.stdout)) == (0, ())

    def test_a_failing_program_is_no_empty_answer(self, tmp_path: Path) -> None:
        done = told(established.ESTABLISHED, tmp_path, {"ss": "#!/bin/sh\nexit 3\n"})
        assert done.returncode == 3


class TestResolvedNames:
    def test_names_are_read(self) -> None:
        answer = "> a.example.com\n192.0.2.1\n2001:db8::1\n> b.example.com\n? c.d\n"
        assert resolvednames.parse(answer) == {
            "a.example.com": frozenset({"192.0.2.1", "2001:db8::1"}),
            "b.example.com": frozenset(),
        }

    def test_every_servers_names_are_asked_for(self, tmp_path: Path) -> None:
        done = told(resolvednames.RESOLVED_NAMES, tmp_path, {"getent": GETENT})
        assert done.returncode == 0, done.stderr
        assert resolvednames.parse(done.stdout) == {
            "mail.example.com": frozenset({"127.0.1.1"}),
            "mta.example.com": frozenset({"2001:db8::13", "192.0.2.13"}),
            "mta-service.example.com": frozenset({"2001:db8::13", "192.0.2.13"}),
        }
        assert "? slow.example.com\n" in done.stdout

    def test_a_node_that_resolves_nothing_answers(self, tmp_path: Path) -> None:
        nothing = {"getent": "#!/bin/sh\nexit 2\n"}
        done = told(resolvednames.RESOLVED_NAMES, tmp_path, nothing)
        found = resolvednames.parse(done.stdout)
        assert done.returncode == 0
        assert set(found.values()) == {frozenset()}

    def test_a_dead_name_server_answers_as_one_name_does(self, tmp_path: Path) -> None:
        dead = {"getent": "#!/bin/sh\nsleep 1\nexit 124\n"}
        many = 'i=0; while [ $i -lt 250 ]; do i=$((i + 1)); echo "cn: n$i.b"; done'
        done = told(resolvednames.RESOLVED_NAMES, tmp_path, dead, many)
        assert done.stdout.count("? n") == 200
        assert resolvednames.parse(done.stdout) == {}

    def test_without_a_directory_there_is_no_answer(self, tmp_path: Path) -> None:
        done = told(
            resolvednames.RESOLVED_NAMES, tmp_path, {"getent": GETENT}, "return 32"
        )
        assert (done.returncode, done.stdout) == (32, "")


def test_raw_sockets_are_read() -> None:
    answer = (
        'UNCONN 0 0 0.0.0.0%eth0:112 0.0.0.0:* users:(("keepalived",pid=7,fd=9))\n'
        "UNCONN 0 0 *:58 *:*\n"
    )
    found = [(one.number, one.program) for one in rawsockets.parse(answer)]
    assert found == [(112, "keepalived"), (58, "")]


@pytest.mark.parametrize(
    ("parse", "answer"),
    [
        (established.parse, "ESTAB 0"),
        (established.parse, "ESTAB 0 0 here:22 there:1"),
        (established.parse, "ESTAB 0 0 192.0.2.1:ssh 192.0.2.2:1"),
        (resolvednames.parse, ""),
        (resolvednames.parse, "192.0.2.1\n"),
        (resolvednames.parse, "? a.example.com\n192.0.2.1\n"),
        (resolvednames.parse, "> a.example.com\nnot an address\n"),
        (rawsockets.parse, "UNCONN 0"),
        (rawsockets.parse, "UNCONN 0 0 *:vrrp *:*"),
    ],
)
def test_anything_else_is_unreadable(parse: Callable[[str], Any], answer: str) -> None:
    with pytest.raises(Unreadable):
        parse(answer)
