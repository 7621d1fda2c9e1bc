"""Values beside a host's schema, and as nginx takes them."""

import pytest

from zmward.change import SetAttr
from zmward.provable import Unreadable, directives, objections, rules

SCHEMA = """<?xml version="1.0" encoding="UTF-8"?>
<attrs>
<attr id="1" name="zimbraFlag" type="boolean" cardinality="single"
  optionalIn="globalConfig,server"><desc>a</desc></attr>
<attr id="2" name="zimbraLevel" type="enum" value="none,may,encrypt"
  cardinality="single" optionalIn="globalConfig,server"/>
<attr id="3" name="zimbraCount" type="integer" min="1" max="10"
  cardinality="single" optionalIn="cos,account"/>
<attr id="4" name="zimbraWords" type="string" max="5" cardinality="multi"
  optionalIn="globalConfig,domain"/>
<attr id="5" name="zimbraOld" type="string" deprecatedSince="9.0.0"
  cardinality="single" optionalIn="globalConfig"/>
<attr id="6" name="zimbraTime" type="duration" min="60s" max="2d"
  cardinality="single" optionalIn="cos"/>
<attr id="7" name="zimbraPort" type="port" cardinality="single"
  requiredIn="server" optionalIn="globalConfig"/>
<attr id="8" name="zimbraFixed" type="id" immutable="1" optionalIn="server"/>
</attrs>
"""


def said(target: str, name: str, *values: str) -> str:
    change = SetAttr(target, name, None, values or None)
    return "; ".join(objections((change,), rules(SCHEMA)))


@pytest.mark.parametrize(
    ("target", "name", "values"),
    [
        ("global", "zimbraFlag", ("TRUE",)),
        ("server:a.example.test", "zimbraLevel", ("may",)),
        ("cos:default", "zimbraCount", ("10",)),
        ("domain:example.test", "zimbraWords", ("a", "b")),
        ("cos:default", "zimbraTime", ("1d",)),
        ("server:a.example.test", "zimbraPort", ("465",)),
        ("global", "zimbraNobodyKnows", ()),
    ],
)
def test_what_fits_is_not_objected_to(
    target: str, name: str, values: tuple[str, ...]
) -> None:
    assert said(target, name, *values) == ""


@pytest.mark.parametrize(
    ("target", "name", "values", "words"),
    [
        ("global", "zimbraFlag", ("yes",), "neither TRUE nor FALSE"),
        ("global", "zimbraLevel", ("must",), "encrypt, may, none"),
        ("cos:default", "zimbraCount", ("11",), "more than 10"),
        ("cos:default", "zimbraCount", ("0",), "less than 1"),
        ("cos:default", "zimbraCount", ("many",), "no number"),
        ("global", "zimbraCount", ("2",), "belongs to account, cos only"),
        ("global", "zimbraWords", ("longer",), "longer than 5"),
        ("global", "zimbraOld", ("a",), "deprecated"),
        ("global", "zimbraFlag", ("TRUE", "FALSE"), "one value, not 2"),
        ("cos:default", "zimbraTime", ("3d",), "more than 2d"),
        ("cos:default", "zimbraTime", ("59s",), "less than 60s"),
        ("cos:default", "zimbraTime", ("soon",), "no duration"),
        ("global", "zimbraPort", ("70000",), "more than 65535"),
        ("server:a.example.test", "zimbraFixed", ("x",), "immutable"),
        ("global", "zimbraNew", ("x",), "no such attribute"),
    ],
)
def test_what_does_not_fit_is_named(
    target: str, name: str, values: tuple[str, ...], words: str
) -> None:
    found = said(target, name, *values)
    assert words in found
    assert name in found


def test_half_a_schema_lacks_nothing() -> None:
    change = SetAttr("global", "zimbraNew", None, ("x",))
    assert not list(objections((change,), rules(SCHEMA), whole=False))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<attrs>",
        '<!DOCTYPE a [<!ENTITY b "c">]><attrs>&b;</attrs>',
    ],
)
def test_a_schema_that_cannot_be_trusted_is_not_read(text: str) -> None:
    with pytest.raises(Unreadable):
        rules(text)


def test_nginx_is_given_values_as_the_generator_gives_them() -> None:
    headers = ("X-Frame-Options: SAMEORIGIN", 'X-Two: "a b"')
    found = directives(
        (
            SetAttr("global", "zimbraReverseProxyResponseHeaders", None, headers),
            SetAttr("global", "zimbraReverseProxySSLProtocols", None, ("TLSv1.2",)),
            SetAttr("cos:default", "zimbraReverseProxySSLCiphers", None, ("x",)),
            SetAttr("global", "zimbraReverseProxySSLCiphers", ("x",), None),
        )
    )
    assert found == (
        "add_header X-Frame-Options SAMEORIGIN;",
        'add_header X-Two "a b";',
        "ssl_protocols TLSv1.2;",
    )
