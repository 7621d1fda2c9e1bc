"""One failure in several files is one event."""

import heapq

from tests.logs.files import (
    ASKED,
    BYSTANDER,
    CALLER,
    PROXY,
    STAMP,
    URL,
    failed,
    read,
    sasl,
    saslauthd,
)
from zmward.logs.event import Event, row
from zmward.logs.joined import Joiner, joined


def together(*streams: list[Event]) -> list[Event]:
    return list(joined(heapq.merge(*streams, key=lambda one: one.when)))


def soap(reason: str, request: str = "1") -> str:
    return (
        f"{STAMP} INFO  {URL} [oip={CALLER};soapId={request};] SoapEngine - handler "
        f"exception: authentication failed for [anna], {reason}"
    )


def test_a_wrong_password_in_two_files_is_one() -> None:
    audit = read("audit", failed(f"name=anna@example.com;oip={CALLER};soapId=1;"))
    mailbox = read("mailbox", soap("invalid password"))
    assert len(together(audit, mailbox)) == 1
    assert len(together(mailbox, audit)) == 1


def test_mailbox_log_alone_is_enough() -> None:
    assert len(together(read("mailbox", soap("invalid password")))) == 1


def test_audit_log_is_told_whatever_clients_write_elsewhere() -> None:
    """Lines of mailbox.log can be forged, and hide no attempt that audit.log has."""
    context = f"ip={PROXY};oip={CALLER};cid=7;"
    line = (
        f"{STAMP} INFO  [ImapServer-1] [{context}] imap - authentication failed for "
        "[anna@example.com] (invalid password)"
    )
    late = "2024-11-05 10:15:44,000"
    audit = read("audit", *[failed(context, protocol="imap", stamp=late)] * 3)
    told = together(read("mailbox", *[line] * 3), audit)
    assert [one.log for one in told].count("audit") == 3


def test_of_two_lines_that_of_audit_log_is_told() -> None:
    context = f"name=anna@example.com;oip={CALLER};soapId=1;"
    before = read("mailbox", soap("invalid password"))
    after = read("audit", failed(context, stamp="2024-11-05 10:15:40,900"))
    assert [one.log for one in together(before, after)] == ["audit"]


def test_two_requests_are_two() -> None:
    audit = read("audit", *(failed(f"oip={CALLER};soapId={n};") for n in "12"))
    mailbox = read("mailbox", *(soap("invalid password", n) for n in "12"))
    assert len(together(audit, mailbox)) == 2


def test_three_tries_in_one_connection_are_three() -> None:
    context = f"ip={PROXY};oip={CALLER};cid=7;"
    audit = read("audit", *[failed(context, protocol="imap")] * 3)
    line = (
        f"{STAMP} INFO  [ImapServer-1] [{context}] imap - authentication failed for "
        "[anna@example.com] (invalid password)"
    )
    assert len(together(audit, read("mailbox", *[line] * 3))) == 3


def test_a_mail_login_has_its_address_and_its_account() -> None:
    syslog = read("syslog", saslauthd("bob@example.com"), sasl())
    context = f"oip={PROXY};oproto=smtp;soapId=3;"
    audit = read("audit", failed(context, "bob@example.com", thread=ASKED))
    (event,) = together(syslog, audit)
    assert (event.source, event.account) == (CALLER, "bob@example.com")


def test_a_mail_login_whose_address_is_told_twice_is_one() -> None:
    context = f"oip={CALLER};oproto=smtp;soapId=3;"
    audit = read("audit", failed(context, "bob@example.com", thread=ASKED))
    (event,) = together(read("syslog", sasl()), audit)
    assert (event.log, event.source) == ("syslog", CALLER)


def test_nobody_vanishes_behind_the_mail_login_of_another() -> None:
    """A web client announces SMTP while somebody else mistypes his mail password."""
    context = f"oip={BYSTANDER};oproto=smtp;soapId=3;"
    for thread in (URL, ASKED):
        audit = read("audit", failed(context, "boss@example.com", thread=thread))
        found = together(read("syslog", sasl()), audit)
        assert {(one.log, one.source, one.account) for one in found} == {
            ("syslog", CALLER, ""),
            ("audit", BYSTANDER, "boss@example.com"),
        }


def test_two_mail_logins_at_once_are_not_mixed_up() -> None:
    other = "203.0.113.9"
    names = ("bob@example.com", "eve@example.com")
    syslog = read("syslog", *map(saslauthd, names), sasl(), sasl(other))
    found = together(syslog)
    whole = [one for one in found if not one.half]
    assert [(one.source, one.account) for one in whole] == [(CALLER, ""), (other, "")]
    assert {one.account for one in found if one.half} == set(names)
    assert not any(one.source for one in found if one.half)


def test_a_name_that_postfix_gives_settles_it() -> None:
    other = "203.0.113.9"
    lines = (
        *(saslauthd("bob@example.com"), saslauthd("eve@example.com")),
        *(sasl(name="eve@example.com"), sasl(other, name="bob@example.com")),
    )
    found = together(read("syslog", *lines))
    assert {(one.source, one.account) for one in found} == {
        (CALLER, "eve@example.com"),
        (other, "bob@example.com"),
    }


def test_a_mail_login_at_no_account_is_known_as_that() -> None:
    context = f"oip={PROXY};oproto=smtp;soapId=3;"
    line = (
        f"{STAMP} INFO  {ASKED} [{context}] SoapEngine - handler exception: "
        "authentication failed for [bob@example.com], account not found"
    )
    syslog = read("syslog", saslauthd("bob@example.com"), sasl())
    (event,) = together(syslog, read("mailbox", line))
    assert (event.kind, event.source) == ("unknown", CALLER)


def test_a_name_without_an_address_is_kept() -> None:
    (event,) = together(read("syslog", saslauthd("bob@example.com")))
    assert (event.account, event.source) == ("bob@example.com", "")


def test_many_attempts_at_once_are_not_all_remembered() -> None:
    joiner = Joiner()
    many = (Event(1.0, "failure", "audit", CALLER, key=f"s{n}") for n in range(40_000))
    assert len(joiner.through(map(row, many))) == 40_000
    assert len(joiner.known().counts) < 20_000
