"""Conditions are yes, no or not known; not known never becomes one of the others."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.examples import NODE, evidence_of
from zmward.catalog.advisories import advisories
from zmward.catalog.conditions import (
    AllOf,
    AnyOf,
    AppPasswords,
    Attribute,
    ByHand,
    Condition,
    Edition,
    Extension,
    Helper,
    LocalKey,
    Not,
    Package,
    Pax,
    SecondFactor,
    Sudo,
    Zimlet,
)
from zmward.control import passes
from zmward.facts import Facts
from zmward.patches.met import met
from zmward.profile import Profile
from zmward.sources.sudoers import Rule

YES, NO, NONE = Package("zimbra-store"), Package("zimbra-apache"), ByHand("by hand")
EWS = Attribute(("cos", "account"), {"zimbraFeatureEwsEnabled": ("TRUE",)}, unset=False)
JSP = Attribute(("server",), {"zimbraZimletJspEnabled": ("TRUE",)}, unset=False)
LAZY = Attribute(
    ("domain",),
    {"zimbraAuthMech": ("ldap", "ad"), "zimbraAuthLdapSearchFilter": ()},
    unset=False,
)
NOTIFY = LocalKey("snmp_notify", ("1", "yes"))
STAT = "644 zimbra zimbra 1 1 regular file|/opt/zimbra/"


def holds(condition: Condition, **given: Any) -> bool | None:
    facts = Facts(evidence_of(passes(**given)), Profile(), datetime.now(UTC))
    return met(condition, facts, NODE).holds


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (AllOf((YES, YES)), True),
        (AllOf((YES, NO)), False),
        (AllOf((NONE, NO)), False),
        (AllOf((NONE, YES)), None),
        (AnyOf((NO, YES)), True),
        (AnyOf((NONE, YES)), True),
        (AnyOf((NO, NONE)), None),
        (AnyOf((NO, NO)), False),
        (Not(YES), False),
        (Not(NO), True),
        (Not(NONE), None),
        (NONE, None),
    ],
)
def test_parts_are_joined_in_three_values(
    condition: Condition, expected: object
) -> None:
    assert holds(condition) is expected


def test_silence_is_not_known() -> None:
    for condition, source in (
        (YES, "packages"),
        (EWS, "ldap-accounts"),
        (JSP, "ldap-config"),
        (LAZY, "ldap-domains"),
        (NOTIFY, "localconfig"),
        (Zimlet("a"), "zimlets"),
        (Extension("a"), "extensions"),
        (Pax(), "amavis-pax"),
        (Edition("NETWORK"), "ldap-servers"),
        (Sudo("nginx"), "sudoers"),
        (Helper("rar"), "amavis-helpers"),
        (SecondFactor(), "ldap-accounts"),
        (AppPasswords(), "ldap-app-passwords"),
    ):
        assert holds(condition, missing=(source,)) is None
        assert holds(Not(condition), missing=(source,)) is None


def test_a_class_or_a_single_account_is_enough() -> None:
    none: dict[str, Any] = {"zimbraFeatureEwsEnabled": {}}
    one = {"zimbraFeatureEwsEnabled": {"TRUE": ("a@example.com",)}}
    off, on = ({"zimbraFeatureEwsEnabled": word} for word in ("FALSE", "TRUE"))
    assert holds(EWS, cos={"default": off}, accounts=none) is False
    assert holds(EWS, cos={"default": off, "staff": on}, accounts=none) is True
    assert holds(EWS, cos={"default": off}, accounts=one) is True
    assert holds(EWS, cos={"default": {}}, accounts=none) is False
    # A class that is on is enough, whatever the accounts say.
    assert holds(EWS, cos={"default": on}, missing=("ldap-accounts",)) is True


def test_a_server_has_the_global_value_until_it_sets_its_own() -> None:
    on, off = ({"zimbraZimletJspEnabled": word} for word in ("TRUE", "FALSE"))
    assert holds(JSP, config=on) is True
    assert holds(JSP, config=on, server=off) is False
    assert holds(JSP, config=off, server=on) is True
    assert holds(JSP) is False


def test_a_server_that_the_directory_does_not_know_has_no_known_value() -> None:
    off = {"zimbraZimletJspEnabled": "FALSE"}
    facts = Facts(evidence_of(passes(config=off)), Profile(), datetime.now(UTC))
    assert met(JSP, facts, "elsewhere.example.com").holds is None


def test_an_attribute_of_accounts_that_nobody_asked_for_is_not_known() -> None:
    other = Attribute(("account",), {"zimbraFeatureVoiceEnabled": ("TRUE",)})
    assert holds(other, accounts={}) is None
    any_value = Attribute(("account",), {"zimbraFeatureEwsEnabled": ()})
    one = {"zimbraFeatureEwsEnabled": {"FALSE": ("a@example.com",)}}
    assert holds(any_value, accounts=one) is True


def test_all_of_an_attribute_s_parts_must_be_at_one_object() -> None:
    both = {"zimbraAuthMech": "ad", "zimbraAuthLdapSearchFilter": "(uid=%u)"}
    assert holds(LAZY, domains={"a": both}) is True
    spread = {"a": {"zimbraAuthMech": "ad"}, "b": {"zimbraAuthLdapSearchFilter": "x"}}
    assert holds(LAZY, domains=spread) is False
    assert holds(LAZY, domains={}) is False


def test_certificates_of_a_directory_are_a_second_way_in() -> None:
    row = next(row for row in advisories().rows if row.id == "CVE-2026-93635")
    assert row.condition is not None
    keys = {"zimbraSMIMELdapURL": "ldap://keys.example.com"}
    assert holds(row.condition, domains={"a": keys}) is True
    assert holds(row.condition, domains={"a": {}}, config=keys) is True
    assert holds(row.condition, domains={"a": {}}) is False


def test_a_key_that_is_not_set_means_what_the_row_says() -> None:
    assert holds(NOTIFY, localconfig={"snmp_notify": "YES"}) is True
    assert holds(NOTIFY, localconfig={"snmp_notify": "0"}) is False
    assert holds(NOTIFY, localconfig={}) is None
    assert holds(LocalKey("a", ("1",), unset=False), localconfig={}) is False


def test_programs_are_looked_for_by_their_whole_name() -> None:
    zimlet = Zimlet("com_zimbra_webex")
    folder = f"{STAT}zimlets-deployed\n"
    other = f"{folder}{STAT}zimlets-deployed/xcom_zimbra_webex\n"
    there = f"{folder}{STAT}zimlets-deployed/com_zimbra_webex\n"
    assert holds(zimlet, raw={"zimlets": there}) is True
    assert holds(zimlet, raw={"zimlets": other}) is False
    assert holds(zimlet, raw={"zimlets": folder}) is False
    assert holds(zimlet, raw={"zimlets": ""}) is None
    backup = Extension("backup")
    jar = f"{STAT}lib/ext/backup/zimbra-backup-store.jar\n"
    assert holds(backup, raw={"extensions": jar}) is True
    assert holds(backup, raw={"extensions": f"{STAT}lib/ext/mitel/a.jar\n"}) is False
    assert holds(backup, raw={"extensions": ""}) is None


def test_a_half_installed_package_is_neither_there_nor_not() -> None:
    raw = {"packages": "ii zimbra-core 10.1.0\niH zimbra-snmp 10.1.0\n"}
    assert holds(Package("zimbra-snmp"), raw=raw) is None
    assert holds(Package("zimbra-core"), raw=raw) is True


def test_pax_and_passwords_are_counted() -> None:
    assert holds(Pax(), raw={"amavis-pax": "searched\n/usr/bin/pax\n"}) is True
    assert holds(Pax(), raw={"amavis-pax": "searched\n"}) is False
    assert holds(AppPasswords(), raw={"ldap-app-passwords": "counted 2\n"}) is True
    assert holds(AppPasswords(), raw={"ldap-app-passwords": "counted 0\n"}) is False
    assert holds(AppPasswords(), raw={"ldap-app-passwords": ""}) is None


@pytest.mark.parametrize(
    ("edition", "expected"),
    [("NETWORK", True), ("FOSS", False), ("", None), ("network", None)],
)
def test_the_directory_tells_the_edition(edition: str, expected: object) -> None:
    server = {"zimbraServerVersionType": edition} if edition else {}
    assert holds(Edition("NETWORK"), server=server) is expected


@pytest.mark.parametrize(
    ("stored", "shown", "expected"),
    [
        ("NETWORK", "NETWORK", True),
        ("FOSS", "FOSS", False),
        ("FOSS", "", False),
        # Against the directory, or without it, zmcontrol clears nobody.
        ("NETWORK", "FOSS", True),
        ("FOSS", "NETWORK", None),
        ("", "NETWORK", True),
        ("", "FOSS", None),
        ("network", "FOSS", None),
        (None, "NETWORK", True),
        (None, "FOSS", None),
        (None, "", None),
    ],
)
def test_zmcontrol_is_held_against_the_directory(
    stored: str | None, shown: str, expected: object
) -> None:
    given: dict[str, Any] = {"missing": ("ldap-servers",)} if stored is None else {}
    if stored:
        given["server"] = {"zimbraServerVersionType": stored}
    if shown:
        line = f"Release 10.1.20.GA.4655.UBUNTU22_64 {shown} edition.\n"
        given["raw"] = {"zmcontrol-release": line}
    assert holds(Edition("NETWORK"), **given) is expected


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("/opt/zimbra/common/sbin/nginx", True),
        ("/opt/zimbra/common/sbin/postfix", False),
        ("/opt/zimbra/common/sbin/*", True),
        ("/opt/zimbra/common/sbin/", True),
        ("ALL", True),
        ("PROGRAMS", True),
    ],
)
def test_a_rule_of_sudo_that_may_name_a_program_does(
    command: str, expected: object
) -> None:
    rule = Rule("/etc/sudoers.d/02_zimbra", "%zimbra", (command,), "")
    assert holds(Sudo("nginx"), sudoers=(rule,)) is expected


def test_rules_of_others_say_nothing_of_zimbra() -> None:
    rule = Rule("/etc/sudoers", "%wheel", ("ALL",), "")
    assert holds(Sudo("nginx"), sudoers=(rule,)) is False


def test_helpers_are_there_or_not() -> None:
    found = {"rar": ("/usr/bin/unrar",), "parse-excel": ()}
    assert holds(Helper("rar"), amavis_helpers=found) is True
    assert holds(Helper("parse-excel"), amavis_helpers=found) is False
