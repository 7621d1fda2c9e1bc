"""An LDIF is held against the live directory: what is older than it must be in it."""

import shlex
from collections.abc import Sequence

import pytest

from zmward.backups.ldif_count import LdifCount
from zmward.doors.backup_streams import Item
from zmward.doors.host import Done, Local
from zmward.engine.drill import _live
from zmward.engine.drill_ldap import _judged, _whose
from zmward.engine.drill_part import Reading

ITEM = Item("ldap.bak", 9, "b", 1_796_000_000.0)
READ = Reading(9, 0.0, "0" * 64)
WHOLE = {"global": 1, "servers": 1, "domains": 2, "cos": 1, "accounts": 20}


class Directory(Local, frozen=True):
    """A host whose directory has some accounts, one of them a resource."""

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
        text = shlex.join(argv)
        if " survey " in text:
            return Done(0, b"key ldap_master_url ldap://a\ncurl /usr/bin/curl\n")
        assert "(createTimestamp<=20261130" in text
        rows: list[str] = []
        if "(objectClass=zimbraaccount)" in text:
            rows = ["uid=a", "uid=b", "uid=room"]
        elif "(objectClass=zimbracalendarresource)" in text:
            rows = ["uid=room"]
        return Done(0, "".join(f"dn: {row}\n\n" for row in rows).encode())


def test_kinds_are_counted_as_in_the_ldif() -> None:
    assert _live(Directory(), 1_796_050_000.0) == {"resources": 1, "accounts": 2}


def test_a_directory_that_is_down_is_not_known() -> None:
    class Down(Local, frozen=True):
        def run(self, *_words: object, **_more: object) -> Done:
            return Done(66, b"", b"no such file")

    assert _live(Down(), 1_796_050_000.0) is None


@pytest.mark.parametrize(
    ("live", "state", "words"),
    [
        ({"accounts": 20}, "well", "nothing older"),
        ({"accounts": 19}, "well", "nothing older"),
        ({"accounts": 21}, "bad", "20 accounts of 21"),
        ({"lists": 1}, "bad", "0 lists of 1"),
        (None, "unknown", "could not be asked"),
        ({}, "unknown", "has nothing older"),
    ],
)
def test_what_is_older_than_the_backup_must_be_in_it(
    live: dict[str, int] | None, state: str, words: str
) -> None:
    part = _judged((ITEM, True, READ, 1.0), (WHOLE, WHOLE), lambda _: live, "")
    assert part.state == state
    assert words in part.text


@pytest.mark.parametrize(
    ("own", "state"),
    [
        ({"cn=a,cn=servers,cn=zimbra"}, "well"),
        ({"cn=a,cn=servers,cn=zimbra", "cn=new,cn=servers,cn=zimbra"}, "well"),
        ({"cn=b,cn=servers,cn=zimbra"}, "unknown"),
        (set(), "well"),
    ],
)
def test_a_directory_of_another_site_is_not_taken_for_ours(
    own: set[str], state: str
) -> None:
    part = _judged(
        (ITEM, True, READ, 1.0), (WHOLE, WHOLE), lambda _: {"accounts": 9}, ""
    )
    count = LdifCount()
    count.feed(b"dn: cn=A,cn=servers,cn=zimbra\nobjectClass: zimbraServer\n\n")
    assert _whose(part, count.servers, lambda: frozenset(own)).state == state
