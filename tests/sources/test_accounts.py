"""The census of accounts: the program that counts, and the reading of its lines."""

import shutil
import subprocess
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zmward.sources.accounts import Accounts, Admin, Group, parse, reduce
from zmward.sources.accounts_program import PROGRAM
from zmward.sources.source import Unreadable

# In the form of ldapsearch -LLL on a lab node, shortened; the script is base64 of
# a filter that redirects a copy to drop@elsewhere.test.
LDIF = """\
dn: uid=admin,ou=people,dc=example,dc=test
objectClass: inetOrgPerson
objectClass: zimbraAccount
zimbraMailDeliveryAddress: admin@example.test
zimbraAccountStatus: active
zimbraIsAdminAccount: TRUE
zimbraLastLogonTimestamp: 20261120000000Z
zimbraPasswordMinLength: 16
zimbraPrefMailForwardingAddress: boss@Elsewhere.test

# pagedresults: cookie=MQAAAAAAAAA=
dn:: dWlkPcO8c2VyLG91PXBlb3BsZSxkYz1leGFtcGxlLGRjPXRlc3Q=
objectClass: zimbraAccount
zimbraMailDeliveryAddress:: w7xzZXJAZXhhbXBsZS50ZXN0
zimbraAccountStatus: active
zimbraCreateTimestamp: 20250301000000Z
zimbraCOSId: 42
zimbraTwoFactorAuthEnabled: TRUE
zimbraMailSieveScript:: cmVxdWlyZSBbImNvcHkiXTsKaWYgdHJ1ZSB7CiAgcmVkaXJlY3QgOmNvcHkgImRyb3BAZWxzZXdoZXJlLnRlc3QiOwp9Cg==
zimbraProxyAllowedDomains: *
zimbraProxyAllowedDomains: *.example.com

dn: uid=guest,ou=people,dc=example,dc=test
objectClass: zimbraAccount
zimbraMailDeliveryAddress: guest@example.test
zimbraAccountStatus: closed
zimbraIsExternalVirtualAccount: TRUE
zimbraImapEnabled: FALSE

dn: uid=room,ou=people,dc=example,dc=test
objectClass: zimbraAccount
objectClass: zimbraCalendarResource
zimbraMailDeliveryAddress: room@example.test
zimbraAccountStatus: active
zimbraImapEnabled: TRUE

dn: uid=spam.1,ou=people,dc=example,dc=test
objectClass: zimbraAccount
zimbraMailDeliveryAddress: spam.1@example.test
zimbraAccountStatus: active
zimbraIsSystemAccount: TRUE
zimbraIsAdminAccount: TRUE

dn: uid=zimbra,cn=admins,cn=zimbra
objectClass: zimbraAccount
zimbraAccountStatus: active
zimbraIsAdminAccount: TRUE
"""  # a script is one line of LDIF

AWKS = [
    argv
    for argv in (["mawk"], ["gawk"], ["gawk", "--posix"], ["busybox", "awk"])
    if shutil.which(argv[0])
]


def _run(ldif: str, code: int, awk: list[str]) -> subprocess.CompletedProcess[str]:
    script = (
        f"search() {{ cat; return {code}; }}\n"
        f'awk() {{ {" ".join(awk)} "$@"; }}\n{PROGRAM}'
    )
    return subprocess.run(
        ["sh", "-c", script],
        input=ldif,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


def _accounts(ldif: str = LDIF, awk: list[str] | None = None) -> Accounts:
    done = _run(ldif, 0, awk or AWKS[0])
    assert done.returncode == 0, done.stderr
    return parse(reduce(done.stdout.splitlines()))


@pytest.mark.parametrize("awk", AWKS, ids=" ".join)
def test_every_awk_counts_the_same(awk: list[str]) -> None:
    assert _accounts(awk=awk) == _accounts()


def test_administrators_of_people_are_read_whole() -> None:
    assert _accounts().admins == (
        Admin(
            name="admin@example.test",
            status="active",
            last_logon="20261120000000Z",
            forwards=True,
            own={"zimbraPasswordMinLength": ("16",)},
        ),
    )


def test_own_values_are_grouped_under_all_of_them() -> None:
    overrides = _accounts().overrides
    assert overrides["zimbraProxyAllowedDomains"] == {
        "*\n*.example.com": Group(1, ("üser@example.test",))
    }
    assert overrides["zimbraImapEnabled"] == {
        "FALSE": Group(1, ("guest@example.test",))
    }


def test_forwards_and_redirecting_filters_are_grouped_by_target() -> None:
    assert _accounts().forwards == {
        "own": {"elsewhere.test": Group(1, ("admin@example.test",))},
        "filter": {"elsewhere.test": Group(1, ("üser@example.test",))},
    }


def test_the_census_counts_people_apart_from_rooms_and_principals() -> None:
    found = _accounts()
    assert found.matched == 6
    assert found.census.statuses == {
        "user active": 2,
        "guest closed": 1,
        "resource active": 1,
        "system active": 1,
        "principal active": 1,
    }
    assert found.census.second_factor == 1
    assert found.census.coses == {"42": 1, "@example.test": 1}
    assert set(found.census.last_logon) == {"202611"}
    assert set(found.census.never) == {"202503"}


def test_a_search_that_fails_is_no_answer() -> None:
    done = _run(LDIF, 4, AWKS[0])
    assert done.returncode == 4


def test_a_search_that_breaks_off_is_no_answer() -> None:
    broken = PROGRAM.replace("printf", ": printf", 1)
    script = f"search() {{ cat; }}\n{broken}"
    done = subprocess.run(
        ["sh", "-c", script], input=LDIF, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1


def test_an_empty_directory_is_counted_as_such() -> None:
    assert _accounts("").matched == 0


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["+1\t\tmatched\tmore"],
        ["+x\t\tmatched"],
        ["+1", "+0\t\tmatched"],
        ["name: without a dn", "+0\t\tmatched"],
        ["+1\t :%%%\tgroup\tadmin", "+0\t\tmatched"],
        ["+1\t\tsomething", "+0\t\tmatched"],
    ],
)
def test_lines_that_are_not_the_programs_are_unreadable(lines: list[str]) -> None:
    with pytest.raises(Unreadable):
        parse(reduce(lines))


@given(st.lists(st.text()))
def test_any_lines_are_read_or_unreadable(lines: list[str]) -> None:
    with suppress(Unreadable):
        parse(reduce(lines))


@given(st.text())
def test_any_stored_text_is_read_or_unreadable(text: str) -> None:
    with suppress(Unreadable):
        parse(text)
