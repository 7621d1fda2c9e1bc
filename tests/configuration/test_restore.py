"""The way back: changes that give the earlier values, and reasons for all the rest."""

import pytest
from msgspec.structs import replace

from tests.configuration.test_snapshot import KEY, NODE, changed, files, put
from zmward.change import SetAttr, SetCrontab, SetLocalConfig
from zmward.configuration.compare import differences
from zmward.configuration.merged import merged
from zmward.configuration.restore import Restored, restored
from zmward.configuration.snapshot import snapshot
from zmward.demo.sample import recorded
from zmward.evidence import DIRECTORY, Answer, Evidence, Missing
from zmward.foresee import foresee


def back(now: Evidence) -> Restored:
    """Return the way back from evidence of now to the sample."""
    return restored(files(recorded()), snapshot(now, KEY), NODE)


def _several(*wanted: tuple[str, str, str, str]) -> Evidence:
    found = recorded()
    answers = {host: dict(known) for host, known in found.answers.items()}
    for host, source, old, new in wanted:
        answer = answers[host][source]
        assert isinstance(answer, Answer)
        assert old in answer.text
        answers[host][source] = Answer(answer.text.replace(old, new, 1))
    return replace(found, answers=answers)


CHANGED = _several(
    (DIRECTORY, "ldap-config", "zimbraAdminPort: 7071", "zimbraAdminPort: 7072"),
    (DIRECTORY, "ldap-domains", "zimbraPublicServiceHostname: mail.example.test\n", ""),
    (DIRECTORY, "ldap-servers", "zimbraServiceEnabled: mta\n", ""),
    (DIRECTORY, "ldap-cos", "cn: default\n", "cn: default\nzimbraNotes: new\n"),
    (NODE, "localconfig", "<value>yes</value>", "<value>no</value>"),
    (NODE, "crontab-zimbra", " # ZIMBRAEND", " 1 1 * * * /bin/true\n # ZIMBRAEND"),
)


def test_the_changes_give_back_what_was() -> None:
    found = back(CHANGED)
    assert not found.left
    assert {type(change) for change in found.changes} == {
        SetAttr,
        SetCrontab,
        SetLocalConfig,
    }
    again = foresee(CHANGED, found.changes)
    assert not differences(files(recorded()), files(again))


def test_before_is_now_and_after_is_then() -> None:
    (change,) = back(
        changed("ldap-config", "zimbraAdminPort: 7071", "zimbraAdminPort: 7072")
    ).changes
    assert change == SetAttr("global", "zimbraAdminPort", ("7072",), ("7071",))


def test_what_was_not_set_is_set_no_more() -> None:
    now = changed("ldap-cos", "cn: default\n", "cn: default\nzimbraNotes: new\n")
    (change,) = back(now).changes
    assert change == SetAttr("cos:default", "zimbraNotes", ("new",), None)


def test_nothing_changed_needs_nothing() -> None:
    assert back(recorded()) == Restored((), ())


def test_a_secret_is_left_and_named() -> None:
    found = back(changed("ldap-domains", "zmward:secret:set", "zmward:secret:empty"))
    (row,) = found.left
    assert row.control == "domain:portal.example.test zimbraPreAuthKey"
    assert "secret" in row.reason
    assert not found.changes


def test_a_password_inside_a_value_is_left() -> None:
    old = "cn: default\n"
    then = files(changed("ldap-cos", old, f"{old}zimbraNotes: password=abc\n"))
    found = restored(then, snapshot(recorded(), KEY), NODE)
    assert not found.changes
    assert "secret" in found.left[0].reason


def test_a_masked_crontab_is_left() -> None:
    old = " # ZIMBRAEND"
    line = f" 1 1 * * * run --password masked\n{old}"
    found = back(changed("crontab-zimbra", old, line, NODE))
    assert not found.changes
    assert "masked" in found.left[0].reason


@pytest.mark.parametrize(
    ("source", "host", "old", "new", "name"),
    [
        ("packages", NODE, "ii adduser", "ii another", "packages"),
        ("sudoers", NODE, "Defaults", "Default5", "sudoers/"),
        ("ldap-domains", DIRECTORY, "usr domain", "grp domain", "zimbraACE"),
        ("ldap-grants", DIRECTORY, "zimbraACE", "zimbraace", ""),
        ("postconf-own", NODE, "= 10m", "= 11m", "postfix"),
        ("authorized-keys", NODE, "ssh-rsa", "ssh-dsa", "authorized-keys"),
    ],
)
def test_what_no_plan_expresses_is_named_with_its_reason(
    source: str, host: str, old: str, new: str, name: str
) -> None:
    found = back(changed(source, old, new, host))
    assert not found.changes
    if name:
        assert name in found.left[0].control
        assert found.left[0].reason


def test_a_whole_object_is_neither_made_nor_removed() -> None:
    domains = recorded().answer(DIRECTORY, "ldap-domains")
    assert isinstance(domains, Answer)
    first = domains.text.partition("\n\n")[0]
    found = back(put("ldap-domains", Answer(first)))
    assert not found.changes
    assert [row.control for row in found.left] == [
        "domain:ad.example.test",
        "domain:portal.example.test",
    ]


def test_what_was_not_seen_now_is_said_and_changes_nothing() -> None:
    found = back(put("ldap-domains", Missing("down", "timeout")))
    assert not found.changes
    assert found.left[0].control == "domains/"
    assert "down" in found.left[0].reason


def test_another_node_is_left_to_its_own_plan() -> None:
    then = {**files(recorded()), "nodes/other/crontab": "x\n"}
    found = restored(then, snapshot(recorded(), KEY), NODE)
    (row,) = found.left
    assert row.control == "nodes/other"


def test_several_lines_among_several_values_are_left() -> None:
    encoded = "zimbraMtaRestriction:: YQpi\n"
    now = changed("ldap-config", "cn: config\n", f"cn: config\n{encoded}")
    found = back(now)
    assert not found.changes
    assert "several" in found.left[0].reason


def test_a_secret_that_could_not_be_compared_is_named() -> None:
    then = files(changed("ldap-domains", "zmward:secret:set", "hunter"))
    found = restored(then, snapshot(recorded(), KEY), NODE)
    (row,) = found.left
    assert row.control == "domains/portal.example.test.conf: zimbraPreAuthKey"
    assert "not seen" in row.reason


@pytest.mark.parametrize("word", ["masked", "zmward:secret:set", "(secret ab)"])
def test_a_mask_is_never_written_back(word: str) -> None:
    """A header's `Authorization: Basic …` is collected as `Authorization: masked`."""
    old = "cn: default\n"
    header = f"{old}zimbraNotes: Authorization: {word}\n"
    then = files(changed("ldap-cos", old, header))
    found = restored(then, snapshot(recorded(), KEY), NODE)
    assert not found.changes
    assert "secret" in found.left[0].reason


def test_a_mask_is_never_written_into_localconfig() -> None:
    old = "<value>yes</value>"
    then = files(changed("localconfig", old, "<value>-a masked</value>", NODE))
    found = restored(then, snapshot(recorded(), KEY), NODE)
    assert not found.changes
    assert "secret" in found.left[0].reason


def test_a_crontab_that_was_not_seen_then_is_not_removed() -> None:
    then = files(put("crontab-zimbra", Missing("down", "timeout"), NODE))
    found = restored(then, snapshot(recorded(), KEY), NODE)
    assert not found.changes
    assert "not seen" in next(r.reason for r in found.left if "crontab" in r.control)


def test_what_was_only_kept_from_before_is_not_brought_back() -> None:
    """The state of a day on which nobody saw a value is not known."""
    before = files(recorded())
    lost = put("ldap-config", Missing("down", "timeout"))
    then = merged(before, snapshot(lost, KEY)).files
    now = changed("ldap-config", "zimbraAdminPort: 7071", "zimbraAdminPort: 7072")
    found = restored(then, snapshot(now, KEY), NODE)
    assert not found.changes
    (row,) = found.left
    assert "not seen then" in row.reason
    assert "down" in row.reason
