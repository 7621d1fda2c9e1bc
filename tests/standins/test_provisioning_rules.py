"""Zimbra's rules about values and changes, without a directory."""

import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lab.zimbra import passwords
from lab.zimbra.changes import outcome, read_request
from lab.zimbra.errors import ProvisioningError
from lab.zimbra.schema import attributes, canonical, find
from lab.zimbra.validation import check_value, seconds

GOOD = (
    ("zimbraAuthTokenLifetime", "2d"),
    ("zimbraAuthTokenLifetime", "3600"),
    ("zimbraAuthTokenLifetime", "500ms"),
    ("zimbraMtaTlsAuthOnly", "TRUE"),
    ("zimbraAdminPort", "65535"),
    ("zimbraLastLogonTimestamp", "20261121190958.403Z"),
    ("zimbraMailForwardingAddress", "a@example.test"),
    ("zimbraMailCatchAllAddress", "@example.test"),
    ("zimbraPrefMailForwardingAddress", "A <a@example.test>, b@example.test"),
)
BAD = (
    ("zimbraAuthTokenLifetime", "2 days"),
    ("zimbraAuthTokenLifetime", "-1h"),
    ("zimbraMtaTlsAuthOnly", "true"),
    ("zimbraMtaTlsAuthOnly", ""),
    ("zimbraAdminPort", "65536"),
    ("zimbraAdminPort", "-1"),
    ("zimbraLastLogonTimestamp", "2026-11-21"),
    ("zimbraMailForwardingAddress", "nobody"),
    ("zimbraMailCatchAllAddress", "a@example.test"),
    ("zimbraPasswordMinLength", "99999999999"),
    ("zimbraMtaSmtpdTlsLoglevel", "9"),
    ("zimbraMtaBlockedExtension", "x" * 65),
    ("zimbraPrefMailForwardingAddress", "nobody"),
)


@pytest.mark.parametrize(("name", "value"), GOOD)
def test_a_good_value_passes(name: str, value: str) -> None:
    check_value(attributes()[name], value)


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_bad_value_is_refused_by_its_attribute(name: str, value: str) -> None:
    with pytest.raises(ProvisioningError) as refused:
        check_value(attributes()[name], value)
    assert refused.value.code == "account.INVALID_ATTR_VALUE"
    assert refused.value.message.startswith(name)


@given(st.sampled_from(sorted(attributes())), st.text())
@example("zimbraExternalImapPort", "²")
def test_any_value_is_taken_or_refused(name: str, value: str) -> None:
    with contextlib.suppress(ProvisioningError):
        check_value(attributes()[name], value)


def test_one_default_only_is_no_value_that_its_attribute_takes() -> None:
    refused = set()
    for row in attributes().values():
        for value in filter(None, (v for vs in row.defaults.values() for v in vs)):
            try:
                check_value(row, value)
            except ProvisioningError:
                refused.add((row.name, value))
    # Zimbra's schema itself joins two words of an enum here.
    joined = ("zimbraMtaSmtpSaslSecurityOptions", "noplaintext,noanonymous")
    assert refused == {joined}


def test_durations_have_units() -> None:
    lengths = [seconds(text) for text in ("2", "2m", "2h", "2d", "20ms", "2w")]
    assert lengths == [2, 120, 7200, 172800, 0.02, None]


def test_plain_values_replace_as_a_set() -> None:
    request = read_request([("zimbraMailTrustedIP", "a"), ("zimbramailtrustedip", "b")])
    assert outcome(request, {"zimbraMailTrustedIP": ["c"]}) == {
        "zimbraMailTrustedIP": ["a", "b"]
    }


def test_signs_add_and_remove_at_the_entry() -> None:
    request = read_request([("+x", "new"), ("-x", "old"), ("-x", "absent")])
    assert outcome(request, {"x": ["old", "kept"]}) == {"x": ["kept", "new"]}


@pytest.mark.parametrize(
    "pairs", [[("+x", "there")], [("-x", "absent")], [("x", "there")], [("y", "")]]
)
def test_what_changes_nothing_asks_nothing_of_the_directory(
    pairs: list[tuple[str, str]],
) -> None:
    assert outcome(read_request(pairs), {"x": ["there"]}) == {}


def test_a_name_with_and_without_a_sign_is_refused() -> None:
    with pytest.raises(ProvisioningError) as refused:
        read_request([("x", "1"), ("+X", "2"), ("+x", "2")])
    assert refused.value.code == "service.INVALID_REQUEST"


def test_names_are_known_in_any_case() -> None:
    assert canonical("ZIMBRAID") == "zimbraId"
    assert find("zimbraid") is attributes()["zimbraId"]
    assert find("zimbraNoSuchAttr") is None


def test_only_flagged_attributes_are_inherited() -> None:
    assert attributes()["zimbraAuthTokenLifetime"].inherits("account")
    assert attributes()["zimbraPublicSharingEnabled"].inherits("account")
    assert not attributes()["zimbraProxyAllowedDomains"].inherits("account")
    assert attributes()["zimbraMtaTlsAuthOnly"].inherits("server")
    assert not attributes()["zimbraMtaTlsAuthOnly"].inherits("domain")


@pytest.mark.parametrize(
    ("password", "complaint"),
    [
        ("Aa1!", "too short"),
        ("aaaaa1!!", "not enough upper case characters"),
        ("AAAAA1!!", "not enough lower case characters"),
        ("AAaaa111", "not enough punctuation characters"),
        ("AAaaa!!!", "not enough numeric characters"),
        ("Aa1!" * 5, "too long"),
    ],
)
def test_the_policy_names_what_a_password_lacks(password: str, complaint: str) -> None:
    kinds = ("UpperCase", "LowerCase", "Punctuation", "Numeric")
    policy = {f"zimbraPasswordMin{kind}Chars": ["1"] for kind in kinds}
    policy |= {"zimbraPasswordMinLength": ["8"], "zimbraPasswordMaxLength": ["16"]}
    with pytest.raises(ProvisioningError) as refused:
        passwords.check_policy(password, policy)
    assert refused.value.message == f"invalid password: {complaint}"
    assert refused.value.arguments[0][1] == "NUM"


@given(st.text(), st.text())
def test_only_the_same_password_matches(stored: str, typed: str) -> None:
    assert passwords.matches(typed, passwords.hashed(stored)) == (stored == typed)
