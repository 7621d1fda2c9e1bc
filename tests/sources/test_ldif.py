"""LDIF: folded, base64, comments, hostile."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zmward.sources.ldif import Record, parse, records
from zmward.sources.source import Unreadable

# As OpenLDAP's ldapsearch prints it (RFC 2849), folded and paged.
PRINTED = """\
version: 1

# pagedresults: cookie=AAAA
dn: cn=default,cn=cos,cn=zimbra
cn: default
zimbraProxyAllowedDomains: *.example.com
zimbraProxyAllowedDomains: www.exam
 ple.org
description:: w5xzZXI=
userCertificate;binary:: AAE=
empty:

dn:: dWlkPcO8
uid: x
"""

NAME = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,20}", fullmatch=True).filter(
    lambda name: name.lower() not in ("dn", "version")
)


def test_folded_and_encoded_values_are_whole() -> None:
    first, second = parse(PRINTED)
    assert first.dn == "cn=default,cn=cos,cn=zimbra"
    assert first.values["zimbraproxyalloweddomains"] == (
        "*.example.com",
        "www.example.org",
    )
    assert first.one("description") == "Üser"
    assert first.one("empty") == ""
    assert "usercertificate" in first.values
    assert second == Record("uid=ü", {"uid": ("x",)})


@pytest.mark.parametrize(
    "broken",
    ["cn: no dn\n", "dn: a\nno colon\n", "dn: a\nx:: %%%\n", "dn: a\nx:< file:///a\n"],
)
def test_what_is_not_ldif_is_unreadable(broken: str) -> None:
    with pytest.raises(Unreadable):
        parse(broken)


@given(st.text())
def test_nothing_but_unreadable_is_ever_raised(noise: str) -> None:
    try:
        parse(noise)
    except Unreadable:
        pass


@given(NAME, st.lists(st.text(min_size=1), min_size=1, max_size=3), st.integers(1, 76))
def test_any_value_survives_base64_and_folding(
    name: str, values: list[str], width: int
) -> None:
    lines = ["dn: x"]
    for value in values:
        encoded = base64.b64encode(value.encode("utf-8", "replace")).decode()
        line = f"{name}:: {encoded}"
        first, rest = line[: width + len(name) + 4], line[width + len(name) + 4 :]
        lines += [first, *(f" {part}" for part in rest)]
    (record,) = records(lines)
    wanted = tuple(v.encode("utf-8", "replace").decode() for v in values)
    assert record.values[name.lower()] == wanted
