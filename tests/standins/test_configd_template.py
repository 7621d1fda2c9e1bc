"""The template language replaces marks as zmconfigd does."""

from lab.zimbra.configd.template import render, restrictions
from tests.standins.configd_twin import Twin


def test_an_attribute_is_joined_with_blanks() -> None:
    twin = Twin()
    twin.own["zimbraMtaSaslSmtpdMechList"] = ["PLAIN", "LOGIN"]
    assert render("mech: %%zimbraMtaSaslSmtpdMechList%%", twin.read()) == (
        "mech: PLAIN LOGIN"
    )


def test_a_localconfig_key_is_replaced() -> None:
    assert render("@@ldap_url@@", Twin().read()) == "ldap://mail.example.test:389"


def test_a_servers_value_wins_over_the_global_one() -> None:
    twin = Twin()
    twin.config["zimbraMtaSaslAuthEnable"] = ["yes"]
    twin.own["zimbraMtaSaslAuthEnable"] = ["no"]
    assert render("%%zimbraMtaSaslAuthEnable%%", twin.read()) == "no"


def test_contains_matches_substrings_and_exact_whole_words() -> None:
    twin = Twin()
    twin.own["zimbraMtaSmtpdSenderRestrictions"] = ["xreject_everything"]
    mark = "VAR:zimbraMtaSmtpdSenderRestrictions reject_everything"
    assert render(f"%%contains {mark}%%", twin.read()) == "reject_everything"
    assert render(f"%%exact {mark}%%", twin.read()) == ""


def test_contains_takes_replacement_and_alternative() -> None:
    mark = "%%contains VAR:zimbraServiceEnabled opendkim^10030^10025%%"
    twin = Twin()
    assert render(mark, twin.read()) == "10030"
    twin.own["zimbraServiceEnabled"] = ["mta"]
    assert render(mark, twin.read()) == "10025"


def test_a_plain_mark_may_stand_inside_a_function() -> None:
    twin = Twin()
    twin.own["zimbraIPMode"] = ["both"]
    mark = "%%contains VAR:zimbraServiceEnabled mta^[%%zimbraLocalBindAddress%%]:1%%"
    assert render(mark, twin.read()) == "[::1]:1"


def test_uncomment_and_comment_put_the_comment_sign() -> None:
    twin = Twin()
    line = "%%uncomment LOCAL:postjournal_enabled%%on %%comment SERVICE:mta%%off"
    assert render(line, twin.read()) == "#on #off"
    twin.local["postjournal_enabled"] = "true"
    assert render(line, twin.read()) == "on #off"


def test_a_negated_condition_is_understood() -> None:
    assert render("%%truefalse SERVICE:!mta%%", Twin().read()) == "false"


def test_items_are_sorted_and_escaped() -> None:
    twin = Twin()
    twin.own["zimbraSSLExcludeCipherSuites"] = ["b<", "a"]
    assert render("%%items VAR:zimbraSSLExcludeCipherSuites%%", twin.read()) == (
        "<Item>a</Item><Item>b&lt;</Item>"
    )


def test_a_binary_value_is_decoded() -> None:
    twin = Twin()
    twin.config["zimbraSSLDHParam"] = ["aGVsbG8="]
    assert render("%%binary VAR:zimbraSSLDHParam%%", twin.read()) == "hello"


def test_restrictions_leave_out_empty_lines() -> None:
    assert restrictions("a\n\n%%zimbraMtaRelayHost%%\nb,\n", Twin().read()) == "a, b"


def test_percentages_become_points() -> None:
    inputs = Twin().read()
    assert inputs.var("zimbraSpamKillLevel") == "15"
    assert inputs.var("zimbraSpamTagLevel") == "6.6"
