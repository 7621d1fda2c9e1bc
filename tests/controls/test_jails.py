"""A jail that bans nobody is none, whatever it is called."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from zmward.controls.firewall._jails import worth
from zmward.sources.fail2ban import Jail, parse

ROOT = Path(__file__).parents[2]
GOOD = Jail("sshd", "sshd", ())


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"retries": "1"},
        {"retries": "100"},
        {"ban": "-1"},
        {"ban": "1d 12h"},
        {"ban": "1.5h"},
        {"ban": "60"},
        {"action": 'iptables-multiport[port="1,2",\n   chain="x"]\nsendmail[name=x]'},
        {"action": "zmward"},
        {"find": "60"},
        {"find": "1d"},
        {"spared": ("10.0.0.0/8", "0.0.0.0/2", "0.0.0.0/3", "fc00::/7", "::/3")},
        {"spared": ("127.0.0.1/8", "::1", "office.example", "10.0.0.0/8")},
    ],
)
def test_a_jail_that_bans(settings: dict[str, str]) -> None:
    found = worth(replace(GOOD, **settings), 5)
    assert (found.flaw, found.doubt) == ("", "")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"retries": "101"}, "maxretry"),
        ({"retries": "100000"}, "maxretry"),
        ({"ban": "0"}, "bantime"),
        ({"ban": "59s"}, "bantime"),
        ({"action": ""}, "no action"),
        ({"action": '[port="1"]'}, "no action"),
        ({"action": "dummy"}, "only tells"),
        ({"action": "sendmail-whois[name=x]\nmail"}, "only tells"),
        ({"spared": ("0.0.0.0/0",)}, "everybody"),
        ({"spared": ("10.0.0.1/0",)}, "everybody"),
        ({"spared": ("::/0", "127.0.0.1")}, "everybody"),
        ({"spared": ("0.0.0.0/1", "128.0.0.0/1")}, "everybody"),
        ({"spared": ("64.0.0.0/2", "128.0.0.0/2", "192.0.0.0/3")}, "everybody"),
        ({"spared": ("128.0.0.0/1", "mail.example")}, "everybody"),
        ({"spared": ("2000::/3",)}, "everybody"),
        ({"spared": ("2000::/5", "2800::/5")}, "everybody"),
        ({"find": "59"}, "findtime"),
        ({"find": "0"}, "findtime"),
        ({"find": "-1"}, "findtime"),
    ],
)
def test_a_jail_that_bans_nobody(settings: dict[str, str], words: str) -> None:
    assert words in worth(replace(GOOD, **settings), 5).flaw


@pytest.mark.parametrize(
    "settings",
    [
        {"retries": "%(mine)s"},
        {"retries": ""},
        {"ban": "long"},
        {"ban": "-0"},
        {"find": "%(mine)s"},
        {"spared": ("127.0.0.1", "file:/etc/spared")},
        {"spared": ("0/0",)},
        {"ban": "1" * 60 + "!"},
        {"ban": "1 fortnight"},
        {"action": "%(mine)s"},
        {"excused": "/bin/true"},
    ],
)
def test_what_is_not_known_of_a_jail(settings: dict[str, str]) -> None:
    found = worth(replace(GOOD, **settings), 5)
    assert found.doubt
    assert not found.flaw


def test_what_the_profile_wants_is_allowed() -> None:
    assert not worth(replace(GOOD, retries="1000"), 1000).flaw
    assert worth(replace(GOOD, retries="1001"), 1000).flaw


def test_findtime_is_read() -> None:
    text = "> /etc/fail2ban/jail.conf\n [DEFAULT]\n enabled = true\n [a]\n"
    assert parse(text).jails[0].find == "10m"
    assert parse(f"{text} findtime = 1\n").jails[0].find == "1"


def test_the_jails_of_the_hardened_state_ban() -> None:
    path = ROOT / "lab/states/hardened/rootfs/etc/fail2ban/jail.local"
    lines = "".join(f" {line}\n" for line in path.read_text("utf-8").splitlines())
    found = parse(
        "> /etc/fail2ban/jail.conf\n [DEFAULT]\n port = 0:65535\n chain = <known/chain>\n"
        ' protocol = tcp\n action_ = %(banaction)s[port="%(port)s"]\n'
        f" action = %(action_)s\n> /etc/fail2ban/jail.local\n{lines}"
    )
    assert len(found.jails) == 4
    for jail in found.jails:
        assert (worth(jail, 5).flaw, worth(jail, 5).doubt) == ("", "")
