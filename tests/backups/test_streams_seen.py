"""LDIF and SQL are counted while they pass by, however they are cut."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from zmward.backups.ldif_count import LdifCount, schema_of, total
from zmward.backups.sql_dump import SqlDump

LDIF = b"""\
dn: cn=config,cn=zimbra
objectClass: zimbraGlobalConfig
cn: config

dn: uid=a,ou=people,dc=example,dc=test
objectClass: inetOrgPerson
objectClass: zimbraAccount
description:: b2JqZWN0Q2xhc3M6IHppbWJyYURvbWFpbgo=

dn: uid=room,ou=people,dc=example,dc=test
objectClass: zimbraAccount
objectClass: zimbraCalendarResource

dn: dc=example,dc=test
objectclass: zimbraDomain

"""
SQL = b"""\
-- MariaDB dump 10.19  Distrib 10.11.6-MariaDB
CREATE TABLE `a` (
  `id` int
);
INSERT INTO `a` VALUES ('CREATE TABLE ');
CREATE TABLE `b` (
  `id` int
);
-- Dump completed on 2026-11-30
"""


def pieces(content: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted(cut % len(content) for cut in cuts), len(content)]
    return [content[a:b] for a, b in pairwise(places)]


@given(st.lists(st.integers(0, 10_000)))
def test_ldif_is_counted_by_kind(cuts: list[int]) -> None:
    count = LdifCount()
    for piece in pieces(LDIF, cuts):
        count.feed(piece)
    counts = count.counts()
    assert counts == {"resources": 1, "accounts": 1, "domains": 1, "global": 1}
    assert total(counts) == 4
    assert count.ended


@given(st.integers(1, 40))
def test_a_cut_entry_is_seen(length: int) -> None:
    count = LdifCount()
    count.feed(LDIF[: len(LDIF) - length])
    assert not count.ended


def test_the_schema_is_taken_out_of_a_dump() -> None:
    config = (
        b"dn: cn=config\nobjectClass: olcGlobal\n\n"
        b"dn: cn=schema,cn=config\nobjectClass: olcSchemaConfig\n\n"
        b"dn: cn={0}core,cn=schema,cn=config\nolcAttributeTypes: {0}( 1\n  NAME 'x' )\n\n"
        b"dn: olcDatabase={2}mdb,cn=config\nolcRootPW: secret\n\n"
    )
    schema = schema_of(config)
    assert schema.count(b"dn: ") == 2
    assert b"secret" not in schema
    assert b"\n  NAME 'x' )" in schema
    assert schema_of(b"dn: cn=config\n\n") == b""


@given(st.lists(st.integers(0, 10_000)))
def test_a_dump_of_tables_is_seen_whole(cuts: list[int]) -> None:
    dump = SqlDump()
    for piece in pieces(SQL, cuts):
        dump.feed(piece)
    assert dump.tables == 2
    assert dump.commented
    assert dump.completed


def test_a_cut_dump_has_no_end_and_one_without_comments_cannot_tell() -> None:
    cut, bare = SqlDump(), SqlDump()
    cut.feed(SQL[:-35])
    assert cut.commented
    assert not cut.completed
    bare.feed(b"CREATE TABLE `a` (\n);\n")
    assert not bare.commented
