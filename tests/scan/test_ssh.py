"""What sshd offers before a login: a real one in several settings, and liars."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.scan import daemons
from tests.scan.speakers import (
    ASK,
    Speak,
    dripping,
    endless,
    hasty,
    network,
    says,
    speaking,
)
from zmward.catalog.ssh_algorithms import ALGORITHMS, weak
from zmward.controls.registry import controls
from zmward.doors.ssh_methods import asked
from zmward.outlook import Outlook
from zmward.profile import Profile
from zmward.scan.seen import Seen
from zmward.scan.ssh import SshShown, look

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
BANNER = b"SSH-2.0-OpenSSH_9.2p1\r\n"


def judged(name: str, shown: SshShown) -> list[str]:
    outside = controls()[name].outside
    assert outside
    seen = Seen("mail", NOW.isoformat(), "0", shown=(shown,))
    return [
        one.state.value for one in outside.look(seen, Outlook(Profile(), NOW, "mail"))
    ]


def packet(*lists: bytes, kind: int = 20) -> bytes:
    content = bytes((kind,)) + b"c" * 16
    content += b"".join(len(one).to_bytes(4, "big") + one for one in lists)
    padded = b"\x04" + content + b"\0" * 4
    return len(padded).to_bytes(4, "big") + padded


class TestRealServer:
    def test_defaults_of_today_are_strong(self, tmp_path: Path) -> None:
        with daemons.sshd(tmp_path) as port:
            shown = look(network(), port, ASK, tls=False)
        assert (shown.product, shown.trouble) == ("OpenSSH", "")
        assert "curve25519-sha256" in shown.key_exchanges
        assert shown.host_keys == ("ssh-ed25519",)
        assert judged("ssh-algorithms-strong", shown) == ["ok"]
        assert judged("ssh-without-passwords", shown) == ["unknown"]

    @pytest.mark.parametrize(
        ("option", "kind"),
        [
            ("KexAlgorithms +diffie-hellman-group1-sha1", "key exchange"),
            ("Ciphers +3des-cbc", "cipher"),
            ("MACs +hmac-md5-96", "mac"),
        ],
    )
    def test_what_is_added_is_found(
        self, tmp_path: Path, option: str, kind: str
    ) -> None:
        with daemons.sshd(tmp_path, option) as port:
            shown = look(network(), port, ASK, tls=False)
        outside = controls()["ssh-algorithms-strong"].outside
        assert outside
        seen = Seen("mail", NOW.isoformat(), "0", shown=(shown,))
        (bad,) = outside.look(seen, Outlook(Profile(), NOW, "mail"))
        assert bad.deviation
        assert bad.deviation.found.startswith(f"{kind} {option.split('+')[1]} (")

    @pytest.mark.parametrize(
        ("options", "state"),
        [
            (("PasswordAuthentication no", "KbdInteractiveAuthentication no"), "ok"),
            (("PasswordAuthentication yes",), "bad"),
        ],
    )
    def test_the_ways_to_log_in(
        self, tmp_path: Path, options: tuple[str, ...], state: str
    ) -> None:
        with daemons.sshd(tmp_path, "PermitRootLogin yes", *options) as port:
            shown = asked(look(network(), port, ASK, tls=False))
        assert shown.methods
        assert ("password" in shown.methods) == (state == "bad")
        assert judged("ssh-without-passwords", shown) == [state]
        assert [e.sent.split()[2] for e in shown.exchanges[-2:]] == ["root", "zimbra"]

    def test_what_one_user_may_is_found(self, tmp_path: Path) -> None:
        own = ("PasswordAuthentication no", "KbdInteractiveAuthentication no")
        match = ("Match User zimbra", "PasswordAuthentication yes")
        with daemons.sshd(tmp_path, *own, *match) as port:
            shown = asked(look(network(), port, ASK, tls=False))
        assert shown.methods == ("publickey", "password")
        assert judged("ssh-without-passwords", shown) == ["bad"]


HOSTILE = [
    says(b"hello\r\n" * 40),
    says(b"SSH-2.0-x\r\n" + b"\xff" * 60),
    says(BANNER + b"\0\0\x80\0" + b"\x04\x14" + b"A" * 40_000),
    says(BANNER + b"\0\0\x90\0" + b"\x04\x14" + b"A" * 40_000),
    says(BANNER + packet(b"a", b"b", kind=1)),
    says(BANNER + packet(b"a", b"b")),
    says(BANNER + packet(b",".join([b"a"] * 5000), *[b"x"] * 7)),
    says(BANNER + b"\0\0\0\x1e\xff\x14" + b"A" * 28),
    endless(b"A" * 4096),
    endless(BANNER),
    dripping(b"SSH-2.0-"),
    says(b"220 mail ESMTP\r\n"),
    lambda _wire: None,
]


@pytest.mark.parametrize("speak", HOSTILE, ids=[str(n) for n in range(len(HOSTILE))])
def test_a_liar_is_trouble_and_never_sound(speak: Speak) -> None:
    with speaking(speak) as port:
        begun = time.monotonic()
        shown = look(hasty(), port, ASK, tls=False)
    assert time.monotonic() - begun < 4
    assert shown.trouble
    assert judged("ssh-algorithms-strong", shown) == ["unknown"]


def test_a_packet_is_not_believed_in_its_length() -> None:
    with speaking(says(BANNER + b"\0\0\x90\0" + b"A" * 40_000)) as port:
        assert "no length" in look(network(), port, ASK, tls=False).trouble


def test_a_farewell_of_the_server_is_no_answer_about_logins() -> None:
    lie = b"bye\r\nroot@127.0.0.1: Permission denied (publickey).\r\n"
    content = b"\x01\0\0\0\x02" + len(lie).to_bytes(4, "big") + lie + b"\0\0\0\0"
    padding = 16 - (5 + len(content)) % 8
    whole = bytes((padding,)) + content + b"\0" * padding
    with speaking(says(BANNER + len(whole).to_bytes(4, "big") + whole)) as port:
        shown = asked(SshShown("127.0.0.1", port))
    assert "disconnect" in shown.trouble
    assert shown.methods is None


def test_words_of_the_server_are_no_answer_about_logins() -> None:
    lie = b"SSH-2.0-x\r\nroot@127.0.0.1: Permission denied (publickey).\r\n"
    with speaking(says(lie)) as port:
        shown = asked(SshShown("127.0.0.1", port))
    assert shown.methods is None
    assert shown.trouble
    assert judged("ssh-without-passwords", shown) == ["unknown"]


def test_control_characters_of_a_banner_stay_away() -> None:
    with speaking(says(b"SSH-2.0-\x1b[2J\x1b]0;owned\x07\r\n")) as port:
        shown = look(hasty(), port, ASK, tls=False)
    assert all("\x1b" not in exchange.received for exchange in shown.exchanges)
    assert shown.banner == "SSH-2.0-?[2J?]0;owned?"
    assert shown.product == "?[2J?]0;owned?"


def test_a_star_stands_for_all_that_begin_so() -> None:
    assert weak("cipher", "arcfour256")
    assert weak("key exchange", "gss-group1-sha1-toWM5Slw5Ew8Mqkay+al2g==")
    assert weak("mac", "hmac-sha1") is None
    assert weak("cipher", "aes256-ctr") is None
    assert weak("host key", "rsa-sha2-256") is None


def test_each_row_has_a_source_of_its_own_kind() -> None:
    assert all(row.source.startswith("https://") for row in ALGORITHMS)
    assert len({(row.kind, row.name) for row in ALGORITHMS}) == len(ALGORITHMS)
