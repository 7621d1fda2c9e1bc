"""Only who may have guessed is banned, whatever else a login is refused for."""

import pytest

from tests.logs.files import CALLER, failed, read, sasl
from zmward.bans.jails import LOGIN, SMTP

WRONG = "authentication failed for [anna@example.com], invalid password"
EXTERNAL = "authentication failed for [anna@example.com], external LDAP auth failed, "
CODE = "LDAP error: [LDAP: error code 49 - 80090308: AcceptSecurityContext error, data "


def counted(error: str) -> list[tuple[str, bool]]:
    line = failed(f"oip={CALLER};soapId=1;").replace(WRONG, error)
    return [(one.kind, LOGIN.counts(one)) for one in read("audit", line)]


@pytest.mark.parametrize(
    "error",
    [
        WRONG,
        f"{EXTERNAL}{CODE}52e, v4563]",
        f"{EXTERNAL}unable to ldap authenticate: Invalid Credentials",
        "authentication failed for [anna], a reason of another version",
        # The typed name cannot make a guess look like something else.
        "authentication failed for [a], account lockout], invalid password",
        f"authentication failed for [a], account lockout], {EXTERNAL[45:]}{CODE}52e",
        f"{EXTERNAL}unable to ldap authenticate: NDS error: failed (-669)",
        f"{EXTERNAL}unable to ldap authenticate: Incorrect password.",
        f"{EXTERNAL}LDAP error: ",
    ],
)
def test_a_wrong_password_counts(error: str) -> None:
    assert counted(error) == [("failure", True)]


@pytest.mark.parametrize(
    "error",
    [
        "must change your password",
        "system failure: LDAP error: unable to create connection",
        "authentication failed for [anna@example.com], account lockout",
        "authentication failed for [anna@example.com], empty password",
        "authentication failed for [anna], account(or domain) status is maintenance",
        "authentication failed for [anna], missing  userPassword",
        f"{EXTERNAL}LDAP error: : connect error",
        f"{EXTERNAL}{CODE}773, v4563]",
    ],
)
def test_what_is_no_guess_does_not(error: str) -> None:
    assert counted(error) == [("denied", False)]


def test_a_refusal_that_is_told_twice_is_no_unknown_account() -> None:
    line = failed(f"oip={CALLER};soapId=1;")
    start = line.partition("security - ")[0]
    for reason in ("must change your password", "invalid password"):
        told = (
            f"{start}security - Error occurred during authentication: authentication "
            f"failed for [anna@example.com]. Reason: {reason}."
        )
        assert read("audit", told) == []


@pytest.mark.parametrize(
    "reason",
    [
        "Connection lost to authentication server",
        "generic failure",
        "Invalid authentication mechanism",
    ],
)
def test_a_server_that_cannot_ask_bans_nobody(reason: str) -> None:
    """Each telephone that tries again would be shut out while saslauthd is down."""
    line = sasl().replace("authentication failure", reason)
    assert line != sasl()
    assert read("syslog", line) == []
    (one,) = read("syslog", sasl())
    assert SMTP.counts(one)
