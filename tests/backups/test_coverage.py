"""Accounts are held against archives by their names, whatever scripts add to them."""

import shlex
from collections.abc import Sequence

import pytest

from zmward.backups.coverage import Account, coverage, listed
from zmward.doors.host import Done, Local
from zmward.engine.drill_coverage import live

JOE = Account("joe@example.test", ("office@example.test",))
ANN = Account("Ann@Example.test")
NEW = Account("new@example.test", here=False)


@pytest.mark.parametrize(
    "path",
    [
        *(
            "joe@example.test.tgz",
            "account-joe@example.test.tgz",
            "/a/JOE@example.test.tgz",
        ),
        *("joe@example.test-2026-11-30.tgz", "20261130_joe@example.test.tgz"),
        *("2026-11-30/joe@example.test_20261130-0200.tgz", "office@example.test.tgz"),
    ],
)
def test_an_archive_bears_its_accounts_name(path: str) -> None:
    found = coverage([path], [JOE, ANN, NEW])
    assert found.lacking == ("Ann@Example.test",)
    assert found.strangers == ()


def test_an_archive_of_nobody_is_a_stranger() -> None:
    found = coverage(["joe@example.test.tgz", "gone@example.test.tgz"], [JOE])
    assert (found.lacking, found.strangers) == ((), ("gone@example.test",))


def test_who_needs_none_has_one_all_the_same() -> None:
    found = coverage(["joe@example.test.tgz", "new@example.test.tgz"], [JOE, NEW])
    assert (found.lacking, found.strangers) == ((), ())


def test_what_a_run_found_empty_is_not_lacking() -> None:
    paths, spared = ["joe@example.test.tgz"], ["account-ann@example.test.tgz"]
    assert coverage(paths, [JOE, ANN], spared).lacking == ()


def test_names_of_another_kind_are_not_compared() -> None:
    assert not coverage(["mailbox-17.tgz"], [JOE]).known
    assert not coverage(["joe@example.test.tgz"], []).known


def test_many_names_are_a_few_and_a_number() -> None:
    assert listed(["a", "b", "c", "d"]) == "a, b, c and 1 more"
    assert listed(["x" * 200]) == "x" * 80


class Directory(Local, frozen=True):
    """A host whose directory has an account of each kind that matters."""

    def run(
        self,
        argv: Sequence[str],
        *,
        given: bytes = b"",
        user: str = "root",
        seconds: int = 60,
    ) -> Done:
        """Answer as directory.sh does."""
        del given, user, seconds
        if " survey " in shlex.join(argv):
            keys = (
                "zimbra_server_hostname mail.example.test",
                "ldap_master_url ldap://a",
            )
            text = "".join(f"key {key}\n" for key in keys)
            return Done(0, f"{text}curl /usr/bin/curl\n".encode())
        return Done(0, "".join(_entry(*row) for row in PEOPLE).encode())


PEOPLE = (
    ("joe", "mail.example.test", "20261101000000Z", "mail: office@example.test"),
    ("far", "other.example.test", "20261101000000Z", "mail: far@example.test"),
    ("new", "MAIL.example.test", "20261201000000Z", "mail: new@example.test"),
    ("spam", "mail.example.test", "20261101000000Z", "zimbraIsSystemAccount: TRUE"),
)


def _entry(uid: str, host: str, made: str, more: str) -> str:
    return (
        f"dn: uid={uid},ou=people,dc=example,dc=test\nzimbraMailHost: {host}\n"
        f"createTimestamp: {made}\nzimbraMailAlias: {uid}.alias@example.test\n{more}\n\n"
    )


def test_only_own_accounts_that_are_older_than_the_backup_need_an_archive() -> None:
    found = live(Directory(), 1_796_000_000.0)
    assert found
    assert [one.name for one in found if one.here] == ["joe@example.test"]
    assert "joe.alias@example.test" in found[0].others


def test_a_directory_that_is_down_tells_of_no_account() -> None:
    class Down(Local, frozen=True):
        def run(self, *_words: object, **_more: object) -> Done:
            return Done(66, b"", b"no such file")

    assert live(Down(), 1_796_000_000.0) is None
