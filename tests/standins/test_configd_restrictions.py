"""Postfix' restrictions come in their fixed order, unknown values do not come."""

from pathlib import Path

from lab.zimbra.configd.template import restrictions
from tests.standins.configd_twin import Twin

TEMPLATES = Path(__file__).parents[2] / "lab/rootfs/opt/zimbra/conf/zmconfigd"
ALWAYS = [
    "reject_non_fqdn_recipient",
    "permit_sasl_authenticated",
    "permit_mynetworks",
    "reject_unlisted_recipient",
]


def _rendered(name: str, twin: Twin) -> list[str]:
    text = (TEMPLATES / name).read_text()
    joined = restrictions(text, twin.read())
    return joined.split(", ") if joined else []


def _recipient(*values: str) -> list[str]:
    twin = Twin()
    twin.own["zimbraMtaRestriction"] = list(values)
    return _rendered("smtpd_recipient_restrictions.cf", twin)


def test_the_default_rejects_bad_helo_and_sender_names() -> None:
    assert _rendered("smtpd_recipient_restrictions.cf", Twin()) == [
        *ALWAYS,
        "reject_invalid_helo_hostname",
        "reject_non_fqdn_sender",
        "permit",
    ]


def test_the_order_does_not_depend_on_the_attribute() -> None:
    assert _recipient(
        "reject_unknown_sender_domain", "reject_rbl_client b", "reject_rbl_client a"
    ) == [
        *ALWAYS,
        "reject_unknown_sender_domain",
        "reject_rbl_client b",
        "reject_rbl_client a",
        "permit",
    ]


def test_unknown_values_are_silently_ignored() -> None:
    assert _recipient("reject_unknown_hostname", "reject_invalid_hostname") == [
        *ALWAYS,
        "permit",
    ]


def test_a_blacklist_comes_first() -> None:
    value = "check_client_access lmdb:/opt/zimbra/conf/postfix_blacklist"
    assert _recipient(value)[0] == value


def test_split_domain_rejects_the_rest() -> None:
    value = "check_recipient_access ldap:/opt/zimbra/conf/ldap-splitdomain.cf"
    assert _recipient(value)[-3:] == [value, "reject", "permit"]


def test_only_the_exact_mismatch_restriction_counts() -> None:
    twin = Twin()
    twin.own["zimbraMtaSmtpdSenderRestrictions"] = ["reject_sender_login_mismatch"]
    old = _rendered("smtpd_sender_restrictions.cf", twin)
    wanted = "reject_authenticated_sender_login_mismatch"
    twin.own["zimbraMtaSmtpdSenderRestrictions"] = [wanted]
    new = _rendered("smtpd_sender_restrictions.cf", twin)
    assert wanted not in old
    assert new == [wanted, *old]


def test_exceptions_come_before_the_directory() -> None:
    twin = Twin()
    slm, exceptions = (
        "proxy:ldap:/opt/zimbra/conf/ldap-slm.cf",
        "lmdb:/opt/zimbra/conf/slm-exceptions-db",
    )
    twin.own["zimbraMtaSmtpdSenderLoginMaps"] = [f"{slm} {exceptions}"]
    assert _rendered("smtpd_sender_login_maps.cf", twin) == [exceptions, slm]
