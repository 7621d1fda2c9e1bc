"""Greetings of mail servers are told apart by what they say."""

import pytest

from zmward.scan import mailbox, smtp
from zmward.scan.named import Named


@pytest.mark.parametrize(
    ("greeting", "wanted"),
    [
        (b"220 mail.example.test ESMTP Postfix\r\n", Named("smtp", "Postfix")),
        (
            b"220-mail.example.test ESMTP Postfix\r\n",
            Named("smtp", "Postfix postscreen"),
        ),
        (
            b"220-mail.example.test ESMTP Postfix\r\n220 mail.example.test ESMTP\r\n",
            Named("smtp", "Postfix postscreen"),
        ),
        (
            b"220 mail.example.test ESMTP Postfix (3.6.14)\r\n",
            Named("smtp", "Postfix", "3.6.14"),
        ),
        (b"220 mail.example.test ESMTP 3.6.14\r\n", Named("smtp", "", "3.6.14")),
        (b"220 mail.example.test ESMTP 20220904\r\n", Named("smtp", "", "20220904")),
        (b"220 mx1.10.example.test ESMTP\r\n", Named("smtp")),
        (b"220 [192.0.2.10] ESMTP amavisd-new ready", Named("smtp", "amavisd")),
        (
            b"220 mail.example.test Zimbra LMTP server ready\r\n",
            Named("lmtp", "Zimbra"),
        ),
        (
            b"220 mail.example.test Zimbra 10.1.4_GA_4655 LMTP server ready\r\n",
            Named("lmtp", "Zimbra", "10.1.4_GA_4655"),
        ),
        (b"421 4.3.2 No system resources\r\n", Named("smtp")),
        (b"554 5.7.1 Service unavailable\r\n", Named("smtp")),
        (b"220 (vsFTPd 3.0.3)\r\n", None),
        (b"220 ProFTPD Server ready\r\n", None),
        (b"421 Too many users\r\n", None),
        (b"SSH-2.0-OpenSSH_9.2\r\n", None),
        (b"2200 nothing\r\n", None),
        (b"", None),
        (b"\xff\xfe\x00", None),
        (b"220" + b" " * 10**6, Named("smtp")),
    ],
)
def test_smtp_is_named_by_its_greeting(greeting: bytes, wanted: Named | None) -> None:
    assert smtp.named(greeting) == wanted


@pytest.mark.parametrize(
    ("greeting", "wanted"),
    [
        (b"* OK IMAP4 ready\r\n", Named("imap", "nginx")),
        (
            b"* OK Zimbra 10.1.4_GA_4655 IMAP4 ready\r\n",
            Named("imap", "nginx", "10.1.4_GA_4655"),
        ),
        (
            b"* OK mail.example.test Zimbra IMAP4rev1 server ready\r\n",
            Named("imap", "Zimbra"),
        ),
        (
            b"* OK m.example.test Zimbra 8.8.15_GA_4179 IMAP4rev1 server ready\r\n",
            Named("imap", "Zimbra", "8.8.15_GA_4179"),
        ),
        (b"* OK [CAPABILITY IMAP4rev1] Dovecot ready.\r\n", Named("imap", "Dovecot")),
        (b"* BYE server busy\r\n", Named("imap")),
        (b"+OK POP3 ready\r\n", Named("pop3", "nginx")),
        (b"+OK POP3 ready <123.456@mail>\r\n", Named("pop3", "nginx")),
        (
            b"+OK Zimbra 10.1.4_GA_4655 POP3 ready\r\n",
            Named("pop3", "nginx", "10.1.4_GA_4655"),
        ),
        (
            b"+OK mail.example.test Zimbra POP3 server ready\r\n",
            Named("pop3", "Zimbra"),
        ),
        (b"-ERR too many connections\r\n", Named("pop3")),
        (b"* OKAY\r\n", None),
        (b"+OKAY\r\n", None),
        (b"", None),
    ],
)
def test_mailboxes_are_named_by_their_greeting(
    greeting: bytes, wanted: Named | None
) -> None:
    assert mailbox.named(greeting) == wanted
