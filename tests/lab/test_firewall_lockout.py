"""Rules that shut the operator out go again by themselves, whatever becomes of us."""

import time
from collections.abc import Iterator

import pytest
from lab.crash_plan import said
from lab.network import ADMIN_IPV4, CLIENT_IPV4
from lab.node import HOST, Lab
from lab.product import install
from lab.session import Session, login

from tests.lab.conftest import running
from tests.lab.test_firewall_try import marks, newest, until
from zmward.firewall.openings import EVERYBODY, Opening, Policy
from zmward.firewall.render_nftables import nftables
from zmward.firewall.zones import sources
from zmward.plan import Host, Plan, described
from zmward.reports.plan_json import render
from zmward.ruleset import LoadRuleset, Rules

pytestmark = pytest.mark.lab
PATH = "/root/shut-out.json"
WITHIN = 5
APPLY = f"zmward apply {PATH} --yes --quiet --confirm-within {WITHIN}"
# The address of which the rules think; all other logins come from the usual one.
THERE = ("-b", CLIENT_IPV4)
SHORT = ("-o", "ConnectTimeout=2", "-o", "ConnectionAttempts=1")
# What a run that was killed waits for at most, and some time to be taken back.
KILLED = 75
ROUNDS = 20


def rules() -> Rules:
    """Return a whitelist in which SSH is for others: plain rules, well loaded.

    Whoever loads it is let in at that moment; afterwards he comes from elsewhere.
    """
    elsewhere = sources([CLIENT_IPV4, "2001:db8:beef::/48"])
    policy = Policy(
        HOST,
        (
            Opening("ssh", "tcp", ((22, 22),), "admin", elsewhere, "a slip", "by hand"),
            Opening("smtp", "tcp", ((25, 25),), "internet", EVERYBODY, "mail", "test"),
        ),
    )
    return Rules("nftables", (nftables(policy),), (nftables(policy),))


def planned(lab: Lab) -> None:
    """Lay a plan on the node that shuts the operator out."""
    steps = (described(LoadRuleset(HOST, None, rules()), (), (HOST,)),)
    host = Host(HOST, said(lab, "cat /etc/machine-id").strip())
    when = "2026-11-29T12:00:00+00:00"
    plan = Plan(host, when, "1", steps, (), (), hosts_seen=(HOST,))
    path = lab.root / PATH[1:]
    path.write_text(render(plan))
    path.chmod(0o600)


@pytest.fixture(scope="module")
def node() -> Iterator[Lab]:
    with running("test-shut-out", "default") as lab:
        install(lab)
        planned(lab)
        yield lab


def shut(lab: Lab) -> bool:
    return login(lab, "true", *SHORT).returncode != 0


def applied_and_cut(lab: Lab) -> float:
    """Apply over a login whose connection then dies without a word; return when."""
    session = Session(lab, THERE)
    told = session.do(APPLY)
    assert ": applied" in told, told
    loaded = time.monotonic()
    session.cut()
    session.kill()
    return loaded


def killed_in_the_midst(lab: Lab) -> float:
    """Kill zmward as soon as its rules are loaded, and the connection; return when."""
    session = Session(lab, THERE)
    session.type(APPLY)
    assert until(lambda: marks(lab) != [], 30)
    loaded = time.monotonic()
    said(lab, "pkill -KILL -f 'zmward[ ]apply'")
    session.kill()
    return loaded


def round_of(lab: Lab, number: int) -> tuple[bool, str]:
    """Shut the operator out once; return whether he was, and what went wrong.

    On a busy machine the look may come when the switch has already acted.
    """
    killed = number % 7 == 3
    begun = time.monotonic()
    loaded = (killed_in_the_midst if killed else applied_and_cut)(lab)
    out = shut(lab)
    late = time.monotonic() - loaded > WITHIN
    back = until(lambda: not shut(lab), KILLED if killed else 40)
    run, state = newest(lab)
    ended = until(lambda: newest(lab)[1] == "rolled back by its switch", 20)
    took = time.monotonic() - begun
    print(f"round {number}: back after {took:.0f} s")  # noqa: T201  # the tally
    wrong = [
        *(("nobody was shut out",) if not (out or late) else ()),
        *(("the login did not come back",) if not back else ()),
        *((f"{run} is {state}",) if not ended else ()),
        *((f"rules left: {marks(lab)}",) if marks(lab) else ()),
    ]
    return out, "; ".join(wrong)


def rounds(lab: Lab, number: int) -> None:
    shown = "nft list ruleset; ls /etc/systemd/system"
    before = said(lab, shown)
    found = {n: round_of(lab, n) for n in range(1, number + 1)}
    wrong = {n: text for n, (_, text) in found.items() if text}
    survived = number - len(wrong)
    print(f"let in again {survived}/{number} times")  # noqa: T201  # the tally
    assert wrong == {}
    assert any(out for out, _ in found.values())
    assert said(lab, shown) == before


def test_who_would_be_shut_out_is_told_so_and_nothing_is_loaded(node: Lab) -> None:
    before = said(node, "ls /var/lib/zmward/runs 2>/dev/null; nft list ruleset")
    for words in ("", " --console"):
        done = login(node, f"{APPLY}{words}")
        assert done.returncode == 4, done.stdout + done.stderr
        assert f"{ADMIN_IPV4} works on" in done.stderr
        assert "would be shut out" in done.stderr
    assert said(node, "ls /var/lib/zmward/runs 2>/dev/null; nft list ruleset") == before


def test_nobody_is_locked_out_for_long(node: Lab) -> None:
    rounds(node, 3)  # the third kills zmward too


@pytest.mark.proof
def test_nobody_is_locked_out_for_long_twenty_times(node: Lab) -> None:
    rounds(node, ROUNDS)
