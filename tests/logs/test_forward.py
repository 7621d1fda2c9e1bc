"""Drop-ins for a central log server, as rsyslog and the controls read them."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zmward.logs.forward import (
    ACCESS_FILE,
    AUTHORITY,
    CERTIFICATE,
    FORWARD,
    KEY,
    PORT,
    Malformed,
    Peer,
    Sending,
    Taking,
    access,
    files,
    forward,
    peer,
    receive,
)
from zmward.sources.logging import Forward, parse

LOGS = files(("mailbox", "proxy"), ("sync",))
WHAT = Sending(Peer("log.example.net"), LOGS)


def read(text: str) -> str:
    """Return a drop-in as the source's question prints it."""
    lines = "".join(f" {line}\n" for line in text.splitlines())
    return f"> {FORWARD}\n{lines}"


@pytest.mark.parametrize("old", [False, True])
def test_what_is_written_is_what_the_controls_want(*, old: bool) -> None:
    found = parse(read(forward(WHAT, old=old)))
    assert found.forwards == (
        Forward(FORWARD, "log.example.net", "tcp", True, True, 6514),  # noqa: FBT003
    )
    assert found.inputs == tuple(one.path for one in LOGS)
    assert found.modules == ((FORWARD, "imfile"),)


def test_each_role_sends_its_own_files() -> None:
    assert [one.name for one in files(("proxy",), ())] == ["nginx.access", "nginx"]
    assert [one.name for one in files(("mailbox",), ())] == ["audit"]
    assert files(("mta",), ("mailbox", "sync")) == ()
    assert [one.name for one in LOGS if not one.wanted] == ["sync"]


def test_a_module_that_is_loaded_is_not_loaded_again() -> None:
    assert "module(" not in forward(WHAT, ("imfile",))
    assert "module(" not in receive(Taking((Peer("a.example"),)), ("imtcp",))


def test_an_old_rsyslog_has_one_set_of_certificates() -> None:
    new, old = forward(WHAT), forward(WHAT, old=True)
    for path in (AUTHORITY, CERTIFICATE, KEY):
        assert new.count(path) == old.count(path) == 1
    assert "global(" in old
    assert "global(" not in new


def test_only_the_named_senders_are_taken() -> None:
    text = receive(Taking((Peer("a.example"), Peer("b.example")), 10514))
    assert 'permittedPeer=["a.example", "b.example"]' in text
    assert 'port="10514"' in text
    assert 'streamDriver.authMode="x509/name"' in text


def test_the_unit_gives_and_takes_the_same_access() -> None:
    text = access("syslog")
    assert "User=zimbra" in text
    given_, taken = text.split("ExecStop=", 1)
    assert "-m u:syslog:rx," in given_
    assert "-x u:syslog,d:u:syslog" in taken
    with pytest.raises(Malformed):
        access("syslog; rm")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Log.Example.net", Peer("log.example.net", PORT)),
        ("log:10514", Peer("log", 10514)),
        ("192.0.2.7:65535", Peer("192.0.2.7", 65535)),
    ],
)
def test_a_log_host_has_a_name_and_perhaps_a_port(text: str, wanted: Peer) -> None:
    assert peer(text) == wanted


@pytest.mark.parametrize(
    "text",
    ["", "a b", "-a", "a:", "a:0", "a:65536", "a:x", 'a"', "a\n", "a..b", "a" * 300],
)
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        peer(text)


@given(st.text(max_size=40))
def test_no_name_breaks_out_of_the_configuration(text: str) -> None:
    try:
        found = peer(text)
    except Malformed:
        return
    assert re.fullmatch(r"[a-z0-9.-]+", found.name)


def test_the_labs_hardened_server_reads_by_the_same_access_list() -> None:
    place = Path(__file__).parents[2] / "lab/states/hardened/rootfs"
    assert (place / ACCESS_FILE.lstrip("/")).read_text("ascii") == access("syslog")
