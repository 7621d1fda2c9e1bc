"""Amavis, nginx, SMTP greetings, blocklists and the rest: real forms and noise."""

from contextlib import suppress
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zmward.sources import (
    amavis,
    blocklists,
    expiry_notifier,
    nginx,
    saslauthd,
    smtp_greetings,
)
from zmward.sources.source import Unreadable

# The form of amavisd.conf.in of 10.1 (facts, tip 2 and §8), shortened.
_AMAVIS = r"""
use strict;
# @decoders = (['cpio', \&do_pax_cpio, ['pax','gcpio','cpio']]);
@mynetworks = qw( 127.0.0.0/8 [::1]/128 );
$inet_socket_port = [10024, 10026, 10032];
$final_banned_destiny = D_BOUNCE;   # backscatter
$enable_dkim_verification = 1;
$banned_filename_re = new_RE(
    qr'.\.(exe|vbs)$'i,
);
@decoders = (
    ['mail', \&do_mime_decode],
    ['gz',   \&do_uncompress, 'gzip -d'],
    ['cpio', \&do_pax_cpio,   ['pax', 'gcpio', 'cpio']],
);
"""
# The older form, still found in the field: settings with their own comments.
_NGINX = """\
> /opt/zimbra/conf/nginx.conf
 # written by zmproxyconfgen
 include /opt/zimbra/conf/nginx/includes/nginx.conf.web;
> /opt/zimbra/conf/nginx/includes/nginx.conf.web
 http {
     add_header X-Test "a; b{c}";
     server {
         listen 443 ssl; # the web
         ssl_protocols TLSv1.2 TLSv1.3;
         location ~* ^/[a-z]+/(one|two)$ { proxy_pass https://$upstream; }
     }
 }
> /opt/zimbra/conf/nginx/includes/nginx.conf.left.over
 ssl_protocols SSLv3;
"""


def test_amavis_is_read_without_its_comments() -> None:
    found = amavis.parse(_AMAVIS)
    assert found.settings["final_banned_destiny"] == "D_BOUNCE"
    assert found.networks == ("127.0.0.0/8", "[::1]/128")
    assert found.decoders[-1].programs == ("pax", "gcpio", "cpio")
    assert found.decoders[1].programs == ("gzip",)
    assert "exe|vbs" in found.banned


def test_pax_is_where_it_is_found() -> None:
    assert amavis.parse_pax("searched\n/usr/bin/pax\n") == ("/usr/bin/pax",)
    assert amavis.parse_pax("searched\n") == ()
    with pytest.raises(Unreadable):
        amavis.parse_pax("")


def test_nginx_is_followed_along_its_includes_only() -> None:
    found = nginx.parse(_NGINX)
    (protocols,) = found.all("ssl_protocols")
    assert protocols.arguments == ("TLSv1.2", "TLSv1.3")
    assert protocols.blocks == ("http", "server")
    assert found.all("add_header")[0].arguments == ("X-Test", "a; b{c}")
    assert found.all("proxy_pass")[0].blocks[-1].startswith("location ~*")


@pytest.mark.parametrize(
    "text", ["http {", "}", "a b", ";", 'a "b;', "include /opt/zimbra/conf/nginx.conf;"]
)
def test_a_broken_nginx_configuration_is_unreadable(text: str) -> None:
    with pytest.raises(Unreadable):
        nginx.parse(f"> {nginx.TOP}\n {text}\n")


def test_a_greeting_tells_what_is_offered_before_tls() -> None:
    text = (
        "587 220 mail.example.com ESMTP Postfix\n25 220-wait\n"
        "587 250-mail.example.com\n25 220 mail.example.com ESMTP\n"
        "587 250-AUTH LOGIN PLAIN\n587 250-STARTTLS\n587 250 DSN\n25 silent\n"
    )
    found = smtp_greetings.parse(text)
    assert list(found) == [25, 587]
    assert not found[25].answered
    assert found[587].offers_login
    assert found[587].offers_tls
    assert found[587].banner == "mail.example.com ESMTP Postfix"


@pytest.mark.parametrize(
    ("decoder", "programs"),
    [
        (r"['tar', \&do_pax_cpio, ['pax','gcpio','cpio'] ]", ("pax", "gcpio", "cpio")),
        ("['cpio',\n  \\&do_pax_cpio,\n  ['pax',\n   'cpio'] ]", ("pax", "cpio")),
        (r"[['tar','cpio'], \&do_pax_cpio, \$cpio ]", ("cpio",)),
        (
            r"['rpm', \&do_uncompress, ['rpm2cpio.pl', 'rpm2cpio'] ]",
            ("rpm2cpio.pl", "rpm2cpio"),
        ),
        (r"['tar', \&do_pax_cpio, ['pax'] ],  # no cpio any more", ("pax",)),
    ],
)
def test_decoders_are_read_in_each_form(
    decoder: str, programs: tuple[str, ...]
) -> None:
    # Forms of amavisd's own sample configuration, and of editors' line breaks.
    text = f"$inet_socket_port = 10024;\n@decoders = (\n  {decoder},\n);\n"
    assert amavis.parse(text).decoders[0].programs == programs


def test_a_decoder_of_cpio_in_no_known_form_is_not_read() -> None:
    text = "$inet_socket_port = 1;\n@decoders = (\n ['tar', sub { 'cpio' }],\n);\n"
    with pytest.raises(Unreadable):
        amavis.parse(text)


def test_blocklists_tell_no_answer_from_no_such_name() -> None:
    found = blocklists.parse(
        "resolver . resolved 0 198.41.0.4 \n"
        "address zen.example.org listed 0 127.0.0.2 127.0.0.4 \n"
        "address zen.example.org clean 2 \n"
        "address slow.example.org listed 124 \n"
        "name dbl.example.org listed 0 127.0.1.2 \n"
    )
    assert found.resolver
    assert found.zones["zen.example.org"].listed == ("127.0.0.2", "127.0.0.4")
    assert found.zones["zen.example.org"].clean == ()
    assert found.zones["slow.example.org"].listed is None
    assert found.zones["dbl.example.org"].kind == "name"


def test_the_notifier_is_read() -> None:
    line = "0 0 1 * * /opt/zimbra/libexec/zmcheckexpiredcerts -days 30 -email"
    found = expiry_notifier.parse(
        f"program yes\nmailer /usr/share/perl5\nline {line}\n"
    )
    assert found.lines == (line,)
    assert found.program
    assert found.mailers == ("/usr/share/perl5",)


def test_saslauthd_is_read() -> None:
    text = (
        "# x\nzimbra_url: https://m:7073/service/admin/soap/\nzimbra_cert_check: off\n"
    )
    assert saslauthd.parse(text)["zimbra_url"].startswith("https:")


@pytest.mark.parametrize(
    "parser", [amavis, blocklists, expiry_notifier, nginx, saslauthd, smtp_greetings]
)
@given(text=st.text())
def test_any_text_is_read_or_unreadable(parser: ModuleType, text: str) -> None:
    for answer in (
        text,
        f"$inet_socket_port = 1;\n@decoders = (\n{text}",
        f"> {nginx.TOP}\n {text}",
        f"address a.b listed 0 {text}",
        f"25 220 {text}\n25 250 a",
        f"zimbra_url: {text}",
        f"program yes\n{text}",
    ):
        with suppress(Unreadable):
            parser.parse(answer)
