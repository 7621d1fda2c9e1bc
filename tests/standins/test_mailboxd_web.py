"""What browsers, crawlers and attackers see of the mailbox server's web side."""

import hashlib
import hmac
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest
from lab.zimbra.mailboxd.preauth import digest
from lab.zimbra.mailboxd.tls import Keystore
from tests.standins import mailboxd_twin as twin
from tests.standins.memory import directory

WEB = Path("lab/rootfs/opt/zimbra/jetty_base/webapps")


@pytest.fixture
def place(tmp_path: Path, keystore: Keystore) -> tuple[Path, Keystore]:
    (tmp_path / "webapps").symlink_to(WEB.resolve())
    return tmp_path, keystore


@contextmanager
def started(
    place: tuple[Path, Keystore],
    local: dict[str, str] | None = None,
    **config: list[str],
) -> Iterator[twin.Running]:
    with twin.running(directory(**config), local or {}, *place) as running:
        yield running


class TestRobots:
    def test_the_static_file_stands_whatever_the_attribute_says(
        self, place: tuple[Path, Keystore]
    ) -> None:
        with started(place, zimbraMailKeepOutWebCrawlers=["TRUE"]) as server:
            static = server.ask("mail", "/robots.txt")
            servlet = server.ask("mail", "/service/robots.txt")
        assert static.status == 200
        assert static.text == (WEB / "zimbra/robots.txt").read_text()
        assert "Disallow: /\n" in servlet.text

    def test_the_servlet_reads_the_attribute_live(
        self, place: tuple[Path, Keystore]
    ) -> None:
        with started(place) as server:
            assert "Disallow: /\n" not in server.ask("mail", "/service/robots.txt").text
            change = [("zimbraMailKeepOutWebCrawlers", "TRUE")]
            server.store.modify(server.store.config(), change)
            server.mailboxd.directory.flush("config")
            assert "Disallow: /\n" in server.ask("mail", "/service/robots.txt").text


class TestResponseHeaders:
    RULES = ("Strict-Transport-Security: max-age=1", "X-Bad:value")

    def test_a_rule_without_a_blank_gets_another_name(
        self, place: tuple[Path, Keystore]
    ) -> None:
        with started(place, zimbraResponseHeader=list(self.RULES)) as server:
            reply = server.ask("mail", "/")
            assert reply.header("Strict-Transport-Security") == "max-age=1"
            assert reply.header("X-Zimbra-Unknown-Header") == "X-Bad:value"

    def test_admin_soap_has_none(self, place: tuple[Path, Keystore]) -> None:
        with started(place, zimbraResponseHeader=list(self.RULES)) as server:
            reply = server.soap(twin.login("zimbra", "ldap-secret"))
            assert reply.header("Strict-Transport-Security") is None

    def test_they_are_kept_until_a_restart(self, place: tuple[Path, Keystore]) -> None:
        with started(place, zimbraResponseHeader=list(self.RULES)) as server:
            server.ask("mail", "/")
            server.store.modify(server.store.config(), [("zimbraResponseHeader", "")])
            server.mailboxd.directory.flush("all")
            assert server.ask("mail", "/").header("Strict-Transport-Security")


class TestPages:
    def test_the_login_page_is_at_the_root(self, place: tuple[Path, Keystore]) -> None:
        with started(place) as server:
            reply = server.ask("mail", "/")
        assert reply.status == 200
        assert reply.header("X-Frame-Options") == "SAMEORIGIN"
        assert "loginForm" in reply.text
        assert "<%" not in reply.text

    def test_the_console_is_on_the_admin_port_only(
        self, place: tuple[Path, Keystore]
    ) -> None:
        with started(place) as server:
            assert server.ask("admin", "/zimbraAdmin/").status == 200
            assert server.ask("mail", "/zimbraAdmin/").status == 404

    def test_the_version_constant_is_served(self, place: tuple[Path, Keystore]) -> None:
        with started(place) as server:
            path = "/js/zimbraMail/share/model/ZmSettings.js"
            text = server.ask("mail", path).text
        assert 'CLIENT_VERSION = "10.1.3_GA_4655"' in text

    @pytest.mark.parametrize(
        "path",
        ["/../service/WEB-INF/web.xml", "/WEB-INF/web.xml", "/web-inf/web.xml", "/no"],
    )
    def test_nothing_private_is_served(
        self, place: tuple[Path, Keystore], path: str
    ) -> None:
        with started(place) as server:
            assert server.ask("mail", path).status == 404


class TestCookies:
    @pytest.mark.parametrize(
        ("setting", "wanted"),
        [
            ("", "Path=/; Secure; HttpOnly"),
            ("Strict", "Path=/;SameSite=Strict; Secure; HttpOnly"),
            ("Rigido", "Path=/;SameSite=Rigido; Secure; HttpOnly"),
        ],
    )
    def test_same_site_is_what_localconfig_said_at_start(
        self, place: tuple[Path, Keystore], setting: str, wanted: str
    ) -> None:
        with started(place, {"zimbra_same_site_cookie": setting}) as server:
            body = twin.user_login("user1@example.test", "user-secret")
            reply = server.soap(body, **twin.USER_SIDE)
        cookie = reply.header("Set-Cookie") or ""
        assert cookie.startswith("ZM_AUTH_TOKEN=0_")
        assert cookie.endswith("; " + wanted)


class TestFilters:
    def test_thirty_one_requests_in_a_second_are_too_many(
        self, place: tuple[Path, Keystore]
    ) -> None:
        with started(place) as server:
            replies = [
                server.ask("mail", "/service/robots.txt", source="127.0.0.2")
                for _ in range(31)
            ]
            assert [reply.status for reply in replies[:30]] == [200] * 30
            assert replies[30].status == 429
            assert replies[30].header("DoSFilter") == "unavailable"
            assert "text/html" in (replies[30].header("Content-Type") or "")
            server.clock.now += 1
            again = server.ask("mail", "/service/robots.txt", source="127.0.0.2")
            assert again.status == 200

    def test_loopback_is_exempt(self, place: tuple[Path, Keystore]) -> None:
        with started(place, zimbraHttpDosFilterMaxRequestsPerSec=["1"]) as server:
            for _ in range(3):
                assert server.ask("mail", "/service/robots.txt").status == 200

    def test_a_foreign_referer_is_forbidden(self, place: tuple[Path, Keystore]) -> None:
        with started(place) as server:
            headers = {"Referer": "https://evil.example/", "Host": "mail.example.test"}
            reply = server.ask("mail", "/", headers=headers)
            assert reply.status == 403
            assert "Envelope" not in reply.text
            headers["Referer"] = "https://mail.example.test/"
            assert server.ask("mail", "/", headers=headers).status == 200

    def test_an_address_with_too_many_failures_is_suspended(
        self, place: tuple[Path, Keystore]
    ) -> None:
        bad = twin.user_login("user1@example.test", "wrong")
        headers = {"X-Forwarded-For": "198.51.100.7"}
        with started(place, zimbraInvalidLoginFilterMaxFailedLogin=["2"]) as server:
            for _ in range(2):
                reply = server.soap(bad, headers=headers, **twin.USER_SIDE)
                assert reply.status == 500
            reply = server.soap(bad, headers=headers, **twin.USER_SIDE)
            assert reply.status == 503
            text = "misc - Access from IP 198.51.100.7 suspended, for repeated failed"
            assert text in server.log("mailbox.log")
            server.clock.now += 16 * 60
            reply = server.soap(bad, headers=headers, **twin.USER_SIDE)
            assert reply.status == 500


class TestProxyServlet:
    def ask(self, server: twin.Running, host: str, role: str = "mail") -> int:
        if role == "mail":
            cookie = f"ZM_AUTH_TOKEN={server.user()}"
        else:
            cookie = f"ZM_ADMIN_AUTH_TOKEN={server.admin()}"
        path = "/service/proxy?target=" + f"http://{host}/"
        return server.ask(role, path, headers={"Cookie": cookie}).status

    @pytest.mark.parametrize(
        ("host", "status"),
        [("www.example.test", 200), ("evil.example", 403), ("evilexample.test", 403)],
    )
    def test_the_class_of_service_decides(
        self, place: tuple[Path, Keystore], host: str, status: int
    ) -> None:
        with started(place) as server:
            assert self.ask(server, host) == status

    def test_a_star_without_a_dot_lets_strangers_in(
        self, place: tuple[Path, Keystore]
    ) -> None:
        with started(place) as server:
            cos = server.store.get("cos", "name", "default")
            rule = [("zimbraProxyAllowedDomains", "*example.test")]
            server.store.modify(cos, rule)
            assert self.ask(server, "evilexample.test") == 200

    def test_the_admin_port_skips_the_list(self, place: tuple[Path, Keystore]) -> None:
        with started(place) as server:
            assert self.ask(server, "evil.example", "admin") == 200

    def test_nobody_gets_in_without_a_token(self, place: tuple[Path, Keystore]) -> None:
        with started(place) as server:
            path = "/service/proxy?target=http://www.example.test/"
            assert server.ask("mail", path).status == 401


class TestPreauth:
    KEY = "9d8ad87fd726ba7d5fecf3d705621024b31cedb142310ec965f9263568fa0f27"

    def test_the_digest_agrees_with_the_published_vector(self) -> None:
        fields = {
            "account": "user1",
            "by": "name",
            "expires": "0",
            "timestamp": "1176399950434",
        }
        assert digest(self.KEY, fields) == "38491feebab859a03966bd768efefc866a6fcccf"

    def _path(self, server: twin.Running, late: float = 0, **more: str) -> str:
        stamp = str(int((server.clock.now - late) * 1000))
        text = f"user1@example.test|name|0|{stamp}"
        code = hmac.new(self.KEY.encode(), text.encode(), hashlib.sha1).hexdigest()
        query = {
            "account": "user1@example.test",
            "by": "name",
            "timestamp": stamp,
            "expires": "0",
            "preauth": code,
        }
        return "/service/preauth?" + urlencode(query | more)

    def _with_key(self, server: twin.Running) -> None:
        domain = server.store.get("domain", "name", "example.test")
        server.store.modify(domain, [("zimbraPreAuthKey", self.KEY)])

    def test_a_signed_link_becomes_a_session_without_an_address_in_the_log(
        self, place: tuple[Path, Keystore]
    ) -> None:
        with started(place) as server:
            self._with_key(server)
            reply = server.ask("mail", self._path(server))
            log = server.log("audit.log")
        assert reply.status == 302
        assert (reply.header("Set-Cookie") or "").startswith("ZM_AUTH_TOKEN=")
        text = "[] security - cmd=PreAuth; account=user1@example.test; admin=false;"
        assert text in log

    def test_the_window_is_five_minutes(self, place: tuple[Path, Keystore]) -> None:
        with started(place) as server:
            self._with_key(server)
            assert server.ask("mail", self._path(server, 301)).status == 400
            assert server.ask("mail", self._path(server, 299)).status == 302

    def test_a_domain_without_a_key_has_none(
        self, place: tuple[Path, Keystore]
    ) -> None:
        with started(place) as server:
            assert server.ask("mail", self._path(server)).status == 400

    def test_a_redirect_needs_an_allowed_prefix(
        self, place: tuple[Path, Keystore]
    ) -> None:
        with started(place) as server:
            self._with_key(server)
            path = self._path(server, redirectURL="https://evil.example/x")
            assert server.ask("mail", path).status == 400
        place[0].joinpath("log").rename(place[0] / "earlier")
        with started(place, {"zimbra_allowed_redirect_url": "/"}) as server:
            self._with_key(server)
            path = self._path(server, redirectURL="https://evil.example/x")
            assert server.ask("mail", path).header("Location") == "/x"

    def test_a_token_is_exchanged_once(self, place: tuple[Path, Keystore]) -> None:
        with started(place) as server:
            path = f"/service/preauth?authtoken={server.user()}"
            assert server.ask("mail", path).status == 302
            assert server.ask("mail", path).status == 400


class TestLookup:
    def _ask(self, server: twin.Running, user: str) -> twin.Reply:
        headers = {
            "Auth-Method": "plain",
            "Auth-User": user,
            "Auth-Pass": "x",
            "Auth-Protocol": "imap",
            "Client-IP": "198.51.100.7",
        }
        path = "/service/extension/nginx-lookup"
        return server.ask("extension", path, headers=headers)

    def test_a_user_has_a_route(self, place: tuple[Path, Keystore]) -> None:
        with started(place, zimbraImapSSLBindPort=["7993"]) as server:
            user = server.store.get("account", "name", "user1@example.test")
            server.store.modify(user, [("zimbraMailHost", "localhost")])
            reply = self._ask(server, "user1@example.test")
        assert reply.header("Auth-Status") == "OK"
        assert reply.header("Auth-Server") == "127.0.0.1"
        assert reply.header("Auth-Port") == "7993"

    def test_a_stranger_has_none_and_leaves_a_line(
        self, place: tuple[Path, Keystore]
    ) -> None:
        with started(place) as server:
            reply = self._ask(server, "nobody@example.test")
            log = server.log("mailbox.log")
        assert reply.header("Auth-Status") != "OK"
        assert re.search("nginxlookup - .*user not found:nobody@example.test", log)

    def test_it_is_on_its_own_port_only(self, place: tuple[Path, Keystore]) -> None:
        with started(place) as server:
            path = "/service/extension/nginx-lookup"
            assert server.ask("mail", path).status == 404
