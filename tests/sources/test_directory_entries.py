"""Entries of the directory; LDIF as the lab's own ldapsearch writes it."""

from collections.abc import Callable

import pytest

from zmward.sources.directory import parse_coses, parse_domains, parse_servers
from zmward.sources.source import Unreadable

SERVER = "dn: cn=mail.example.com,cn=servers,cn=zimbra\ncn: mail.example.com\n"


def test_a_server_is_named_by_its_cn() -> None:
    assert [server.name for server in parse_servers(SERVER)] == ["mail.example.com"]


@pytest.mark.parametrize("parse", [parse_servers, parse_coses])
@pytest.mark.parametrize("answer", ["", "\n"])
def test_an_answer_without_entries_is_no_answer(
    parse: Callable[[str], object], answer: str
) -> None:
    with pytest.raises(Unreadable, match="no entries"):
        parse(answer)


def test_an_installation_may_have_no_domain_yet() -> None:
    assert parse_domains("") == ()
