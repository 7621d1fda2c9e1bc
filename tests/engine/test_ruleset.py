"""Our rules as a change: loaded at once, kept for the boot only when confirmed."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from tests.engine.repair import HOST, RULES, directory, plan, proof, site, twin
from tests.engine.twin import Killed, Twin
from tests.engine.twin_filter import table
from zmward.change import UnitState
from zmward.doors.host import Done
from zmward.engine.apply import Wish, apply
from zmward.engine.confirm import confirm
from zmward.engine.cutting import cuts_off
from zmward.engine.history import history
from zmward.engine.lock import locked
from zmward.engine.rollback import roll_back
from zmward.engine.state import Run, known
from zmward.errors import Failed, Fault, Refused
from zmward.guards import objection
from zmward.ruleset import LoadRuleset, Rules

OLD = Rules("nftables", (RULES.replace("22", "2222"),))
NEW = Rules("nftables", (RULES,), (RULES.replace("accept", "drop"),))
LOAD = LoadRuleset(HOST, None, NEW)


def loaded(host: Twin, change: LoadRuleset = LOAD) -> Run:
    done = apply(site(host, directory()), plan((change,)), Wish(), proof)
    return known(done.run)


def confirmed(host: Twin, run: Run) -> None:
    with locked(host):
        confirm(host, run, console=True)


def with_old() -> Twin:
    host = twin()
    host.loaded = table(OLD.texts[0])
    return host


def standing() -> LoadRuleset:
    """Return the change that finds earlier rules of ours."""
    body = table(OLD.texts[0])
    before = f"add table inet zmward\ndelete table inet zmward\n{body}"
    return LoadRuleset(HOST, Rules("nftables", (before,)), NEW)


def test_rules_are_loaded_with_the_mark_of_their_run_and_nothing_is_kept() -> None:
    host = twin()
    run = loaded(host)
    assert f"chain run-{run.id} {{" in host.loaded
    assert "tcp dport 22 accept" in host.loaded
    assert host.kept_rules == {}
    assert [row.state for row in history(host)] == ["unconfirmed"]


def test_what_is_confirmed_is_kept_with_its_minimum() -> None:
    host = twin()
    run = loaded(host)
    confirmed(host, run)
    kept = host.kept_rules[run.id]
    for name in ("load", "unit", "backend", "run", "nft", "minimum-nft"):
        assert f"%% {name}\n" in kept
    assert f"\n{run.id}\n" in kept
    assert "tcp dport 22 drop" in kept.partition("%% minimum-nft\n")[2]
    # The rules, the least, and the least once more in the loader itself.
    assert kept.count(f"add chain inet zmward run-{run.id}\n") == 3
    assert [row.state for row in history(host)] == ["kept"]


def test_what_another_hand_has_changed_since_is_not_kept() -> None:
    host = twin()
    run = loaded(host)
    host.loaded = host.loaded.replace("accept", "drop")
    with pytest.raises(Refused, match="another hand has changed it since"):
        confirmed(host, run)
    assert host.kept_rules == {}
    assert [row.state for row in history(host)] == ["unconfirmed"]


def test_a_kept_run_is_taken_back_from_the_boot_too() -> None:
    host = twin()
    run = loaded(host)
    confirmed(host, run)
    with locked(host):
        taken = roll_back(site(host, directory()), run)
    assert [one.fate for one in taken.steps] == ["undone"]
    assert (host.loaded, host.kept_rules) == ("", {})


def test_earlier_rules_come_back() -> None:
    host = with_old()
    run = loaded(host, standing())
    assert "2222" not in host.loaded
    with locked(host):
        assert roll_back(site(host, directory()), run).complete
    assert host.loaded == table(OLD.texts[0])


def test_rules_edited_by_hand_go_all_the_same() -> None:
    host = with_old()
    run = loaded(host, standing())
    host.loaded = host.loaded.replace("tcp dport 22 accept", "tcp dport 22 drop")
    with locked(host):
        taken = roll_back(site(host, directory()), run)
    assert [one.fate for one in taken.steps] == ["undone"]
    assert host.loaded == table(OLD.texts[0])


def test_rules_of_a_later_run_are_left_alone() -> None:
    host = twin()
    run = loaded(host)
    host.loaded = table(OLD.texts[0])
    with locked(host):
        taken = roll_back(site(host, directory()), run)
    assert [one.fate for one in taken.steps] == ["kept"]
    assert host.loaded == table(OLD.texts[0])


def test_who_cannot_see_whose_rules_are_loaded_has_not_taken_them_back() -> None:
    host = twin()
    run = loaded(host)
    locked_up = Done(4, b"", b"Another app is currently holding the xtables lock")
    host.fails = lambda argv: locked_up if "mine" in argv else None
    with locked(host):
        taken = roll_back(site(host, directory()), run)
    assert [one.fate for one in taken.steps] == ["not-undone"]
    assert not taken.complete
    # The switch goes on waiting.
    assert any(run.id in timer for timer in host.timers)


def test_after_a_boot_there_is_nothing_to_take_out() -> None:
    host = twin()
    run = loaded(host)
    host.loaded = ""
    with locked(host):
        taken = roll_back(site(host, directory()), run)
    assert [one.fate for one in taken.steps] == ["as-before"]


def test_whoever_dies_while_he_confirms_leaves_a_switch_that_takes_all_back() -> None:
    host = twin()
    run = loaded(host)

    def dies(argv: Sequence[str]) -> Done | None:
        if "keep" in argv:
            raise Killed
        return None

    host.fails = dies
    with pytest.raises(Killed):
        confirm(host, run, console=True)
    assert [row.state for row in history(host)] == ["unconfirmed"]
    assert any(run.id in timer for timer in host.timers)


def test_what_cannot_be_kept_is_not_confirmed() -> None:
    host = twin()
    run = loaded(host)
    full = Done(1, b"", b"No space left on device")
    host.fails = lambda argv: full if "keep" in argv else None
    with pytest.raises(Fault, match="No space left"):
        confirm(host, run, console=True)
    assert [row.state for row in history(host)] == ["unconfirmed"]
    assert any(run.id in timer for timer in host.timers)


def test_a_switch_that_was_faster_leaves_nothing_for_the_boot() -> None:
    host = twin()
    run = loaded(host)

    def fires(argv: Sequence[str]) -> Done | None:
        words = tuple(argv)
        if words[:2] == ("systemctl", "stop"):
            host.folder(run.fired)
        return None

    host.fails = fires
    with pytest.raises(Refused, match="was faster"):
        confirm(host, run, console=True)
    assert host.kept_rules == {}


def test_rules_that_the_host_does_not_take_change_nothing() -> None:
    host = twin()
    wrong = Done(1, b"", b"Error: syntax error, unexpected string")
    host.fails = lambda argv: wrong if "try" in argv else None
    with pytest.raises(Refused, match="cannot load these rules"):
        loaded(host)
    assert host.loaded == ""
    assert history(host) == ()


def test_rules_that_cannot_be_loaded_after_all_are_taken_back() -> None:
    host = with_old()
    busy = Done(1, b"", b"Device or resource busy")
    host.fails = lambda argv: busy if "load" in argv else None
    with pytest.raises(Failed, match="resource busy"):
        loaded(host, standing())
    assert host.loaded == table(OLD.texts[0])


def test_loading_rules_can_cut_off_and_waits_a_short_while_only() -> None:
    host = twin()
    assert cuts_off((LOAD,))
    loaded(host)
    words = [argv for argv in host.said if argv[0] == "systemd-run"]
    waits = [w for argv in words for w in argv if w.startswith("--on-active")]
    assert waits == ["--on-active=300s", "--on-active=300s"]
    other = twin()
    apply(site(other, directory()), plan((LOAD,)), Wish(confirm_within=5), proof)
    words = [argv for argv in other.said if argv[0] == "systemd-run"]
    waits = [w for argv in words for w in argv if w.startswith("--on-active")]
    assert waits == ["--on-active=60s", "--on-active=5s"]


def test_the_switch_outlives_another_target_where_systemd_knows_how() -> None:
    host = twin()
    loaded(host)
    words = [argv for argv in host.said if argv[0] == "systemd-run"]
    assert len(words) == 2
    assert all("--timer-property=IgnoreOnIsolate=yes" in argv for argv in words)
    older = twin()
    older.fails = lambda argv: (
        Done(1, b"", b"Unknown assignment: IgnoreOnIsolate=yes")
        if any("IgnoreOnIsolate" in word for word in argv)
        else None
    )
    loaded(older)
    assert len(older.timers) == len(host.timers)


def test_a_cluster_manager_does_not_keep_rules_from_being_loaded() -> None:
    host = twin()
    host.units["keepalived.service"] = UnitState(enabled=True, active=True)
    assert loaded(host).id
    with pytest.raises(Refused, match="keepalived"):
        apply(site(twin_with(host), directory()), plan(), Wish(), proof)


def twin_with(other: Twin) -> Twin:
    host = twin()
    host.units |= other.units
    return host


HEAD = "add table inet zmward\ndelete table inet zmward\ntable inet zmward {\n"
HOSTILE = (
    "flush ruleset\n" + RULES,
    RULES + "flush ruleset\n",
    RULES + "table inet other {\n}\n",
    HEAD + "\t}\n\tflush ruleset\n\ttable inet x {\n}\n",
    HEAD + '\tinclude "/etc/shadow"\n}\n',
    HEAD + "\tchain input { } }; flush ruleset; table inet y {\n}\n",
    HEAD + '\tchain a {\n\t\taccept comment "\n\t}\n}\nflush ruleset\n#"\n}\n',
    HEAD + '\tchain a { accept comment "x" } # "\n}\n}\nflush ruleset # "\n}\n',
    HEAD + "# \v {\n}\nflush ruleset\ntable inet zmward {\n# \v }\n}\n",
    HEAD + '\tchain a {\n\t}; include "/etc/shadow"\n}\n',
    HEAD + "\tchain a {\n\t\tip saddr mail.example.org accept\n\t}\n}\n",
    RULES + "# by hand",
    HEAD + "\tchain a {\n\t}\n",
    "",
)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_plan_loads_nothing_but_our_own_table(text: str) -> None:
    assert objection(LOAD) == ""
    assert objection(replace(LOAD, after=Rules("nftables", (text,))))
    assert objection(replace(LOAD, before=Rules("nftables", (text,))))
    assert objection(replace(LOAD, after=replace(NEW, minimum=(text,))))


SAVED = "*security\n:INPUT ACCEPT [0:0]\n:ZMWARD - [0:0]\n-F INPUT\n{}COMMIT\n"
LINES = (
    "-A INPUT -j DROP\n",
    "-F FORWARD\n",
    "-A ZMWARD -j SECMARK --selctx x\n",
    "-A OUTPUT -j ACCEPT\n",
    ":DOCKER - [0:0]\n",
    "-A ZMWARD -j DOCKER\n",
    "COMMIT\n*nat\n:PREROUTING ACCEPT [0:0]\n",
    "-P INPUT DROP\n",
    "-A ZMWARD --modprobe=/tmp/other -m nosuch -j ACCEPT\n",
    "-A ZMWARD -t filter -j ACCEPT\n",
    "-A ZMWARD -s mail.example.org -j ACCEPT\n",
    "# by hand\n",
    "-F INPUT\n",
)


@pytest.mark.parametrize("line", LINES)
def test_a_plan_loads_nothing_but_our_own_chains(line: str) -> None:
    good = SAVED.format("-A INPUT -j ZMWARD\n-A ZMWARD -p tcp -j ACCEPT\n")
    assert objection(replace(LOAD, after=Rules("iptables", ("", good, good)))) == ""
    bad = SAVED.format(line)
    assert objection(replace(LOAD, after=Rules("iptables", ("", good, bad))))
    assert objection(replace(LOAD, after=Rules("iptables", ("", bad, good))))


@pytest.mark.parametrize(
    "line",
    ["destroy f2b-sshd", "create other hash:net family inet", "flush f2b-sshd", "quit"],
)
def test_a_plan_fills_nothing_but_our_own_sets(line: str) -> None:
    good = SAVED.format("")
    sets = f"create zmward-admin4 hash:net family inet -exist\n{line}\n"
    assert objection(replace(LOAD, after=Rules("iptables", (sets, good, good))))


def test_rules_have_as_many_texts_as_their_back_end_takes() -> None:
    assert objection(replace(LOAD, after=Rules("nftables", (RULES, RULES))))
    assert objection(replace(LOAD, after=Rules("iptables", (RULES,))))
    assert objection(replace(LOAD, after=Rules("nftables", ())))
