"""The mailbox server of a booted node, asked from the attacker's side."""

import json
import sys
from typing import Any

import pytest
from lab.node import Lab
from lab.tree.identity import ADMIN_PASSWORD, USER_PASSWORD

# They are about the lab itself: what it stands in for changes seldom.
pytestmark = [pytest.mark.lab, pytest.mark.proof]

HOST, USER, ADMIN = "192.0.2.10", "user003@example.test", "admin@example.test"
# Runs in the outside namespace: each request is [port, path, headers, body].
CLIENT = """
import http.client, json, ssl, sys
blind = ssl._create_unverified_context()
for port, path, headers, body in json.load(sys.stdin):
    kind = http.client.HTTPSConnection
    link = kind("192.0.2.10", port, timeout=20, context=blind)
    link.request("GET" if body is None else "POST", path, body, headers)
    reply = link.getresponse()
    text = reply.read().decode()
    print(json.dumps([reply.status, dict(reply.getheaders()), text]))
"""
LOGIN = """
import imaplib, json, poplib, smtplib, ssl, sys
blind = ssl._create_unverified_context()
kind, port, name, word = json.load(sys.stdin)
try:
    if kind == "imap":
        link = imaplib.IMAP4_SSL("192.0.2.10", port, ssl_context=blind, timeout=20)
        link.login(name, word)
    elif kind == "pop3":
        link = poplib.POP3_SSL("192.0.2.10", port, context=blind, timeout=20)
        link.user(name)
        link.pass_(word)
    else:
        link = smtplib.SMTP("192.0.2.10", port, timeout=20)
        link.starttls(context=blind)
        link.login(name, word)
        link.sendmail(name, [name], "Subject: proof\\r\\n\\r\\nbody\\r\\n")
    print("in")
except (imaplib.IMAP4.error, poplib.error_proto, smtplib.SMTPException) as problem:
    print("refused", problem)
"""


def ask(lab: Lab, *requests: tuple[int, str, dict[str, str], str | None]) -> list[Any]:
    done = lab.run(
        "outside", [sys.executable, "-c", CLIENT], given=json.dumps(requests)
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def envelope(body: str, token: str = "") -> str:
    head = f"<authToken>{token}</authToken>" if token else ""
    return (
        '<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope">'
        f'<soap:Header><context xmlns="urn:zimbra">{head}</context></soap:Header>'
        f"<soap:Body>{body}</soap:Body></soap:Envelope>"
    )


def admin_login(name: str, password: str) -> str:
    return envelope(
        f'<AuthRequest xmlns="urn:zimbraAdmin"><name>{name}</name>'
        f"<password>{password}</password></AuthRequest>"
    )


def soap(lab: Lab, body: str) -> Any:
    return ask(lab, (7071, "/service/admin/soap/", {}, body))[0]


def token_of(text: str) -> str:
    return text.partition("<authToken>")[2].partition("</authToken>")[0]


def log_tail(lab: Lab, name: str) -> str:
    return lab.run("mail", ["tail", "-n", "20", f"/opt/zimbra/log/{name}"]).stdout


def zmprov(lab: Lab, *words: str) -> str:
    argv = ["runuser", "-u", "zimbra", "--", "env", "PYTHONPATH=/opt/zimbra/lab"]
    done = lab.run("mail", [*argv, "python3", "-m", "zimbra.zmprov", *words])
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_administrator_logs_in_from_outside(lab_default: Lab) -> None:
    status, headers, text = soap(lab_default, admin_login(ADMIN, ADMIN_PASSWORD))
    assert status == 200
    assert headers["Set-Cookie"].startswith("ZM_ADMIN_AUTH_TOKEN=0_")
    body = '<GetAllConfigRequest xmlns="urn:zimbraAdmin"/>'
    _, _, text = soap(lab_default, envelope(body, token_of(text)))
    assert '<a n="zimbraMtaTlsAuthOnly">' in text


def test_ldap_changes_are_stale_until_flushed(lab_default: Lab) -> None:
    name = "zimbraMtaRelayHost"
    assert zmprov(lab_default, "gacf", name) == ""
    zmprov(lab_default, "-l", "mcf", name, "relay.example.test:25")
    assert zmprov(lab_default, "gacf", name) == ""
    zmprov(lab_default, "fc", "config")
    assert zmprov(lab_default, "gacf", name) == f"{name}: relay.example.test:25\n"
    zmprov(lab_default, "mcf", name, "")
    assert zmprov(lab_default, "-l", "gacf", name) == ""


def test_both_channels_of_zmprov_agree(lab_default: Lab) -> None:
    zmprov(lab_default, "fc", "all")
    secret = "zimbraAuthTokens"
    for words in (["gacf"], ["gs", "mail.example.test"], ["gd", "example.test"]):
        over_soap = zmprov(lab_default, *words).splitlines()
        over_ldap = zmprov(lab_default, "-l", *words).splitlines()
        assert [line for line in over_soap if secret not in line] == over_ldap


@pytest.mark.parametrize(
    ("kind", "port", "protocol"),
    [("imap", 993, "imap"), ("pop3", 995, "pop3"), ("smtp", 587, "soap")],
)
def test_a_user_logs_in_through_the_proxy_and_the_mta(
    lab_default: Lab, kind: str, port: int, protocol: str
) -> None:
    argv = [sys.executable, "-c", LOGIN]
    for password, wanted in ((USER_PASSWORD, "in"), ("wrong", "refused")):
        given = json.dumps([kind, port, USER, password])
        done = lab_default.run("outside", argv, given=given)
        assert done.stdout.split()[:1] == [wanted], done.stdout + done.stderr
    log = log_tail(lab_default, "audit.log")
    line = f"cmd=Auth; account={USER}; protocol={protocol};"
    assert f"{line}\n" in log
    assert f"{line} error=authentication failed for [{USER}], invalid password;" in log


def test_mail_arrives_in_the_store(lab_default: Lab) -> None:
    argv = [sys.executable, "-c", LOGIN]
    given = json.dumps(["smtp", 587, USER, USER_PASSWORD])
    lab_default.run("outside", argv, given=given)
    place = f"/opt/zimbra/store/0/{USER}/msg"
    script = f"for i in $(seq 50); do ls {place}/*.msg 2>&- && break; sleep 0.1; done"
    assert lab_default.run("mail", ["sh", "-c", script]).stdout


def test_a_remote_client_is_held_to_thirty_requests_a_second(lab_default: Lab) -> None:
    one: tuple[int, str, dict[str, str], None] = (8443, "/service/robots.txt", {}, None)
    statuses = [reply[0] for reply in ask(lab_default, *[one] * 60)]
    assert statuses[0] == 200
    assert 429 in statuses


def test_crawlers_get_the_static_file(lab_default: Lab) -> None:
    headers = {"Host": "mail.example.test"}
    status, _, text = ask(lab_default, (443, "/robots.txt", headers, None))[0]
    assert (status, text) == (200, "User-agent: *\nAllow: /\n")


def test_old_tls_is_refused(lab_default: Lab) -> None:
    for port in (7071, 8443, 7993):
        argv = ["openssl", "s_client", "-connect", f"{HOST}:{port}", "-tls1_1"]
        argv += ["-cipher", "ALL:@SECLEVEL=0"]
        done = lab_default.run("outside", argv)
        assert "Cipher is (NONE)" in done.stdout


def test_a_restart_applies_what_is_read_at_start(lab_default: Lab) -> None:
    rule = "X-Proof: restarted"
    zmprov(lab_default, "mcf", "+zimbraResponseHeader", rule)
    request = (8443, "/", {"Host": "webmail.example.test"}, None)
    try:
        lab_default.run("mail", ["systemctl", "restart", "zimbra-mailboxd"])
        assert ask(lab_default, request)[0][1].get("X-Proof") == "restarted"
    finally:
        zmprov(lab_default, "mcf", "-zimbraResponseHeader", rule)
        lab_default.run("mail", ["systemctl", "restart", "zimbra-mailboxd"])


def test_files_belong_to_zimbra_and_logs_are_not_for_all(any_lab: Lab) -> None:
    # Over the node's own address: the hardened state's firewall keeps others out.
    zmprov(any_lab, "gacf", "zimbraMailMode")
    argv = ["stat", "-c", "%U:%G %a"]
    for path, wanted in (
        ("/opt/zimbra/jetty_base/webapps/zimbra/public/login.jsp", "zimbra:zimbra 644"),
        ("/opt/zimbra/log/audit.log", "zimbra:zimbra 640"),
        ("/opt/zimbra/log/mailbox.log", "zimbra:zimbra 640"),
    ):
        assert any_lab.run("mail", [*argv, path]).stdout.strip() == wanted
