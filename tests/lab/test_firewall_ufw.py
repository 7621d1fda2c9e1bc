"""The whitelist on a server where ufw is on: loaded among its rules, kept in its files.

Nothing of ufw's is written before `confirm`, and what is taken back is byte for byte
what was there.
"""

import re
import subprocess
import time
from collections.abc import Iterator
from functools import partial

import pytest
from lab.crash_plan import said
from lab.network import INTERNET_IPV4
from lab.node import Lab
from lab.product import install
from lab.session import Session, login

from tests.lab.conftest import running
from tests.lab.test_firewall_try import (
    PROFILE,
    TRY,
    applied,
    newest,
    opens,
    profiled,
    rebooted,
    taken_back,
    tried,
    until,
)

pytestmark = pytest.mark.lab
OTHERS = (
    "ufw allow from 192.0.2.66 to any port 22 proto tcp",
    "ufw limit from 192.0.2.70 to any port 22 proto tcp comment 'it is \"mine\"'",
    "ufw allow out 53",
    "ufw reject log 113/tcp",
    "ufw --force enable",
)
# As fail2ban and Docker do it: chains of their own in other people's.
CHAINS = (
    "iptables -N f2b-sshd; iptables -A f2b-sshd -s 198.51.100.9 -j REJECT;"
    "iptables -A f2b-sshd -j RETURN; iptables -I INPUT -p tcp -m multiport "
    "--dports 22 -j f2b-sshd; iptables -N DOCKER-USER; iptables -I FORWARD -j "
    "DOCKER-USER; iptables -t nat -N DOCKER"
)
FILES = (
    "find /etc/ufw /etc/default/ufw -type f -exec stat -c '%n %a %U %G' {} + "
    "-exec sha256sum {} +"
)
CHECK = "zmward firewall check"


@pytest.fixture(scope="module")
def node() -> Iterator[Lab]:
    with running("test-firewall-ufw", "default") as lab:
        install(lab)
        profiled(lab, PROFILE)
        for line in OTHERS:
            said(lab, line)
        yield lab


def files(lab: Lab) -> list[str]:
    """Return what ufw has on its disk: names, modes, owners, contents."""
    return sorted(said(lab, FILES).splitlines())


def loaded(lab: Lab) -> list[str]:
    """Return all that is loaded of both families, without the counters."""
    text = said(lab, "iptables-save; ip6tables-save; nft list tables")
    text = re.sub(r" \[[0-9]+:[0-9]+\]$", "", text, flags=re.MULTILINE)
    return [line for line in text.splitlines() if not line.startswith("#")]


def others(lab: Lab) -> list[str]:
    return [line for line in loaded(lab) if "zmward" not in line]


def runs(lab: Lab) -> set[str]:
    """Return the runs whose rules are loaded."""
    found = (line.partition('"zmward: run ')[2] for line in loaded(lab))
    return {name.rstrip('"') for name in found if name}


def begun(lab: Lab, seconds: int) -> str:
    """Load the whitelist over a login; return the run, which nobody has confirmed."""
    done = login(lab, f"{TRY} --confirm-within {seconds}")
    assert done.returncode in (0, 3), done.stdout + done.stderr
    return applied(done.stdout)


def holds(lab: Lab) -> None:
    """Assert that the loaded rules are the whitelist, and that packets say so too."""
    done = lab.run("mail", ["sh", "-c", CHECK])
    assert "the rules are the whitelist" in done.stdout, done.stdout
    assert done.returncode == 0, done.stdout
    assert not opens(lab, 7071)
    assert not opens(lab, 8888)
    assert opens(lab, 993, source=INTERNET_IPV4)
    assert not opens(lab, 22, source=INTERNET_IPV4)
    assert opens(lab, 22)
    assert login(lab, "true").returncode == 0


def test_it_is_loaded_kept_there_at_boot_and_taken_back(node: Lab) -> None:
    said(node, CHAINS)
    before, standing = files(node), loaded(node)
    assert not opens(node, 993)
    session = Session(node)
    run = begun(node, 60)
    assert files(node) == before
    assert others(node) == standing
    assert runs(node) == {run}
    assert "still here" in session.do("echo still  here | tr -s ' '")
    holds(node)
    assert login(node, f"zmward confirm {run}").returncode == 0
    session.kill()
    kept, now = files(node), loaded(node)
    assert kept != before
    again = login(node, TRY)
    assert "Everything is already as the plan wants it" in again.stdout, again.stderr
    # ufw loads from its files what zmward has loaded without them.
    said(node, "ufw reload")
    assert loaded(node) == now
    added = said(node, "ufw show added")
    for line in OTHERS[:-1]:
        assert line.partition(" comment")[0] in added
    rebooted(node)
    assert files(node) == kept
    assert runs(node) == {run}
    holds(node)
    assert said(node, "systemctl is-active ufw").strip() == "active"
    taken_back(node, run)
    assert files(node) == before
    assert runs(node) == set()
    assert "zmward" not in "\n".join(loaded(node))
    assert not opens(node, 993)
    rebooted(node)
    assert files(node) == before
    assert not opens(node, 993)


@pytest.mark.proof
def test_what_is_not_confirmed_goes_again(node: Lab) -> None:
    before, standing = files(node), loaded(node)
    session = Session(node)
    run = applied(session.do(f"{TRY} --confirm-within 5"))
    session.kill()
    assert until(lambda: newest(node) == (run, "rolled back by its switch"), 30)
    assert (files(node), loaded(node)) == (before, standing)
    run = begun(node, 600)
    rebooted(node)
    assert until(lambda: newest(node) == (run, "rolled back by its switch"), 60)
    assert files(node) == before
    assert "zmward" not in "\n".join(loaded(node))


def test_a_rule_of_others_that_opens_more_is_named_and_all_is_taken_back(
    node: Lab,
) -> None:
    said(node, "ufw allow 8888/tcp")
    before, standing = files(node), loaded(node)
    done = login(node, TRY)
    assert done.returncode == 5, done.stdout + done.stderr
    assert "excess: tcp 8888" in done.stderr
    command = "ufw delete allow proto tcp from any to any port 8888"
    assert f"to close what is too much: `{command}`" in done.stderr
    assert (files(node), loaded(node)) == (before, standing)
    said(node, command)
    assert "8888" not in said(node, "ufw show added")


@pytest.mark.proof
def test_a_ban_of_others_stays_and_is_no_reason_to_take_all_back(node: Lab) -> None:
    ban = "ufw insert 1 deny from 203.0.113.7"
    said(node, ban)
    before = files(node)
    done = login(node, f"{TRY} --confirm-within 60")
    run = applied(done.stdout)
    assert "kept out by others: missing: tcp 25 (smtp) from 203.0.113.7" in done.stdout
    # A second one that comes meanwhile stays too, also when all is taken back.
    said(node, "ufw deny out 9/udp")
    assert login(node, f"zmward confirm {run}").returncode == 0
    said(node, "ufw insert 1 deny from 203.0.113.8")
    taken_back(node, run)
    added = said(node, "ufw show added")
    for text in ("203.0.113.7", "203.0.113.8", "9/udp"):
        assert text in added
    assert "zmward" not in added + "\n".join(loaded(node))
    said(node, "ufw delete deny from 203.0.113.8; ufw delete deny out 9/udp")
    assert files(node) == before
    said(node, ban.replace("insert 1", "delete"))


@pytest.mark.proof
def test_what_a_reload_has_thrown_away_is_not_kept(node: Lab) -> None:
    before = files(node)
    run = begun(node, 60)
    said(node, "ufw reload")
    late = login(node, f"zmward confirm {run}")
    assert late.returncode == 4, late.stdout + late.stderr
    assert "another hand has changed it since" in late.stderr
    taken_back(node, run)
    assert files(node) == before


@pytest.mark.proof
def test_two_that_were_kept_are_taken_back_one_after_the_other(node: Lab) -> None:
    before = files(node)
    first = tried(node, "--confirm-within", "60")
    kept, standing = files(node), loaded(node)
    profiled(node, PROFILE.replace('pop = "unwanted"', 'pop = "wanted"'))
    try:
        second = tried(node, "--confirm-within", "60")
    finally:
        profiled(node, PROFILE)
    assert opens(node, 995)
    assert runs(node) == {second}
    taken_back(node, second)
    assert files(node) == kept
    assert sorted(loaded(node)) == sorted(standing)
    assert not opens(node, 995)
    taken_back(node, first)
    assert files(node) == before
    assert runs(node) == set()


@pytest.mark.proof
@pytest.mark.parametrize("settings", ["IPV6", "DEFAULT_INPUT_POLICY"])
def test_an_open_or_halved_ufw_is_whole_and_then_as_before(
    node: Lab, settings: str
) -> None:
    old, new = {
        "IPV6": ("IPV6=yes", "IPV6=no"),
        "DEFAULT_INPUT_POLICY": ('POLICY="DROP"', 'POLICY="ACCEPT"'),
    }[settings]
    sed = f"sed -i '/^{settings}=/s/{old}/{new}/' /etc/default/ufw"
    said(node, sed)
    # A reload leaves rules of the old settings behind.
    rebooted(node)
    try:
        before, standing = files(node), loaded(node)
        run = tried(node, "--confirm-within", "60")
        holds(node)
        rebooted(node)
        holds(node)
        taken_back(node, run)
        assert files(node) == before
        assert sorted(loaded(node)) == sorted(standing)
    finally:
        back = f"sed -i '/^{settings}=/s/{new}/{old}/' /etc/default/ufw"
        said(node, f"{back}; ufw reload")


# Each breaks what ufw reads at boot in another way.
BROKEN = {
    "before.rules": "sed -i '/^COMMIT/i -A ufw-before-input -j pigs' {}/before.rules",
    "user.rules": "sed -i '/^COMMIT/i -A ufw-user-input -j pigs' {}/user.rules",
    "user6.rules gone": "rm {}/user6.rules",
    "an empty before.rules": ": >{}/before.rules",
    "settings": "echo 'if (' >>/etc/default/ufw",
}


def mended(lab: Lab) -> None:
    """Have ufw load its files anew, and zmward take out what stood in for them."""
    said(lab, "ufw reload && systemctl restart zmward-firewall.service")
    assert "ufw has failed" not in "\n".join(loaded(lab))
    assert "ZMWARD" not in "\n".join(loaded(lab))


# Each takes a boot or two. In CI a boot breaks in test_firewall_try.
@pytest.mark.proof
@pytest.mark.parametrize("what", BROKEN)
def test_a_boot_with_a_broken_ufw_stays_closed_and_lets_the_operator_in(
    node: Lab, what: str
) -> None:
    run = tried(node, "--confirm-within", "60")
    kept = files(node)
    said(node, "cp -a /etc/ufw /root/ufw; cp -a /etc/default/ufw /root/ufw.settings")
    said(node, BROKEN[what].format("/etc/ufw"))
    rebooted(node)
    assert "failed" in said(node, "systemctl is-active ufw || :")
    assert "ufw has failed" in said(node, "journalctl -b -u zmward-firewall.service")
    assert login(node, "true").returncode == 0
    assert opens(node, 993, source=INTERNET_IPV4)
    assert not opens(node, 7071)
    assert not opens(node, 22, source=INTERNET_IPV4)
    said(
        node,
        "rm -rf /etc/ufw; mv /root/ufw /etc/ufw; mv /root/ufw.settings "
        "/etc/default/ufw; systemctl restart ufw",
    )
    # It may say that it runs already, and have loaded nothing.
    assert login(node, "true").returncode == 0
    assert not opens(node, 7071)
    mended(node)
    assert files(node) == kept
    holds(node)
    assert files(node) == kept
    taken_back(node, run)


@pytest.mark.proof
def test_with_its_own_copy_broken_too_the_minimum_is_loaded(node: Lab) -> None:
    run = tried(node, "--confirm-within", "60")
    place = "/var/lib/zmward/firewall/current"
    said(node, "cp -a /etc/ufw /root/ufw; rm /etc/ufw/user.rules")
    said(node, f"cp -a {place}/whole-v4 /root/whole; echo pigs >{place}/whole-v4")
    said(
        node,
        f"cd {place} && sha256sum $(cut -c 67- digests) >/root/sums; cat /root/sums >digests",
    )
    rebooted(node)
    assert "only the minimum" in said(node, "journalctl -b -u zmward-firewall.service")
    assert login(node, "true").returncode == 0
    assert opens(node, 25, source=INTERNET_IPV4)
    assert not opens(node, 993)
    said(node, "rm -rf /etc/ufw; mv /root/ufw /etc/ufw")
    mended(node)
    holds(node)
    taken_back(node, run)


def _killed(lab: Lab, argv: str, after: float) -> bool:
    """Kill a command on the node, and all it has begun; say whether it still ran."""
    words = lab.argv("mail", ["setsid", "sh", "-c", f"echo $$; exec {argv}"])
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        number = int(process.stdout.readline())
        time.sleep(after)
        ran = process.poll() is None
        lab.run("mail", ["kill", "-9", "--", f"-{number}"])
    return ran


@pytest.mark.proof
def test_killed_at_any_time_it_is_taken_back(node: Lab) -> None:
    before, standing = files(node), loaded(node)
    hit = 0
    for after in (3.0, 4.5, 6.0, 7.5, 9.0):
        argv = f"{TRY} --console --confirm-within 5"
        hit += _killed(node, argv, after)
        assert until(lambda: "zmward" not in "\n".join(loaded(node)), 90)
        run, state = newest(node)
        if state != "rolled back by its switch":
            login(node, f"zmward rollback {run} --yes --quiet")
        assert (files(node), loaded(node)) == (before, standing), after
    assert hit >= 2


def _timers(lab: Lab, run: str) -> list[str]:
    """Return the switch's timers that wait."""
    told = said(lab, "systemctl list-timers --all --no-legend --plain 'zmward-*'")
    names = re.findall(r"(\S+)\.timer", told)
    return [name for name in names if name.endswith(run)]


def _settled(lab: Lab, run: str) -> bool:
    """Say whether the run's switch has come to its end, or is gone."""
    state = newest(lab)[1]
    if state == "unconfirmed":
        return not _timers(lab, run)
    return state in ("kept", "rolled back by its switch")


# How long the switch waits once `confirm` has begun to keep the rules, and more.
POSTPONED = 300 + 60


@pytest.mark.proof
def test_killed_while_it_is_kept_it_is_taken_back_or_kept_whole(node: Lab) -> None:
    before, standing = files(node), loaded(node)
    fates: set[str] = set()
    fired = "rolled back by its switch"
    usual = (0.6, 0.9, 1.2, 1.5, 1.8, 2.4)
    for after in (*usual, 5.0, 10.0):
        if after not in usual and len(fates) > 1:
            # Only a machine that has much to do comes to its changes so late.
            break
        run = begun(node, 20)
        _killed(node, f"zmward confirm {run} --console", after)
        # Once it is waited for to its end; later, what the timer does is done at once.
        for timer in _timers(node, run) if fired in fates else ():
            said(node, f"systemctl start {timer}.service")
        assert until(partial(_settled, node, run), POSTPONED)
        state = newest(node)[1]
        fates.add(state)
        if state == "unconfirmed":
            # It died after its timer: what is written is whole, and can be kept.
            assert login(node, f"zmward confirm {run}").returncode == 0
            state = newest(node)[1]
        if state == "kept":
            holds(node)
            taken_back(node, run)
        assert (files(node), loaded(node)) == (before, standing), after
    assert len(fates) > 1, fates


@pytest.mark.proof
def test_a_boot_finds_the_old_files_where_keeping_was_cut_short(node: Lab) -> None:
    before = files(node)
    run = begun(node, 600)
    # Nothing can take the place of a file that something is mounted on.
    said(node, "mount --bind /etc/ufw/user.rules /etc/ufw/user.rules")
    done = login(node, f"zmward confirm {run}")
    assert done.returncode not in (0, 70), done.stdout + done.stderr
    half = files(node)
    assert half != before
    assert any("before.rules" in line for line in set(half) - set(before))
    rebooted(node)
    assert until(lambda: newest(node) == (run, "rolled back by its switch"), 60)
    assert files(node) == before
    assert "zmward" not in "\n".join(loaded(node))


def test_a_ufw_that_does_not_start_at_boot_is_refused(node: Lab) -> None:
    said(node, "systemctl disable ufw.service")
    try:
        done = login(node, TRY)
    finally:
        said(node, "systemctl enable ufw.service")
    assert done.returncode == 4, done.stderr
    assert "`systemctl enable ufw.service`" in done.stderr
    said(node, "/lib/ufw/ufw-init force-stop")
    try:
        done = login(node, TRY)
    finally:
        said(node, "ufw reload")
    assert done.returncode == 4, done.stderr
    assert "its rules are not loaded" in done.stderr
