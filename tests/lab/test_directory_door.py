"""The doors to the directory against a booted node: there, over ssh, mailboxd down."""

import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from lab.node import Lab
from lab.product import install

from tests.lab.traced import shown
from tests.lab.walked import Watched, answers, command, secrets, walked
from tests.lab.zimbra_tools import tool

pytestmark = pytest.mark.lab

HOST, COS, DOMAIN = "server:mail.example.test", "cos:default", "domain:example.test"
USER = "account:user005@example.test"
Walk = Callable[..., list[Any]]
ROUNDS = pytest.mark.parametrize(
    "rounds", [2, pytest.param(10, marks=pytest.mark.proof)]
)


@pytest.fixture(scope="module")
def node(lab_default: Lab) -> Lab:
    install(lab_default)
    return lab_default


@pytest.fixture(params=["local", "remote"])
def walk(node: Lab, request: pytest.FixtureRequest) -> Walk:
    return partial(walked, command(node, request.param))


@pytest.fixture
def stopped(node: Lab) -> Iterator[None]:
    node.run("mail", ["systemctl", "stop", "zimbra-mailboxd"])
    try:
        yield
    finally:
        node.run("mail", ["systemctl", "start", "zimbra-mailboxd"])


VALUES = [
    ["one"],
    ["two lines\nof text", "ünï ☃ 😀"],
    ["-l", "+x", "--help"],
    ["'q' \"dq\" \\ $HOME `id` $(id) %s ]]> &amp; <b>"],
    ["  spaces  inside  "],
]


@pytest.mark.parametrize("target", ["global", HOST, COS, DOMAIN, USER])
def test_what_is_set_is_read_and_unset_gives_inheritance_back(
    walk: Walk, target: str
) -> None:
    name = "zimbraAdminConsoleLoginMessage" if target == "global" else "zimbraNotes"
    steps: list[list[Any]] = [["read", target, [name]]]
    for values in (["first\nsecond ☃ ü"], ["-x"], None):
        steps += [["write", target, {name: values}], ["read", target, [name]]]
    found = answers(walk(*steps, ["count"]))
    assert found[0] == {name: None}
    assert [one[name] for one in found[2:7:2]] == [["first\nsecond ☃ ü"], ["-x"], None]
    requests, logins = found[-1]
    # One look-up of the id, then one request for each step.
    assert requests == 7 + (target != "global")
    assert logins == 1


@pytest.mark.parametrize("values", VALUES, ids=range(len(VALUES)))
def test_odd_values_come_back_as_they_went(walk: Walk, values: list[str]) -> None:
    name = "zimbraMailTrustedIP"
    found = answers(
        walk(
            ["write", HOST, {name: values}],
            ["read", HOST, [name]],
            ["write", HOST, {name: None}],
            ["read", HOST, [name]],
        )
    )
    assert set(found[1][name]) == set(values)
    assert found[3] == {name: None}


def test_a_wrong_value_is_a_typed_fault_and_nothing_is_changed(walk: Walk) -> None:
    good, bad = "zimbraMtaRelayHost", "zimbraMtaTlsAuthOnly"
    found = walk(
        ["read", "global", [good, bad]],
        ["write", "global", {good: ["relay.example.test:25"], bad: ["yes"]}],
        ["read", "global", [good, bad]],
        ["write", "cos:none", {"zimbraNotes": ["x"]}],
        ["write", "account:zimbra", {"zimbraNotes": ["x"]}],
    )
    assert found[1]["fault"] == "account.INVALID_ATTR_VALUE"
    assert found[0] == found[2]
    assert found[3]["fault"] == "account.NO_SUCH_COS"
    assert "not touched" in found[4]["refused"]


def test_a_stale_cache_fools_nobody(walk: Walk, node: Lab) -> None:
    zmprov = tool(node, "zmprov")
    name = "zimbraMtaRelayHost"
    # What is cached ends after a quarter of an hour: here it is as new as can be.
    assert zmprov("fc", "config").returncode == 0
    zmprov("gacf", name)
    assert zmprov("-l", "mcf", name, "behind.example.test:25").returncode == 0
    assert zmprov("gacf", name).stdout == ""
    found = answers(walk(["read", "global", [name]], ["write", "global", {name: None}]))
    assert found[0] == {name: ["behind.example.test:25"]}
    assert zmprov("-l", "gacf", name).stdout == ""


def test_many_changes_cost_a_request_each_and_little_time(walk: Walk) -> None:
    coses = ["default", "defaultExternal"]
    targets = [HOST, DOMAIN, USER, *(f"cos:{name}" for name in coses)]
    wanted = {target: ["zimbraNotes"] for target in targets}
    steps: list[list[Any]] = [["read_many", wanted]]
    steps += [["write", target, {"zimbraNotes": ["n"]}] for target in targets]
    steps += [["read_many", wanted]]
    steps += [["write", target, {"zimbraNotes": None}] for target in targets]
    steps += [["flush", ["global", "server", "cos", "domain"]], ["count"]]
    found = answers(walk(*steps))
    assert found[len(targets) + 1] == {
        target: {"zimbraNotes": ["n"]} for target in targets
    }
    assert found[-1] == [2 + len(targets) + 1 + len(targets) + 1, 1]


@pytest.fixture(params=["local", "remote"])
def watched(node: Lab, request: pytest.FixtureRequest, tmp_path: Path) -> Watched:
    return Watched(node, request.param, tmp_path)


@pytest.fixture
def own_keystore(node: Lab) -> Iterator[None]:
    """Give mailboxd a certificate that no authority vouches for."""
    store = "/opt/zimbra/mailboxd/etc/keystore"
    script = f"""
set -e
cd /root
cp -a {store} kept
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=other.example.test \
    -keyout own.key -out own.crt 2>/dev/null
openssl pkcs12 -export -inkey own.key -in own.crt -name jetty -out {store} \
    -passout stdin
systemctl restart zimbra-mailboxd
"""
    password = f"{secrets(node)[1]}\n"
    done = node.run("mail", ["sh", "-c", script], given=password)
    assert done.returncode == 0, done.stderr
    try:
        yield
    finally:
        back = f"cp -a /root/kept {store}; systemctl restart zimbra-mailboxd"
        node.run("mail", ["sh", "-c", f"{back}; rm /root/kept /root/own.*"])


@ROUNDS
def test_no_process_shows_a_secret(watched: Watched, rounds: int) -> None:
    watched.round(rounds)


@pytest.mark.usefixtures("own_keystore")
@ROUNDS
def test_the_certificate_of_the_keystore_is_trusted_by_its_key(
    watched: Watched, rounds: int
) -> None:
    watched.round(rounds)


@pytest.mark.parametrize("argv", [["true", "WORD"], ["env", "SECRET=WORD", "true"]])
def test_who_shows_a_word_for_a_moment_is_seen(
    watched: Watched, argv: list[str]
) -> None:
    """What watches is able to see: a program that ends at once, in its every form."""
    word = "shown-for-a-moment"
    leak = ["run", *(part.replace("WORD", word) for part in argv)]
    found, _ = watched.walk([word], leak)
    assert answers(found) == [0]
    starts = shown(watched.there, [word])
    assert any('execve("/usr/bin/true"' in line for line in starts)
    assert shown(watched.own, [word])


def test_no_log_nor_journal_holds_a_secret(walk: Walk, node: Lab) -> None:
    walk(["write", COS, {"zimbraNotes": ["n"]}], ["write", COS, {"zimbraNotes": None}])
    for secret in secrets(node):
        script = 'journalctl --no-pager | grep -c -F -e "$0"; grep -rlF -e "$0" /var/log /opt/zimbra/log'
        done = node.run("mail", ["sh", "-c", script, secret])
        assert done.stdout.split() == ["0"], done.stdout


def test_mailboxd_may_die_between_two_requests(walk: Walk) -> None:
    name = "zimbraNotes"
    found = walk(
        ["write", COS, {name: ["first"]}],
        ["service", "stop"],
        ["write", COS, {name: ["second"]}],
        ["read", COS, [name]],
        ["reopen"],
        ["read", COS, [name]],
        ["write", COS, {name: None}],
        ["service", "start"],
        ["flush", ["cos"]],
        ["unflushed"],
        ["reopen"],
        ["read", COS, [name]],
        ["count"],
    )
    assert [one.get("fault") for one in found[2:4]] == ["mailboxd.down"] * 2
    assert answers(found)[5] == {name: ["first"]}
    assert answers(found)[9] == []
    assert answers(found)[11] == {name: None}
    # Only the door to mailboxd counts: it is the one that was opened last.
    assert answers(found)[12] == [2, 1]


@pytest.mark.usefixtures("stopped")
def test_with_mailboxd_down_zmprov_does_it_and_the_cache_is_flushed_later(
    walk: Walk,
) -> None:
    name = "zimbraMailTrustedIP"
    steps: list[list[Any]] = [["said"]]
    for values in VALUES:
        steps += [["write", HOST, {name: values}], ["read", HOST, [name]]]
    steps += [
        ["write", HOST, {name: None}],
        ["read", HOST, [name]],
        ["write", "global", {"zimbraMtaTlsAuthOnly": ["yes"]}],
        ["write", COS, {"zimbraNotes": ["--"]}],
        ["write", "account:spam.test@example.test", {"zimbraNotes": ["x"]}],
        ["flush", ["server"]],
        ["unflushed"],
    ]
    found = answers(walk(*steps))
    assert "zmprov -l" in found[0][0]
    for number, values in enumerate(VALUES):
        assert set(found[2 + 2 * number][name]) == set(values)
    rest = found[1 + 2 * len(VALUES) :]
    assert rest[1] == {name: None}
    assert rest[2]["fault"] == "account.INVALID_ATTR_VALUE"
    assert "drops the value" in rest[3]["refused"]
    assert rest[4]["fault"] == "account.NO_SUCH_ACCOUNT"
    assert rest[6] == ["server"]


def test_the_flush_reaches_mailboxd_when_it_answers_again(node: Lab) -> None:
    place = "import sys; sys.argv = ['', 'local']"
    program = f"""
{place}
import subprocess
from zmward.doors.host import Local
from zmward.doors.zimbra_host import ZimbraHost
from zmward.doors.zmprov import ZmprovDirectory
opened = ZmprovDirectory(ZimbraHost(Local()))
opened.write("global", {{"zimbraMtaRelayHost": ("late.example.test:25",)}})
zmprov = ["runuser", "-u", "zimbra", "--", "/opt/zimbra/bin/zmprov", "gacf", "zimbraMtaRelayHost"]
before = subprocess.run(zmprov, capture_output=True, text=True).stdout
opened.flush(())
after = subprocess.run(zmprov, capture_output=True, text=True).stdout
opened.write("global", {{"zimbraMtaRelayHost": None}})
opened.close()
print(repr(before), repr(after), opened.unflushed)
"""
    tool(node, "zmprov")("gacf", "zimbraMtaRelayHost")
    argv = ["env", "PYTHONPATH=/opt/zmward", "python3", "-c", program]
    done = node.run("mail", argv)
    assert done.stdout == "'' 'zimbraMtaRelayHost: late.example.test:25\\n' ()\n", done


def test_another_certificate_than_the_keystores_is_refused(node: Lab) -> None:
    """A stranger listens while mailboxd is down, with a certificate of the same name."""
    script = """
set -e
cd /root
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=mail.example.test \
    -keyout stranger.key -out stranger.crt 2>/dev/null
systemctl stop zimbra-mailboxd
openssl s_server -accept 7071 -key stranger.key -cert stranger.crt -www >stranger.log 2>&1 &
echo $! >stranger.pid
sleep 1
"""
    node.run("mail", ["sh", "-c", script])
    try:
        done = subprocess.run(
            command(node, "local"),
            input="[]",
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    finally:
        end = "kill $(cat /root/stranger.pid); rm /root/stranger.*; systemctl start zimbra-mailboxd"
        log = node.run("mail", ["sh", "-c", f"cat /root/stranger.log; {end}"]).stdout
    assert done.returncode == 4, done
    assert "neither in its keystore" in done.stdout
    assert "AuthRequest" not in log
