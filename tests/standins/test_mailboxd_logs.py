"""The lines that logins leave, as the documentation of the logs shows them."""

import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from lab.zimbra.mailboxd.tls import Keystore
from tests.standins import mailboxd_twin as twin
from tests.standins.memory import directory

Start = Callable[..., AbstractContextManager[twin.Running]]
STAMP = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}"
FORWARDED = {
    "Host": "mail.example.test",
    "X-Forwarded-For": "198.51.100.7",
    "User-Agent": "probe",
}


@pytest.fixture
def start(tmp_path: Path, keystore: Keystore) -> Start:
    @contextmanager
    def starting(
        local: dict[str, str] | None = None, **config: list[str]
    ) -> Iterator[twin.Running]:
        store = directory(**config)
        with twin.running(store, local or {}, tmp_path, keystore) as running:
            yield running

    return starting


def side(**more: Any) -> dict[str, Any]:
    return {**twin.USER_SIDE, "path": "/service/soap/AuthRequest", **more}


def test_a_success_is_one_line_of_audit(start: Start) -> None:
    with start() as server:
        body = twin.user_login("user1@example.test", "user-secret")
        server.soap(body, **side(headers=FORWARDED))
        log = server.log("audit.log")
    assert re.fullmatch(
        STAMP
        + r" INFO  \[qtp\d+-\d+:https://mail.example.test/service/soap/AuthRequest\] "
        r"\[name=user1@example.test;oip=198.51.100.7;port=\d+;ua=probe;"
        r"soapId=[0-9a-f]{8};\] security - "
        r"cmd=Auth; account=user1@example.test; protocol=soap;\n",
        log,
    )


def test_a_wrong_password_is_in_both_logs_under_one_id(start: Start) -> None:
    with start() as server:
        body = twin.user_login("user1", "wrong")
        server.soap(body, **side(headers=FORWARDED))
        audit, mailbox = server.log("audit.log"), server.log("mailbox.log")
    reason = "authentication failed for [user1], invalid password"
    start_of_line = "cmd=Auth; account=user1@example.test; protocol=soap;"
    assert re.match(STAMP + " WARN  ", audit)
    assert f"security - {start_of_line} error={reason};" in audit
    assert f"SoapEngine - handler exception: {reason}\n" in mailbox
    number = re.compile("soapId=([0-9a-f]+)")
    assert set(number.findall(audit)) == set(number.findall(mailbox))


def test_an_unknown_account_is_in_mailbox_log_only(start: Start) -> None:
    with start() as server:
        server.soap(twin.user_login("no.body", "x"), **side(headers=FORWARDED))
        audit, mailbox = server.log("audit.log"), server.log("mailbox.log")
    assert audit == ""
    text = "handler exception: authentication failed for [no.body], account not found"
    assert f"SoapEngine - {text}" in mailbox


def test_additional_logging_tells_audit_too(start: Start) -> None:
    with start({"zimbra_additional_logging": "true"}) as server:
        server.soap(twin.user_login("no.body", "x"), **side())
        text = (
            "Error occurred during authentication: authentication failed for "
            "[no.body]. Reason: account not found."
        )
        assert text in server.log("audit.log")


def test_admin_login_of_a_user_leaves_nothing_in_audit_log(start: Start) -> None:
    with start() as server:
        server.soap(twin.login("user1@example.test", "user-secret"))
        assert server.log("audit.log") == ""
        text = (
            "SoapEngine - handler exception\ncom.zimbra.common.service."
            "ServiceException: permission denied: not an admin account"
        )
        assert text in server.log("mailbox.log")


@pytest.mark.parametrize(
    ("trusted", "source", "wanted"),
    [
        ([], "127.0.0.2", "ip=127.0.0.2;"),
        (["127.0.0.2"], "127.0.0.2", "oip=198.51.100.7;"),
        (["127.0.0.0/8"], "127.0.0.2", "ip=127.0.0.2;"),
        ([], "127.0.0.1", "oip=198.51.100.7;"),
    ],
)
def test_the_header_counts_from_literally_trusted_peers(
    start: Start, trusted: list[str], source: str, wanted: str
) -> None:
    with start(zimbraMailTrustedIP=trusted) as server:
        body = twin.user_login("user1@example.test", "user-secret")
        server.soap(body, **side(headers=FORWARDED, source=source))
        log = server.log("audit.log")
    assert f"[name=user1@example.test;{wanted}port=" in log


def test_a_forged_header_comes_first(start: Start) -> None:
    with start() as server:
        headers = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7"}
        body = twin.user_login("user1@example.test", "user-secret")
        server.soap(body, **side(headers=headers))
        assert "oip=203.0.113.9, 198.51.100.7;" in server.log("audit.log")


def test_localconfig_names_the_header(start: Start) -> None:
    local = {"zimbra_http_originating_ip_header": "X-Real-IP"}
    with start(local) as server:
        headers = {"X-Forwarded-For": "203.0.113.9", "X-Real-IP": "198.51.100.7"}
        body = twin.user_login("user1@example.test", "user-secret")
        server.soap(body, **side(headers=headers))
        assert "oip=198.51.100.7;" in server.log("audit.log")


def test_smtp_authentication_carries_its_protocol(start: Start) -> None:
    headers = {
        "Host": "mail.example.test:7073",
        "X-Forwarded-For": "198.51.100.7",
        "X-Forwarded-Port": "41244",
        "X-Forwarded-Proto": "smtp",
    }
    with start() as server:
        body = twin.user_login("user1@example.test", "wrong")
        server.soap(body, role="mta-auth", headers=headers)
        log = server.log("audit.log")
    assert re.search(
        r"\[qtp\d+-\d+:smtp://mail.example.test:7073/service/admin/soap/\] "
        r"\[name=user1@example.test;oip=198.51.100.7;oport=41244;oproto=smtp;soapId=",
        log,
    )


def test_admin_writes_are_audited(start: Start) -> None:
    with start() as server:
        body = (
            '<ModifyConfigRequest xmlns="urn:zimbraAdmin">'
            '<a n="zimbraMailTrustedIP">192.0.2.1</a></ModifyConfigRequest>'
        )
        server.soap(body, server.admin())
        text = "security - cmd=ModifyConfig; zimbraMailTrustedIP=192.0.2.1;"
        assert text in server.log("audit.log")


def test_log_files_are_not_for_everybody(start: Start) -> None:
    with start() as server:
        server.admin()
        assert (server.places.logs / "audit.log").stat().st_mode & 0o777 == 0o640


class TestLockout:
    CONFIG = (
        ("zimbraPasswordLockoutEnabled", "TRUE"),
        ("zimbraPasswordLockoutMaxFailures", "2"),
        ("zimbraPasswordLockoutDuration", "1h"),
        ("zimbraPasswordLockoutFailureLifetime", "1h"),
    )

    def _try(self, server: twin.Running, password: str) -> int:
        body = twin.user_login("user1@example.test", password)
        return server.soap(body, **side()).status

    def test_the_account_locks_and_opens_again(self, start: Start) -> None:
        with start() as server:
            server.store.modify(server.store.get("cos", "name", "default"), self.CONFIG)
            assert [self._try(server, "wrong") for _ in range(2)] == [500, 500]
            assert self._try(server, "user-secret") == 500
            account = server.store.get("account", "name", "user1@example.test")
            assert account.attrs["zimbraAccountStatus"] == ["lockout"]
            server.clock.now += 3601
            assert self._try(server, "user-secret") == 200
            log = server.log("audit.log")
        assert (
            "cmd=Auth; account=user1@example.test; "
            "error=account lockout due to too many failed logins;" in log
        )
        assert "[user1@example.test], account lockout;" in log
        assert "info=account re-activated from lockout status upon succ" in log

    def test_it_is_off_by_default(self, start: Start) -> None:
        with start() as server:
            for _ in range(12):
                self._try(server, "wrong")
            account = server.store.get("account", "name", "user1@example.test")
            assert account.attrs["zimbraAccountStatus"] == ["active"]


@pytest.mark.parametrize(
    ("path", "protocol"), [("/home/user1/", "http_basic"), ("/dav/", "http_dav")]
)
def test_basic_logins_name_their_servlet(
    start: Start, path: str, protocol: str
) -> None:
    with start() as server:
        assert server.ask("mail", path).status == 401
        for password, status in (("user-secret", 404), ("wrong", 401)):
            word = b64encode(f"user1@example.test:{password}".encode()).decode()
            headers = {"Authorization": f"Basic {word}"}
            assert server.ask("mail", path, headers=headers).status == status
        log = server.log("audit.log")
    line = f"cmd=Auth; account=user1@example.test; protocol={protocol};"
    assert f"{line}\n" in log
    assert f"{line} error=authentication failed" in log


class TestReasons:
    def test_alias_login_can_be_switched_off(self, start: Start) -> None:
        with start({"alias_login_enabled": "false"}) as server:
            body = twin.user_login("u@example.test", "user-secret")
            assert server.soap(body, **side()).status == 500
            assert "[u@example.test], alias login not enabled.;" in server.log(
                "audit.log"
            )
            body = twin.user_login("user1@example.test", "user-secret")
            assert server.soap(body, **side()).status == 200

    def test_alias_login_works_otherwise(self, start: Start) -> None:
        with start() as server:
            body = twin.user_login("u@example.test", "user-secret")
            assert server.soap(body, **side()).status == 200

    @pytest.mark.parametrize(("fallback", "status"), [("FALSE", 500), ("TRUE", 200)])
    def test_an_external_source_that_is_down(
        self, start: Start, fallback: str, status: int
    ) -> None:
        with start() as server:
            domain = server.store.get("domain", "name", "example.test")
            changes = [
                ("zimbraAuthMech", "ad"),
                ("zimbraAuthLdapURL", "ldaps://ad.example.test:636"),
                ("zimbraAuthFallbackToLocal", fallback),
            ]
            server.store.modify(domain, changes)
            body = twin.user_login("user1@example.test", "user-secret")
            assert server.soap(body, **side()).status == status
            reply = server.soap(twin.login("admin@example.test", "admin-secret"))
            assert reply.status == status
