"""What the admin SOAP interface was observed to answer."""

import json
import re

import pytest
from tests.standins import mailboxd_twin as twin

ADMIN = 'xmlns="urn:zimbraAdmin"'


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
