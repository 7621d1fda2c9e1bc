"""What makes apply refuse before anything is changed, and where operators are seen."""

import signal
import subprocess
import sys
from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from tests.engine.repair import HOST, directory, plan, proof, site, twin
from tests.engine.twin import ZIMBRA, Twin, settings
from zmward.change import Change, SetAttr, UnitState
from zmward.controls.registry import controls
from zmward.doors.directory import Directory
from zmward.doors.host import Done
from zmward.doors.local_settings import PATH
from zmward.engine.apply import Wish, apply
from zmward.engine.journal import Journal
from zmward.engine.operator import logins, operators, peers, remote
from zmward.engine.rollback import roll_back
from zmward.engine.state import known
from zmward.errors import Fault, Interrupted, NotUndone, Refused
from zmward.guards import SIGNS

SIGN = "web-folders-without-foreign-programs"


def untouched(host: Twin, kept: object) -> bool:
    fresh = twin()
    fresh.units = {**host.units, **fresh.units}
    return host.state() == fresh.state() and kept == directory().objects


@pytest.mark.parametrize(
    "unit",
    [
        *("pacemaker.service", "pacemaker_remote.service", "corosync.service"),
        *("keepalived.service", "heartbeat.service", "vcs.service"),
    ],
)
def test_under_a_cluster_manager_nothing_is_done(unit: str) -> None:
    host, kept = twin(), directory()
    host.units[unit] = UnitState(enabled=True, active=True)
    with pytest.raises(Refused, match=unit) as refused:
        apply(site(host, kept), plan(), Wish(), proof)
    assert refused.value.code == 4
    assert untouched(host, kept.objects)
    host.units[unit] = UnitState(enabled=True, active=False)
    assert apply(site(host, kept), plan(), Wish(), proof).run


def test_signs_of_compromise_are_controls_without_a_cure() -> None:
    for name in SIGNS:
        assert not controls()[name].check.cures
        assert "T36" in controls()[name].tips


@pytest.mark.parametrize("seen", ["now", "in the report"])
def test_a_sign_of_compromise_stops_the_repair_until_somebody_says_otherwise(
    seen: str,
) -> None:
    host, kept = twin(), directory()
    now = (SIGN,) if seen == "now" else ()
    made = replace(plan(), signs=() if now else (SIGN,))
    with pytest.raises(Refused, match=SIGN) as refused:
        apply(site(host, kept), made, Wish(), proof, lambda: now)
    assert refused.value.code == 4
    assert "--despite-signs-of-compromise" in str(refused.value)
    assert untouched(host, kept.objects)
    run = apply(site(host, kept), made, Wish(despite=True), proof, lambda: now).run
    entries = Journal(host, known(run)).read()
    assert [entry.note for entry in entries if entry.what == "despite"] == [SIGN]


def test_a_plan_that_names_no_machine_is_for_none() -> None:
    host, kept = twin(), directory()
    with pytest.raises(Refused, match="which machine"):
        apply(site(host, kept), plan(machine=""), Wish(), proof)
    assert untouched(host, kept.objects)


@pytest.mark.parametrize(
    "own",
    [
        {"zimbraIsSystemAccount": ("TRUE",)},
        {"zimbraIsSystemResource": ("TRUE",)},
        {"zimbraCalResType": ("Location",)},
        {"objectClass": ("zimbraAccount", "zimbraCalendarResource")},
    ],
    ids=lambda own: next(iter(own)),
)
def test_a_system_account_by_any_name_stops_it_before_anything_is_done(
    own: dict[str, tuple[str, ...]],
) -> None:
    host, kept = twin(), directory()
    kept.objects["account:room@example.test"] = own
    change = SetAttr("account:room@example.test", "zimbraImapEnabled", None, ("FALSE",))
    with pytest.raises(Refused, match="system account or a resource"):
        apply(site(host, kept), plan((*plan_changes(), change)), Wish(), proof)
    assert host.state() == twin().state()
    assert not kept.written


def test_the_account_that_zimbra_works_as_is_not_touched() -> None:
    host, kept = twin(), directory()
    values = {
        "zimbra_server_hostname": HOST,
        "zimbra_ldap_userdn": "uid=Anna,ou=people,dc=mail,dc=example,dc=test",
    }
    host.add(PATH, settings(values), ZIMBRA)
    name = "account:anna@mail.example.test"
    kept.objects[name] = {"zimbraId": ("1",)}
    change = SetAttr(name, "zimbraImapEnabled", None, ("FALSE",))
    with pytest.raises(Refused, match="that Zimbra works as"):
        apply(site(host, kept), plan((change,)), Wish(), proof)
    assert not kept.written


def plan_changes() -> tuple[Change, ...]:
    return tuple(step.change for step in plan().steps)


def test_a_failure_before_the_first_change_is_a_refusal() -> None:
    host, kept = twin(), directory()
    host.fails = lambda argv: (
        Done(1, b"", b"Read-only file system")
        if argv[0] == "mkdir" and "/runs/2" in argv[-1]
        else None
    )
    with pytest.raises(Refused, match=r"Nothing was changed.*Read-only"):
        apply(site(host, kept), plan(), Wish(), proof)
    assert untouched(host, kept.objects)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (("bat", "one\ntwo"), "several lines"),
        (("bat", "x" * (128 << 10)), "longer than an argument"),
    ],
    ids=["lines", "length"],
)
def test_what_the_script_could_not_give_back_is_not_begun(
    values: tuple[str, ...], words: str
) -> None:
    host, kept = twin(), directory()
    change = SetAttr("global", "zimbraMtaBlockedExtension", ("bat", "com"), values)
    with pytest.raises(Refused, match=words):
        apply(site(host, kept), plan((change,)), Wish(), proof)
    assert untouched(host, kept.objects)


def test_a_switch_whose_timer_does_not_run_is_no_switch() -> None:
    host, kept = twin(), directory()
    asked: list[str] = []

    def idle(argv: Sequence[str]) -> Done | None:
        if argv[:2] == ("systemctl", "is-active") and argv[-1].endswith(".timer"):
            asked.append(argv[-1])
            return Done(3)
        return None

    host.fails = idle
    with pytest.raises(Refused, match="No dead man's switch can be set"):
        apply(site(host, kept), plan(), Wish(confirm_within=60), proof)
    assert asked
    assert not host.timers
    assert not kept.written


def test_a_host_that_cannot_be_asked_is_left_alone() -> None:
    host, kept = twin(), directory()
    host.fails = lambda argv: (
        Done(1, b"", b"Input/output error") if argv[0] == "id" else None
    )
    with pytest.raises(Refused, match=r"Nothing was changed.*Input/output"):
        apply(site(host, kept), plan(), Wish(), proof)
    assert untouched(host, kept.objects)


def test_a_directory_that_is_down_is_a_refusal_before_the_first_change() -> None:
    host, kept = twin(), directory()

    def down() -> Directory:
        raise Fault("ldap.1", "Can't contact LDAP server", "the directory")

    place = site(host, kept)
    place.opener = down
    with pytest.raises(Refused, match=r"Nothing was changed.*contact LDAP"):
        apply(place, plan(), Wish(), proof)
    assert untouched(host, kept.objects)


def test_a_mistake_of_zmward_itself_takes_everything_back() -> None:
    host, kept = twin(), directory()
    made: list[Sequence[str]] = []

    def fails(argv: Sequence[str]) -> Done | None:
        if argv[0] == "crontab" and argv[-1] == "-" and not made:
            made.append(argv)
            raise ValueError("never thought of")
        return None

    host.fails = fails
    with pytest.raises(ValueError, match="never thought of"):
        apply(site(host, kept), plan(), Wish(), proof)
    host.packages.clear()
    assert untouched(host, kept.objects)


def test_a_stop_that_goes_on_does_not_end_the_waits_of_the_way_back() -> None:
    """A service is slow to come up again; a second Ctrl-C must not call that broken."""
    host, kept = twin(), directory()
    made = replace(
        plan(), steps=tuple(replace(s, restarts=("mta",)) for s in plan().steps)
    )
    slow: list[int] = []

    def fails(argv: Sequence[str]) -> Done | None:
        if argv[0].endswith("zmmtactl") and argv[-1] == "status":
            slow.append(1)
            return Done(1) if len(slow) % 2 else None
        return None

    host.fails = fails
    place = site(host, kept)
    place.stop = lambda: len(slow) > 1
    with pytest.raises(Interrupted) as stopped:
        apply(place, made, Wish(), proof)
    assert not isinstance(stopped.value, NotUndone)
    assert len(slow) == 4
    host.packages.clear()
    assert untouched(host, kept.objects)


def test_a_stop_during_a_rollback_does_not_end_it() -> None:
    host, kept = twin(), directory()
    run = known(apply(site(host, kept), plan(), Wish(), proof).run)
    place = site(host, kept)
    place.stop = lambda: True
    assert roll_back(place, run).complete


SS = """\
Recv-Q Send-Q Local Address:Port Peer Address:Port Process
0      0          192.0.2.10:22   192.0.2.66:51234 users:(("sshd",pid=812,fd=4),("sshd",pid=801,fd=4)) timer:(keepalive,119min,0) ino:12345 sk:1 <->
0      36   [::ffff:192.0.2.10]:22 [::ffff:198.51.100.7]:40000 users:(("sshd-session",pid=9,fd=7)) ino:7 sk:2
0      0    [2001:db8:0:1::10]:2222 [2001:db8:0:2::7]:50022 users:(("sshd",pid=4,fd=4)) ino:8
0      0    [fe80::1%eth0]:22    [fe80::2%eth0]:50023 users:(("sshd",pid=4,fd=4)) ino:9
0      0          192.0.2.10:22   203.0.113.9:999  users:(("sshd",pid=66,fd=4)) uid:1001 ino:10
0      0          192.0.2.10:25   203.0.113.8:999  users:(("smtpd",pid=67,fd=4)) ino:11
0      0          192.0.2.10:443  203.0.113.7:999  users:(("x(\\"sshd\\",pid=1,",pid=67,fd=4)) uid:1001 ino:11
0      0          192.0.2.10:22   203.0.113.6:999
garbage
"""
ADDRESSES = ("192.0.2.66", "198.51.100.7", "2001:db8:0:2::7", "fe80::2")


def test_operators_are_at_the_far_end_of_roots_sshd_sockets() -> None:
    assert tuple(peers(SS)) == tuple(zip(ADDRESSES, (22, 22, 2222, 22), strict=True))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("Remote=yes\nRemoteHost=192.0.2.66\nState=active\n", "192.0.2.66"),
        ("Remote=yes\nRemoteHost=2001:DB8::7\nState=online\n", "2001:db8::7"),
        ("Remote=yes\nRemoteHost=192.0.2.66\nState=closing\n", ""),
        ("Remote=no\nRemoteHost=\nState=active\n", ""),
        ("Remote=yes\nRemoteHost=a.example.test\nState=active\n", ""),
        ("", ""),
    ],
)
def test_a_session_of_logind_tells_from_where_it_is(answer: str, expected: str) -> None:
    assert remote(answer) == expected


class Login(Twin):
    """A host on which ss and loginctl say this much."""

    def __init__(self, sockets: Done, session: str = "") -> None:
        super().__init__()
        self.sockets, self.session = sockets, session

    def _ss(self, _words: Sequence[str], _given: bytes) -> Done:
        return self.sockets

    def _loginctl(self, words: Sequence[str], _given: bytes) -> Done:
        if words[0] == "list-sessions":
            rows = b"  7 0 root - pts/0\n $(id) 0 x\n\n" if self.session else b""
            return Done(0, rows)
        assert words[-1] == "7"
        return Done(0, self.session.encode())


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        (Login(Done(0, SS.encode())), tuple(sorted(ADDRESSES))),
        (
            Login(Done(127), "Remote=yes\nRemoteHost=192.0.2.5\nState=active\n"),
            ("192.0.2.5",),
        ),
        (Login(Done(127, b"", b"no ss")), ()),
        (Login(Done(0, b"\xff\xfe")), ()),
    ],
)
def test_either_of_the_two_is_enough(host: Login, expected: tuple[str, ...]) -> None:
    assert operators(host) == expected


def test_by_which_port_somebody_came_is_told_by_his_socket() -> None:
    sessions = "Remote=yes\nRemoteHost=192.0.2.5\nState=active\n"
    found = logins(Login(Done(0, SS.encode()), sessions))
    assert found["2001:db8:0:2::7"] == (2222,)
    assert found["192.0.2.66"] == (22,)
    # Of him only logind knows: he may have come by any of them.
    assert found["192.0.2.5"] == (22, 2222)
    assert logins(Login(Done(127), sessions)) == {"192.0.2.5": ()}


_GONE = """
import os, sys
import zmward.cli.main as main
from zmward.errors import Refused
import click

@click.command("x")
def command():
    {body}

main.VERBS = {{"x": "a verb"}}
import types
module = types.ModuleType("zmward.cli.x")
module.command = command
sys.modules["zmward.cli.x"] = module
sys.argv = ["zmward", "x"]
main.run()
"""


@pytest.mark.parametrize("closed", ["2>/dev/full >/dev/full", "2>&- >&- <&-"])
@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("raise Refused('unsafe')", 4),
        ("from zmward.cli.repairing import say, tell; [tell('x' * 999) or say('y') for _ in range(99)]; return 3", 3),
    ],
)  # fmt: skip
def test_the_exit_code_does_not_depend_on_who_still_listens(
    body: str, code: int, closed: str
) -> None:
    argv = f"{sys.executable} -c '{_GONE.format(body=body.replace(chr(39), chr(34)))}'"
    # A device that takes no word, as a terminal that is gone.
    script = f"{argv} {closed}; exit $?"
    done = subprocess.run(["sh", "-c", script], check=False, timeout=60)
    assert done.returncode == code


_HEARS = """
import os, signal, sys, time
from zmward.cli.place import Place
from zmward.cli.repairing import working
from zmward.doors.host import Local
from zmward.reports.run_words import Way
with working(Place(Local(), Way("")), "applying", quiet=False) as site:
    print("ready", flush=True)
    limit = time.monotonic() + 20
    while not site.stop() and time.monotonic() < limit:
        time.sleep(0.01)
    site.undisturbed()
    print("heard", flush=True)
    sys.stdin.readline()
    for number in range(2000):
        site.talk(f"taking back {number}")
print("whole", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_each_signal_is_heard_once_and_its_repetition_breaks_nothing(
    number: signal.Signals,
) -> None:
    argv = [sys.executable, "-c", _HEARS]
    with subprocess.Popen(
        argv,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        assert process.stdout.readline() == "heard\n"
        for _ in range(50):
            process.send_signal(number)
        process.stdin.write("\n")
        process.stdin.flush()
        for _ in range(50):
            process.send_signal(number)
        out, error = process.communicate(timeout=60)
    assert out == "whole\n"
    assert process.returncode == 0
    assert error.count("stopping after this step") == 1
    assert error.count("taking back") == 2000
