"""Hand-made lines on a host in memory: shown, refused, accepted and kept."""

import pytest

from tests.engine.repair import HOST, directory, plan, proof, site, twin
from tests.engine.twin import Twin
from zmward.change import Mode, SetAttr
from zmward.doors.host import Done
from zmward.doors.recorded_directory import RecordedDirectory
from zmward.engine.apply import Applied, Wish, apply
from zmward.engine.history import history
from zmward.engine.journal import Journal
from zmward.engine.losses import look_for_losses, rendered_here
from zmward.engine.read_texts import read_texts
from zmward.engine.rollback import roll_back
from zmward.engine.services import following, other_nodes
from zmward.engine.state import known
from zmward.errors import Failed, Refused
from zmward.plan import Host as Where
from zmward.plan import Plan, Step, described
from zmward.reports.plan_text import render as text

ZIMBRA = Mode(0o440, "zimbra", "zimbra")
CHECKS = "/opt/zimbra/conf/postfix_header_checks"
MASTER = SetAttr("global", "zimbraMtaTlsAuthOnly", None, ("TRUE",))


def edited(line: str = "/^X-Mine/ IGNORE") -> Twin:
    host = twin()
    host.add(f"{CHECKS}.in", "# %%zimbraMtaMyNetworks%%\nend\n", ZIMBRA)
    host.add(CHECKS, f"# \n{line}\nend\n", ZIMBRA)
    return host


def one() -> Plan:
    return plan((MASTER,))


def tried(host: Twin, kept: RecordedDirectory, *losses: str) -> Applied:
    return apply(site(host, kept), one(), Wish(losses=losses), proof)


def names(host: Twin) -> tuple[str, ...]:
    found = look_for_losses(site(host, directory()), one())
    return tuple(loss.name for loss in found.losses)


def test_a_hand_made_line_refuses_and_is_named() -> None:
    host, kept = edited(), directory()
    before = host.state()
    with pytest.raises(Refused, match=r"line 2: /\^X-Mine/ IGNORE") as refused:
        tried(host, kept)
    assert f"--accept-loss {CHECKS}@" in str(refused.value)
    assert host.state() == before
    assert kept.written == []
    assert history(host) == ()


def test_what_is_accepted_goes_on_and_is_kept_with_the_run() -> None:
    host, kept = edited(), directory()
    done = tried(host, kept, *names(host))
    assert len(done.lost) == 1
    place = done.lost[0].rpartition(" ")[2]
    assert host.entries[place].content == b"# \n/^X-Mine/ IGNORE\nend\n"
    notes = [e.note for e in Journal(host, known(done.run)).read() if e.what == "loses"]
    assert [note.partition(" ")[0] for note in notes] == [CHECKS]
    assert "X-Mine" not in host.entries[known(done.run).journal].content.decode()


def test_rollback_says_where_the_lines_lie() -> None:
    host, kept = edited(), directory()
    done = tried(host, kept, *names(host))
    said: list[str] = []
    place = site(host, kept)
    place.talk = said.append
    assert roll_back(place, known(done.run)).complete
    assert [line for line in said if CHECKS in line and "is kept as" in line]


def test_another_line_than_the_accepted_one_refuses_again() -> None:
    accepted = names(edited())
    host, kept = edited("/^X-Other/ IGNORE"), directory()
    with pytest.raises(Refused, match="X-Other"):
        tried(host, kept, *accepted)


def test_a_plan_that_renders_nothing_looks_for_nothing() -> None:
    host, kept = edited(), directory()
    change = SetAttr("cos:default", "zimbraImapEnabled", ("TRUE",), ("FALSE",))
    assert apply(site(host, kept), plan((change,)), Wish(), proof).run
    assert not [w for w in host.said if "/opt/zimbra/conf/zmconfigd.cf" in w]


def test_a_file_whose_template_is_gone_refuses_too() -> None:
    host, kept = edited(), directory()
    del host.entries[f"{CHECKS}.in"]
    with pytest.raises(Refused, match="could not be judged"):
        tried(host, kept)
    assert tried(host, kept, *names(host)).run


def test_a_program_that_cannot_be_read_refuses_too() -> None:
    host, kept = edited(), directory()
    del host.entries["/opt/zimbra/conf/zmconfigd.cf"]
    with pytest.raises(Refused, match=r"zmconfigd\.cf"):
        tried(host, kept)
    assert tried(host, kept, *names(host)).run


def test_all_files_are_read_in_two_round_trips() -> None:
    host = edited()
    look_for_losses(site(host, directory()), one())
    assert len([words for words in host.said if "texts" in words]) == 2


def test_a_zmconfigd_that_is_down_refuses_before_anything_is_written() -> None:
    host, kept = twin(), directory()
    host.fails = lambda words: (
        Done(1, b"zmconfigd is not running.")
        if words[0].endswith("zmconfigdctl")
        else None
    )
    with pytest.raises(Refused, match="zmconfigd does not run"):
        tried(host, kept)
    assert kept.written == []


def test_other_nodes_that_render_must_be_accepted_by_name() -> None:
    host, kept = twin(), directory()
    kept.objects["server:mta2.example.test"] = {"zimbraServiceEnabled": ("mta",)}
    kept.objects["server:db.example.test"] = {"zimbraServiceEnabled": ("ldap",)}
    nodes = (HOST, "mta2.example.test", "db.example.test")
    step = described(MASTER, (), nodes)
    whole = Plan(
        Where(HOST, one().host.machine), "", "1", (step,), (), (), hosts_seen=nodes
    )
    with pytest.raises(Refused, match=r"mta2\.example\.test:mta@") as refused:
        apply(site(host, kept), whole, Wish(), proof)
    assert "db.example.test" not in str(refused.value)
    found = look_for_losses(site(host, kept), whole)
    wish = Wish(losses=tuple(loss.name for loss in found.losses))
    assert apply(site(host, kept), whole, wish, proof).run


def test_what_does_not_come_over_whole_is_no_empty_file() -> None:
    host = twin()
    host.fails = lambda words: Done(0, b"1 file\n@@@\n") if "texts" in words else None
    found = read_texts(host, ("conf/a", "conf/b"))
    assert found["conf/a"].text is None
    assert found["conf/a"].why
    assert "conf/b" not in found


def test_a_failed_apply_still_keeps_the_lines() -> None:
    host, kept = edited(), directory()
    wish = Wish(losses=names(host))
    with pytest.raises(Failed):
        apply(site(host, kept), one(), wish, lambda: proof("a-control"))
    assert [e for e in host.entries if e.endswith("/journal")]


def test_a_section_that_is_not_rendered_is_no_success() -> None:
    host, kept = edited(), directory()
    wish = Wish(losses=names(host))
    # The program ends well and has done nothing, as one that lost its zmconfigd.
    host.fails = lambda words: Done(0) if words[0].endswith("configrewrite") else None
    with pytest.raises(Failed, match="zmconfigd has not written mta"):
        apply(site(host, kept), one(), wish, proof)
    assert not (kept.objects["global"].get("zimbraMtaTlsAuthOnly"))


def test_a_global_value_that_this_host_overrides_is_not_waited_for() -> None:
    host, kept = twin(), directory()
    own = kept.objects[f"server:{HOST}"]
    kept.objects[f"server:{HOST}"] = {**own, "zimbraMtaTlsAuthOnly": ("TRUE",)}
    kept.objects["server:other.example.test"] = {}
    changes = (
        SetAttr("global", "zimbraMtaTlsAuthOnly", None, ("FALSE",)),
        SetAttr("server:other.example.test", "zimbraMtaTlsAuthOnly", None, ("FALSE",)),
    )
    assert apply(site(host, kept), plan(changes), Wish(), proof).run


NODES = (HOST, "mta2.example.test", "mta3.example.test")


def on(target: str, name: str = "zimbraMtaTlsAuthOnly") -> Step:
    return described(SetAttr(target, name, None, ("TRUE",)), (), NODES)


def whole(*steps: Step) -> Plan:
    place = Where(HOST, one().host.machine)
    return Plan(place, "", "1", steps, (), (), hosts_seen=NODES)


def test_a_global_value_names_every_node_that_renders_and_what_restarts() -> None:
    step = on("global")
    assert step.reaches == NODES
    assert step.renders == ("mta",)
    assert step.restarted == ("mta",)
    assert other_nodes(whole(step)) == dict.fromkeys(NODES[1:], ("mta",))
    said = " ".join(text(whole(step), everything=True).split())
    assert "zmconfigd renders main.cf, master.cf, postfix_header_checks on" in said
    for node in NODES:
        assert node in said


def test_a_servers_own_value_is_rendered_there_only() -> None:
    there = on(f"server:{NODES[1]}")
    assert there.reaches == NODES[1:2]
    found = whole(there, on(f"server:{HOST}", "zimbraReverseProxySSLCiphers"))
    assert other_nodes(found) == {NODES[1]: ("mta",)}
    assert following(found, range(2)).sections == ("proxy",)
    assert rendered_here(found) == ("proxy",)
