"""Facts: roles, schema, what is parsed once, and what is not there."""

import pytest
from msgspec.structs import replace

from tests.examples import NODE, WHEN, evidence_of, facts_of
from zmward.control import Example, Status
from zmward.evidence import DIRECTORY, Answer, Evidence, Missing, Unseen
from zmward.facts import Facts
from zmward.finding import moment
from zmward.profile import Profile
from zmward.sources.postconf import POSTCONF
from zmward.sources.schema import SCHEMA


def facts(**given: object) -> Facts:
    return facts_of(Example(Status.PASS, given))


def without_directory() -> Facts:
    evidence = evidence_of(Example(Status.PASS, {}))
    answers = {**evidence.answers, DIRECTORY: {}}
    return Facts(replace(evidence, answers=answers), Profile(), moment(WHEN))


def test_roles_come_from_the_directory() -> None:
    found = facts(servers={"mta2.example.com": {"zimbraServiceEnabled": ("mta",)}})
    assert found.hosts("mta") == (NODE, "mta2.example.com")
    assert found.hosts("proxy") == (NODE,)
    assert found.hosts("convertd") == ()
    assert found.unseen_hosts() == ("mta2.example.com",)


def test_without_the_directory_packages_tell_roles() -> None:
    found = without_directory()
    assert found.hosts("mailbox") == (NODE,)
    assert found.hosts() == (NODE,)
    with pytest.raises(Unseen, match="which servers run proxy is not known"):
        found.hosts("proxy")


def test_without_both_roles_are_unseen() -> None:
    evidence = Evidence(WHEN, {NODE: {}, DIRECTORY: {}})
    with pytest.raises(Unseen, match="packages was not collected"):
        Facts(evidence, Profile(), moment(WHEN)).hosts("mta")


def test_the_servers_own_schema_decides() -> None:
    found = facts(schema=("zimbraMtaMyNetworks",))
    assert found.knows("zimbraMtaMyNetworks")
    assert not found.knows("zimbraImapEnabled")
    assert found.settable("zimbraMtaMyNetworks", "server")
    assert not found.settable("zimbraMtaMyNetworks", "cos")


def test_without_a_schema_old_attributes_are_known_and_new_ones_unseen() -> None:
    found = facts()
    assert found.knows("zimbraImapEnabled")
    with pytest.raises(Unseen, match="is not known"):
        found.knows("zimbraFeatureAllowUsernameInPassword")
    assert found.settable("zimbraImapEnabled", "cos")


def test_a_schema_that_says_no_objects_leaves_the_catalog() -> None:
    evidence = Evidence(
        WHEN, {NODE: {SCHEMA.name: Answer("zimbraImapEnabled\n")}, DIRECTORY: {}}
    )
    found = Facts(evidence, Profile(), moment(WHEN))
    assert found.settable("zimbraImapEnabled", "cos")


def test_an_answer_that_cannot_be_read_is_unseen() -> None:
    evidence = Evidence(WHEN, {NODE: {POSTCONF.name: Answer("boom\n")}})
    with pytest.raises(Unseen) as caught:
        Facts(evidence, Profile(), moment(WHEN)).read(POSTCONF, NODE)
    assert caught.value.missing.kind == "unparsed"


def test_only_a_known_absence_is_absent() -> None:
    gone = Missing("No such file or directory", "absent")
    answers = {"postconf": gone, "postconf-master": Missing("permission", "refused")}
    found = Facts(Evidence(WHEN, {NODE: answers}), Profile(), moment(WHEN))
    assert found.absent(POSTCONF, NODE)
    assert not found.absent(SCHEMA, NODE)


def test_excerpts_are_short() -> None:
    text = "".join(f"smtp_{n} = {'x' * 400}\n" for n in range(9))
    evidence = Evidence(WHEN, {NODE: {POSTCONF.name: Answer(text)}})
    found = Facts(evidence, Profile(), moment(WHEN)).excerpt(POSTCONF, NODE, "smtp_")
    assert len(found.splitlines()) == 3
    assert all(len(line) == 300 for line in found.splitlines())
