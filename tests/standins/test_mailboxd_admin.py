"""What administrators read and change over SOAP."""

import re

import pytest
from tests.standins import mailboxd_twin as twin

ADMIN = 'xmlns="urn:zimbraAdmin"'
TWO_VALUES = "".join(
    f'<a n="zimbraMailTrustedIP">192.0.2.{number}</a>' for number in (1, 2)
)


class TestConfig:
    def test_an_unknown_name_and_an_unset_one_look_alike(
        self, server: twin.Running
    ) -> None:
        token = server.admin()
        for name in ("noSuchAttr", "zimbraMailTrustedIP"):
            body = f'<GetConfigRequest {ADMIN}><a n="{name}"/></GetConfigRequest>'
            reply = server.soap(body, token)
            assert reply.status == 200
            assert '<GetConfigResponse xmlns="urn:zimbraAdmin"/>' in reply.text

    def test_get_needs_a_name(self, server: twin.Running) -> None:
        reply = server.soap(f"<GetConfigRequest {ADMIN}/>", server.admin())
        assert "missing required element: a" in reply.text

    def test_all_shows_the_token_key_in_clear(self, server: twin.Running) -> None:
        reply = server.soap(f"<GetAllConfigRequest {ADMIN}/>", server.admin())
        assert '<a n="zimbraAuthTokenKey">0:1:5a5a' in reply.text

    @pytest.mark.parametrize(
        ("changes", "values"),
        [
            ('<a n="zimbraMailTrustedIP">192.0.2.1</a>', ["192.0.2.1"]),
            (TWO_VALUES, ["192.0.2.1", "192.0.2.2"]),
            ('<a n="+zimbraMailTrustedIP">192.0.2.1</a>', ["192.0.2.1"]),
            ('<a n="-zimbraMailTrustedIP">192.0.2.1</a>', None),
            ('<a n="zimbraMtaRelayHost"></a>', None),
            ("", None),
        ],
    )
    def test_modify_answers_nothing(
        self, server: twin.Running, changes: str, values: list[str] | None
    ) -> None:
        body = f"<ModifyConfigRequest {ADMIN}>{changes}</ModifyConfigRequest>"
        reply = server.soap(body, server.admin())
        assert '<ModifyConfigResponse xmlns="urn:zimbraAdmin"/>' in reply.text
        assert server.store.config().attrs.get("zimbraMailTrustedIP") == values

    @pytest.mark.parametrize(
        ("name", "value", "code", "text"),
        [
            (
                "zimbraMtaMaxMessageSize",
                "abc",
                "account.INVALID_ATTR_VALUE",
                "zimbraMtaMaxMessageSize must be a valid long: abc",
            ),
            (
                "zimbraMtaTlsAuthOnly",
                "yes",
                "account.INVALID_ATTR_VALUE",
                "zimbraMtaTlsAuthOnly must be TRUE or FALSE",
            ),
            (
                "zimbraId",
                "x",
                "service.INVALID_REQUEST",
                "invalid request: zimbraId is immutable",
            ),
        ],
    )
    def test_a_bad_value_changes_nothing(
        self, server: twin.Running, name: str, value: str, code: str, text: str
    ) -> None:
        good = '<a n="zimbraMailTrustedIP">192.0.2.1</a>'
        bad = f'<a n="{name}">{value}</a>'
        body = f"<ModifyConfigRequest {ADMIN}>{good}{bad}</ModifyConfigRequest>"
        reply = server.soap(body, server.admin())
        assert (reply.status, reply.code) == (500, code)
        assert text in reply.text
        assert "zimbraMailTrustedIP" not in server.store.config().attrs


class TestCache:
    ASK = f'<GetConfigRequest {ADMIN}><a n="zimbraMtaRelayHost"/></GetConfigRequest>'

    def test_a_change_in_ldap_is_not_seen(self, server: twin.Running) -> None:
        token = server.admin()
        server.store.modify(server.store.config(), [("zimbraMtaRelayHost", "b.test")])
        assert "relay.example.test" in server.soap(self.ASK, token).text
        flush = '<FlushCacheRequest {}><cache type="config"/></FlushCacheRequest>'
        assert server.soap(flush.format(ADMIN), token).status == 200
        assert "b.test" in server.soap(self.ASK, token).text

    def test_after_fifteen_minutes_it_is(self, server: twin.Running) -> None:
        token = server.admin()
        server.store.modify(server.store.config(), [("zimbraMtaRelayHost", "b.test")])
        server.clock.now += 15 * 60 + 1
        assert "b.test" in server.soap(self.ASK, token).text

    def test_unknown_types_are_refused(self, server: twin.Running) -> None:
        body = (
            f'<FlushCacheRequest {ADMIN}><cache type="globalconfig"/>'
            "</FlushCacheRequest>"
        )
        reply = server.soap(body, server.admin())
        assert reply.code == "service.INVALID_REQUEST"
        assert "unknown cache type" in reply.text


class TestObjects:
    def test_modify_cos_goes_by_id_and_returns_it_whole(
        self, server: twin.Running
    ) -> None:
        token = server.admin()
        change = '<a n="zimbraPasswordMinLength">12</a>'
        body = f"<ModifyCosRequest {ADMIN}><id>{{}}</id>{change}</ModifyCosRequest>"
        reply = server.soap(body.format("default"), token)
        assert reply.code == "account.NO_SUCH_COS"
        number = server.store.get("cos", "name", "default").id
        reply = server.soap(body.format(number), token)
        assert '<a n="zimbraPasswordMinLength">12</a>' in reply.text
        assert '<a n="zimbraAuthTokenLifetime">2d</a>' in reply.text
        assert 'isDefaultCos="1"' in reply.text

    def test_cos_marks_what_accounts_do_not_inherit(self, server: twin.Running) -> None:
        reply = server.soap(f"<GetAllCosRequest {ADMIN}/>", server.admin())
        assert '<a n="zimbraProxyAllowedDomains" c="1">' in reply.text

    def test_server_is_merged_unless_told_not_to(self, server: twin.Running) -> None:
        token = server.admin()
        body = (
            f'<GetServerRequest {ADMIN} {{}}><server by="name">mail.example.test'
            "</server></GetServerRequest>"
        )
        assert "zimbraMailMode" in server.soap(body.format(""), token).text
        own = server.soap(body.format('applyConfig="0"'), token).text
        assert "zimbraMailMode" not in own
        assert "zimbraServerVersion" in own

    def test_attrs_filters(self, server: twin.Running) -> None:
        body = f'<GetAllServersRequest {ADMIN} attrs="zimbraMailMode"/>'
        reply = server.soap(body, server.admin())
        assert re.findall(r'<a n="(\w+)"', reply.text) == ["zimbraMailMode"]

    def test_account_is_merged_and_its_password_blocked(
        self, server: twin.Running
    ) -> None:
        token = server.admin()
        body = (
            f'<GetAccountRequest {ADMIN} {{}}><account by="name">user1@example.test'
            "</account></GetAccountRequest>"
        )
        merged = server.soap(body.format(""), token).text
        assert '<a n="userPassword">VALUE-BLOCKED</a>' in merged
        assert "zimbraImapEnabled" in merged
        own = server.soap(body.format('applyCos="0"'), token).text
        assert "zimbraImapEnabled" not in own

    def test_admin_accounts_show_live_token_ids(self, server: twin.Running) -> None:
        server.soap(twin.login("admin@example.test", "admin-secret"))
        reply = server.soap(f"<GetAllAdminAccountsRequest {ADMIN}/>", server.admin())
        assert 'name="admin@example.test"' in reply.text
        assert '<a n="zimbraAuthTokens">' in reply.text
        assert 'name="zimbra"' not in reply.text

    def test_a_short_password_names_the_rule(self, server: twin.Running) -> None:
        body = (
            f"<CreateAccountRequest {ADMIN}><name>new@example.test</name>"
            "<password>abc</password></CreateAccountRequest>"
        )
        reply = server.soap(body, server.admin())
        assert reply.code == "account.INVALID_PASSWORD"
        assert "invalid password: too short" in reply.text
        assert '<a t="NUM" n="zimbraPasswordMinLength">6</a>' in reply.text


class TestSearch:
    def _ask(self, more: str) -> str:
        return f"<SearchDirectoryRequest {ADMIN} {more}/>"

    def test_the_default_limit_faults(self, server: twin.Running) -> None:
        server.store.create_account("user3@example.test", "user-secret", [])
        token = server.admin()
        for more in ('limit="1"', 'countOnly="1"'):
            reply = server.soap(self._ask(more), token)
            assert reply.code == "account.TOO_MANY_SEARCH_RESULTS"
            assert "number of results exceeded the limit" in reply.text
        reply = server.soap(self._ask('maxResults="0"'), token)
        assert 'searchTotal="4" more="0"' in reply.text

    def test_without_a_session_there_is_no_sign_of_more(
        self, server: twin.Running
    ) -> None:
        reply = server.soap(self._ask('limit="2"'), server.admin())
        assert 'searchTotal="2" more="0"' in reply.text

    def test_with_a_session_there_is(self, server: twin.Running) -> None:
        token = server.admin()
        reply = server.soap(self._ask('limit="2"'), token, context="<session/>")
        found = re.search(r'<session id="(\d+)" type="admin">', reply.text)
        assert found is not None
        assert 'searchTotal="3" more="1"' in reply.text
        context = f'<session id="{found[1]}"/>'
        last = self._ask('limit="2" offset="2"')
        reply = server.soap(last, token, context=context)
        assert 'searchTotal="3" more="0"' in reply.text
        assert f'<session id="{found[1]}"' in reply.text

    def test_a_login_may_open_the_session(self, server: twin.Running) -> None:
        body = twin.login("zimbra", "ldap-secret")
        reply = server.soap(body, context="<session/>")
        assert re.search(r'<session id="\d+" type="admin">', reply.text)

    def test_a_limit_must_be_a_number(self, server: twin.Running) -> None:
        reply = server.soap(self._ask('limit="many"'), server.admin())
        assert reply.code == "service.INVALID_REQUEST"

    def test_a_count_is_a_number(self, server: twin.Running) -> None:
        reply = server.soap(self._ask('countOnly="1"'), server.admin())
        assert (
            '<SearchDirectoryResponse xmlns="urn:zimbraAdmin" num="3"/>' in reply.text
        )


class TestService:
    def test_status_faults_without_a_log_host(self, server: twin.Running) -> None:
        reply = server.soap(f"<GetServiceStatusRequest {ADMIN}/>", server.admin())
        assert reply.status == 500

    def test_ping_and_health_need_no_login(self, server: twin.Running) -> None:
        assert server.soap(f"<PingRequest {ADMIN}/>").status == 200
        reply = server.soap(f"<CheckHealthRequest {ADMIN}/>")
        assert 'healthy="1"' in reply.text

    def test_health_is_for_administrators_elsewhere(self, server: twin.Running) -> None:
        body = f"<CheckHealthRequest {ADMIN}/>"
        reply = server.soap(body, source="127.0.0.2")
        assert reply.code == "service.AUTH_REQUIRED"
        reply = server.soap(body, server.admin(), source="127.0.0.2")
        assert 'healthy="1"' in reply.text

    def test_version_names_the_release(self, server: twin.Running) -> None:
        reply = server.soap(f"<GetVersionInfoRequest {ADMIN}/>", server.admin())
        assert 'version="10.1.3_GA_4655"' in reply.text

    def test_count_is_by_class_of_service(self, server: twin.Running) -> None:
        body = (
            f'<CountAccountRequest {ADMIN}><domain by="name">example.test</domain>'
            "</CountAccountRequest>"
        )
        reply = server.soap(body, server.admin())
        assert re.search('<cos name="default" id="[^"]+">3</cos>', reply.text)


class TestLife:
    def test_what_is_created_can_be_removed(self, server: twin.Running) -> None:
        token = server.admin()
        change = '<a n="zimbraPasswordMinLength">9</a>'
        body = f"<CreateCosRequest {ADMIN}><name>gold</name>{change}</CreateCosRequest>"
        reply = server.soap(body, token)
        found = re.search('<cos name="gold" id="([^"]+)">', reply.text)
        assert found is not None
        body = f"<DeleteCosRequest {ADMIN}><id>{found[1]}</id></DeleteCosRequest>"
        assert server.soap(body, token).status == 200
        assert server.soap(body, token).code == "account.NO_SUCH_COS"

    def test_an_alias_comes_and_goes(self, server: twin.Running) -> None:
        token = server.admin()
        number = server.store.get("account", "name", "user2@example.test").id
        for verb, found in (("Add", True), ("Remove", False)):
            name = f"{verb}AccountAliasRequest"
            body = f'<{name} {ADMIN} id="{number}" alias="two@example.test"/>'
            assert server.soap(body, token).status == 200
            body = (
                f'<GetAccountRequest {ADMIN}><account by="name">two@example.test'
                "</account></GetAccountRequest>"
            )
            assert (server.soap(body, token).status == 200) is found

    def test_grants_tell_deny_and_delegation(self, server: twin.Running) -> None:
        token = server.admin()
        number = server.store.get("account", "name", "user2@example.test").id
        domain = server.store.get("domain", "name", "example.test")
        change = [("zimbraACE", f"{number} usr +listAccount")]
        server.store.modify(domain, change, internal=True)
        body = (
            f'<GetGrantsRequest {ADMIN}><target type="domain" by="name">example.test'
            "</target></GetGrantsRequest>"
        )
        reply = server.soap(body, token)
        assert '<right deny="0" canDelegate="1">listAccount</right>' in reply.text
        assert f'<grantee type="usr" id="{number}"' in reply.text
