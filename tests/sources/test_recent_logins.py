"""Recent logins, counted by the very snippet over logs as Zimbra writes them."""

import gzip
import subprocess
from pathlib import Path

import pytest

from zmward.sources.recent_logins import RECENT_LOGINS, Logins, Use, parse
from zmward.sources.source import Snippet, Unreadable

AUDIT = (
    "2026-11-05 10:15:32,417 INFO  [qtp1:https://mail.example.com/service/soap/"
    "AuthRequest] [name=anna@example.com;oip=203.0.113.45;port=51544;ua=x;soapId=1;] "
    "security - cmd=Auth; account=anna@example.com; protocol=soap;\n"
    "2026-11-05 10:16:01,230 WARN  [ImapSSLServer-17] [ip=192.0.2.10;"
    "oip=198.51.100.7;] security - cmd=Auth; account=anna@example.com; protocol=imap;"
    " error=authentication failed for [anna@example.com], invalid password;\n"
    "2026-11-06 10:16:01,230 INFO  [ImapSSLServer-17] [ip=192.0.2.10;"
    "oip=198.51.100.7;] security - cmd=Auth; account=bob@example.com; protocol=imap;\n"
    "2026-11-06 10:16:20,118 INFO  [qtp1:smtp://m:7073/service/admin/soap/] "
    "[name=bob@example.com;oip=198.51.100.7;oport=41244;oproto=smtp;soapId=2;] "
    "security - cmd=Auth; account=bob@example.com; protocol=soap;\n"
    "2026-11-06 10:16:21,118 INFO  [qtp1] [] security - cmd=Auth; account=zimbra; "
    "protocol=soap;\n"
)
MAIL = (
    "Nov  5 10:16:40 mta1 postfix/submission/smtpd[30150]: 4F2A11C0A2: "
    "client=unknown[203.0.113.45], sasl_method=PLAIN, sasl_username=bobby\n"
    "Nov  5 10:16:41 mta1 postfix/smtpd[30151]: 4F2A11C0A3: client=p[10.1.2.3]\n"
    "Nov  5 10:16:41 mta1 postfix/amavisd/smtpd[3]: 4F2A11C0A4: client=l[127.0.0.1]\n"
    "Nov  6 10:16:41 mta1 postfix/smtpd[30151]: Anonymous TLS connection established "
    "from p[10.1.2.3]: TLSv1 with cipher AES128-SHA (128/128 bits)\n"
    "Nov  6 10:16:42 mta1 postfix/smtpd[30151]: Anonymous TLS connection established "
    "from q[10.1.2.4]: TLSv1.2 with cipher AES128-SHA (128/128 bits)\n"
)
PROXY = (
    "2024/11/05 10:16:01 [info] 2211#0: *9931 client logged in, client: "
    '198.51.100.7:55123, server: 0.0.0.0:995, login: "anna", upstream: x\n'
)


def counted(tmp_path: Path) -> str:
    question = RECENT_LOGINS.question
    assert isinstance(question, Snippet)
    text = question.text.replace("/opt/zimbra/log", str(tmp_path / "zimbra"))
    text = text.replace("/var/log", str(tmp_path / "var"))
    done = subprocess.run(
        ["sh", "-uc", f'limit() {{ "$@"; }}\n{text}'],
        capture_output=True,
        text=True,
        check=True,
        env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
    )
    return done.stdout


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    (tmp_path / "zimbra").mkdir()
    (tmp_path / "var").mkdir()
    return tmp_path


def test_logins_are_counted_by_protocol_and_account(logs: Path) -> None:
    (logs / "zimbra" / "audit.log.2026-11-05.gz").write_bytes(
        gzip.compress(AUDIT.encode())
    )
    (logs / "zimbra" / "audit.log").write_text(AUDIT)
    (logs / "zimbra" / "nginx.log").write_text(PROXY)
    (logs / "var" / "zimbra.log").write_text(MAIL)
    found = parse(counted(logs))
    assert found == Logins(
        days={"audit": 2, "mail": 2, "proxy": 1},
        accounts={
            "soap": {"anna@example.com": Use(2, "203.0.113.45")},
            "imap": {"bob@example.com": Use(2, "198.51.100.7")},
            "smtp": {"bob@example.com": Use(2, "198.51.100.7")},
        },
        typed={
            "smtp": {"bobby": Use(1, "203.0.113.45")},
            "pop3": {"anna": Use(1, "198.51.100.7")},
        },
        clients={"10.1.2.3": Use(1)},
        old_tls={"10.1.2.3": Use(1)},
    )


def test_no_log_is_no_answer(logs: Path) -> None:
    with pytest.raises(Unreadable, match="no log"):
        parse(counted(logs))


def test_more_than_a_plan_can_show_is_cut_and_said(logs: Path) -> None:
    lines = (
        f"2026-11-06 10:16:01,230 INFO  [I] [ip=192.0.2.1;] security - cmd=Auth; "
        f"account=u{n}@example.com; protocol=imap;\n"
        for n in range(20_100)
    )
    (logs / "zimbra" / "audit.log").write_text("".join(lines))
    found = parse(counted(logs))
    assert len(found.accounts["imap"]) == 20_000
    assert found.cut == {"imap"}
