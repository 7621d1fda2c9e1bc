"""What the admin SOAP interface was observed to answer."""

import json
import re

import pytest
from tests.standins import mailboxd_twin as twin

ADMIN = 'xmlns="urn:zimbraAdmin"'
TWO_VALUES = "".join(
    f'<a n="zimbraMailTrustedIP">192.0.2.{number}</a>' for number in (1, 2)
)


def test_login_answers_lifetime_token_and_cookie(server: twin.Running) -> None:
    reply = server.soap(twin.login("zimbra", "ldap-secret"))
    assert reply.status == 200
    assert reply.header("Content-Type") == "text/xml;charset=utf-8"
    assert re.search(
        '<AuthResponse xmlns="urn:zimbraAdmin"><lifetime>43200000</lifetime>'
        "<authToken>0_[0-9a-f]{40}_[0-9a-f]+</authToken></AuthResponse>",
        reply.text,
    )
    assert reply.text.startswith(
        '<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope">'
        '<soap:Header><context xmlns="urn:zimbra"/></soap:Header><soap:Body>'
    )
    cookie = reply.header("Set-Cookie") or ""
    assert re.fullmatch(
        "ZM_ADMIN_AUTH_TOKEN=0_[0-9a-f_]+; Path=/; Secure; HttpOnly", cookie
    )


def test_the_cookie_alone_is_enough(server: twin.Running) -> None:
    headers = {"Cookie": f"ZM_ADMIN_AUTH_TOKEN={server.admin()}"}
    reply = server.soap(f"<NoOpRequest {ADMIN}/>", headers=headers)
    assert reply.status == 200


def test_csrf_token_comes_only_when_asked_for(server: twin.Running) -> None:
    asked = twin.login("zimbra", "ldap-secret", ' csrfTokenSecured="1"')
    reply = server.soap(asked)
    value = re.search("<csrfToken>(0_[0-9a-f]{40})</csrfToken>", reply.text)
    assert value is not None
    assert reply.header("X-Zimbra-Csrf-Token") == value[1]
    token = twin.token_of(reply)
    assert server.soap(f"<NoOpRequest {ADMIN}/>", token).status == 500
    headers = {"X-Zimbra-Csrf-Token": value[1]}
    again = server.soap(f"<NoOpRequest {ADMIN}/>", token, headers=headers)
    assert again.status == 200


@pytest.mark.parametrize(
    ("name", "password", "code", "text"),
    [
        (
            "admin@example.test",
            "wrong",
            "account.AUTH_FAILED",
            "authentication failed for [admin@example.test]",
        ),
        (
            "nobody@example.test",
            "x",
            "service.PERM_DENIED",
            "permission denied: Error in Authentication",
        ),
        (
            "user1@example.test",
            "user-secret",
            "service.PERM_DENIED",
            "permission denied: not an admin account",
        ),
        (
            "user1@example.test",
            "wrong",
            "service.PERM_DENIED",
            "permission denied: not an admin account",
        ),
    ],
)
def test_a_refused_login_says_why(
    server: twin.Running, name: str, password: str, code: str, text: str
) -> None:
    reply = server.soap(twin.login(name, password))
    assert reply.status == 500
    assert reply.code == code
    assert f"<soap:Text>{text}</soap:Text>" in reply.text


def test_an_inactive_administrator_is_denied(server: twin.Running) -> None:
    account = server.store.get("account", "name", "admin@example.test")
    server.store.modify(account, [("zimbraAccountStatus", "locked")])
    reply = server.soap(twin.login("admin@example.test", "admin-secret"))
    assert reply.code == "service.PERM_DENIED"
    assert "Error in Authentication" in reply.text


@pytest.mark.parametrize("token", ["", "garbage", "0_" + "0" * 40 + "_6964"])
def test_no_usable_token_is_auth_required(server: twin.Running, token: str) -> None:
    reply = server.soap(f"<GetAllConfigRequest {ADMIN}/>", token)
    assert (reply.status, reply.code) == (500, "service.AUTH_REQUIRED")
    assert "no valid authtoken present" in reply.text


def test_a_tampered_token_is_auth_required(server: twin.Running) -> None:
    token = server.admin()
    changed = token[:-1] + ("0" if token[-1] != "0" else "1")
    reply = server.soap(f"<GetAllConfigRequest {ADMIN}/>", changed)
    assert reply.code == "service.AUTH_REQUIRED"


def test_a_fault_has_the_observed_shape(server: twin.Running) -> None:
    body = f'<GetCosRequest {ADMIN}><cos by="name">gold</cos></GetCosRequest>'
    reply = server.soap(body, server.admin())
    assert re.search(
        "<soap:Fault><soap:Code><soap:Value>soap:Sender</soap:Value></soap:Code>"
        "<soap:Reason><soap:Text>no such cos: gold</soap:Text></soap:Reason>"
        '<soap:Detail><Error xmlns="urn:zimbra"><Code>account.NO_SUCH_COS</Code>'
        "<Trace>[^<]+</Trace></Error></soap:Detail></soap:Fault>",
        reply.text,
    )


def test_soap_11_is_answered_in_soap_11(server: twin.Running) -> None:
    body = f'<GetCosRequest {ADMIN}><cos by="name">gold</cos></GetCosRequest>'
    reply = server.soap(body, server.admin(), protocol=twin.SOAP_11)
    assert f'xmlns:soap="{twin.SOAP_11}"' in reply.text
    assert "<soap:Fault><faultcode>soap:Client</faultcode>" in reply.text
    assert "<faultstring>no such cos: gold</faultstring><detail><Error" in reply.text


def test_json_is_answered_in_json(server: twin.Running) -> None:
    asked = {"GetConfigRequest": {"_jsns": "urn:zimbraAdmin", "a": {"n": "zimbraId"}}}
    asked["GetConfigRequest"]["a"] = {"n": "zimbraMtaRelayHost"}
    body = {
        "Header": {"context": {"_jsns": "urn:zimbra", "authToken": server.admin()}},
        "Body": asked,
    }
    reply = server.ask("admin", "/service/admin/soap", json.dumps(body))
    assert reply.header("Content-Type") == "text/javascript; charset=utf-8"
    assert json.loads(reply.text) == {
        "Header": {"context": {"_jsns": "urn:zimbra"}},
        "Body": {
            "GetConfigResponse": {
                "a": [{"n": "zimbraMtaRelayHost", "_content": "relay.example.test"}],
                "_jsns": "urn:zimbraAdmin",
            }
        },
        "_jsns": "urn:zimbraSoap",
    }


def test_a_json_fault_has_the_observed_shape(server: twin.Running) -> None:
    asked = {"GetAllConfigRequest": {"_jsns": "urn:zimbraAdmin"}}
    reply = server.ask("admin", "/service/admin/soap", json.dumps({"Body": asked}))
    fault = json.loads(reply.text)["Body"]["Fault"]
    assert fault["Code"]["Value"] == "soap:Sender"
    assert fault["Reason"]["Text"] == "no valid authtoken present"
    assert fault["Detail"]["Error"]["Code"] == "service.AUTH_REQUIRED"
    assert "Trace" in fault["Detail"]["Error"]


@pytest.mark.parametrize("body", ["", "<soap:Envelope", "{", "<x/>"])
def test_a_parse_error_has_no_header(server: twin.Running, body: str) -> None:
    reply = server.ask("admin", "/service/admin/soap", body)
    assert reply.status == 500
    assert "service.PARSE_ERROR" in reply.text
    assert "Header" not in reply.text


@pytest.mark.parametrize(
    "body",
    [
        f"<NoSuchThingRequest {ADMIN}/>",
        '<GetAllConfigRequest xmlns="urn:zimbraMail"/>',
        '<NoOpRequest xmlns="urn:zimbra"/>',
        f"<AuthResponse {ADMIN}/>",
    ],
)
def test_what_is_unknown_is_an_unknown_document(
    server: twin.Running, body: str
) -> None:
    assert server.soap(body, server.admin()).code == "service.UNKNOWN_DOCUMENT"


def test_the_request_name_may_be_in_the_path(server: twin.Running) -> None:
    path = "/service/admin/soap/NoOpRequest"
    reply = server.soap(f"<NoOpRequest {ADMIN}/>", server.admin(), path=path)
    assert reply.status == 200


def test_user_tokens_are_denied_admin_requests(server: twin.Running) -> None:
    reply = server.soap(f"<GetAllConfigRequest {ADMIN}/>", server.user())
    assert reply.code == "service.PERM_DENIED"


def test_the_admin_interface_is_not_on_the_mail_port(server: twin.Running) -> None:
    assert server.soap(twin.login("zimbra", "x"), role="mail").status == 404
    reply = server.soap(twin.login("zimbra", "ldap-secret"), **twin.USER_SIDE)
    assert reply.code == "service.UNKNOWN_DOCUMENT"


def test_a_delegated_administrator_has_no_rights(server: twin.Running) -> None:
    user = server.store.get("account", "name", "user2@example.test")
    server.store.modify(user, [("zimbraIsDelegatedAdminAccount", "TRUE")])
    reply = server.soap(twin.login("user2@example.test", "user-secret"))
    token = twin.token_of(reply)
    assert server.soap(f"<NoOpRequest {ADMIN}/>", token).status == 200
    reply = server.soap(f"<GetAllConfigRequest {ADMIN}/>", token)
    assert reply.code == "service.PERM_DENIED"


class TestBatch:
    def _body(self, onerror: str) -> str:
        return (
            f'<BatchRequest xmlns="urn:zimbra" onerror="{onerror}">'
            f'<GetCosRequest {ADMIN} requestId="1"><cos by="name">x</cos>'
            f'</GetCosRequest><NoOpRequest {ADMIN} requestId="2"/></BatchRequest>'
        )

    def test_a_fault_inside_is_http_200(self, server: twin.Running) -> None:
        reply = server.soap(self._body("continue"), server.admin())
        assert reply.status == 200
        assert '<soap:Fault requestId="1">' in reply.text
        assert '<NoOpResponse xmlns="urn:zimbraAdmin" requestId="2"/>' in reply.text
        assert "<Error><Code>account.NO_SUCH_COS" in reply.text

    def test_a_login_inside_does_not_serve_its_neighbours(
        self, server: twin.Running
    ) -> None:
        inside = twin.login("zimbra", "ldap-secret") + f"<GetAllConfigRequest {ADMIN}/>"
        body = f'<BatchRequest xmlns="urn:zimbra">{inside}</BatchRequest>'
        reply = server.soap(body)
        assert "<authToken>" in reply.text
        assert "service.AUTH_REQUIRED" in reply.text

    def test_onerror_stop_ends_it(self, server: twin.Running) -> None:
        reply = server.soap(self._body("stop"), server.admin())
        assert "Fault" in reply.text
        assert "NoOpResponse" not in reply.text


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


class TestTokens:
    def test_each_login_adds_a_value(self, server: twin.Running) -> None:
        server.admin()
        server.admin()
        zimbra = server.store.get("account", "adminName", "zimbra")
        assert len(zimbra.attrs["zimbraAuthTokens"]) == 2

    def test_setting_the_password_ends_sessions(self, server: twin.Running) -> None:
        session = server.user()
        number = server.store.get("account", "name", "user1@example.test").id
        body = (
            f"<SetPasswordRequest {ADMIN}><id>{number}</id>"
            "<newPassword>another-one</newPassword></SetPasswordRequest>"
        )
        assert server.soap(body, server.admin()).status == 200
        ask = '<GetInfoRequest xmlns="urn:zimbraAccount"/>'
        reply = server.soap(ask, session, **twin.USER_SIDE)
        assert reply.code == "service.AUTH_EXPIRED"

    def test_a_token_expires(self, server: twin.Running) -> None:
        token = server.admin()
        server.clock.now += 12 * 3600 + 1
        reply = server.soap(f"<NoOpRequest {ADMIN}/>", token)
        assert reply.code == "service.AUTH_EXPIRED"

    def test_logging_off_ends_it_at_once(self, server: twin.Running) -> None:
        token = server.admin()
        assert (
            server.soap(f'<EndSessionRequest {ADMIN} logoff="1"/>', token).status == 200
        )
        assert server.soap(f"<NoOpRequest {ADMIN}/>", token).status == 500


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
