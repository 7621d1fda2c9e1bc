"""Postfix, nginx and their chain: configured from the directory, and working."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lab.node import Lab
from lab.tree.identity import USER_PASSWORD

pytestmark = pytest.mark.lab

PROBE = Path(__file__).with_name("mail_probe.py")
USER = "user001@example.test"
OTHER = "user002@example.test"
INCLUDES = "/opt/zimbra/conf/nginx/includes"
POSTCONF = "/opt/zimbra/common/sbin/postconf"
CHAIN = (3310, 7171, 8465, 10024, 10025, 10026, 10027, 10028, 10029, 10030, 10032)
LONGEST = 30.0


def _says(lab: Lab, *argv: str) -> str:
    done = lab.run("mail", argv)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _outside(lab: Lab, *words: str) -> str:
    done = lab.run("outside", ["python3", str(PROBE), *words])
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _eventually(found: Callable[[], bool]) -> None:
    limit = time.monotonic() + LONGEST
    while not found():
        assert time.monotonic() < limit, "it did not happen"
        time.sleep(0.2)


def _log(lab: Lab) -> str:
    return _says(lab, "cat", "/var/log/zimbra.log")


def _modify(lab: Lab, kind: str, *words: str) -> None:
    command = ["/opt/zimbra/bin/zmprov", "-l", kind, *words]
    _says(lab, "runuser", "-u", "zimbra", "--", *command)


@pytest.fixture(scope="module")
def polling(lab_default: Lab) -> Iterator[Lab]:
    """Give the default lab with a zmconfigd that looks every second."""
    edit = ["/opt/zimbra/bin/zmlocalconfig", "-e", "zmconfigd_interval=1"]
    back = ["/opt/zimbra/bin/zmlocalconfig", "-u", "zmconfigd_interval"]
    restart = ("systemctl", "restart", "zimbra-configd.service")
    _says(lab_default, "runuser", "-u", "zimbra", "--", *edit)
    _says(lab_default, *restart)
    yield lab_default
    _says(lab_default, "runuser", "-u", "zimbra", "--", *back)
    _says(lab_default, *restart)


def test_postfix_and_nginx_find_nothing_wrong(any_lab: Lab) -> None:
    postfix = any_lab.run("mail", ["/opt/zimbra/common/sbin/postfix", "check"])
    nginx = ["/opt/zimbra/common/sbin/nginx", "-t", "-c", "/opt/zimbra/conf/nginx.conf"]
    assert postfix.returncode == 0
    assert "unused parameter" not in postfix.stderr
    assert any_lab.run("mail", nginx).returncode == 0


def test_the_loopback_chain_faces_no_network(any_lab: Lab) -> None:
    rows = [row.split()[3] for row in _says(any_lab, "ss", "-Hltn").splitlines()]
    ends = [row.rpartition(":") for row in rows]
    chain = [address for address, _, port in ends if int(port) in CHAIN]
    assert {int(port) for _, _, port in ends} >= set(CHAIN)
    assert set(chain) <= {"127.0.0.1", "[::1]"}


def test_the_control_port_answers(any_lab: Lab) -> None:
    done = any_lab.run("mail", ["nc", "-N", "127.0.0.1", "7171"], given="STATUS\n")
    assert done.stdout == "SUCCESS ACTIVE\n"


def test_mail_from_outside_reaches_the_mailbox_through_the_filter(
    lab_default: Lab,
) -> None:
    sender = "sender@example.net"
    assert _outside(lab_default, "deliver", sender, USER) == "accepted"

    def delivered() -> bool:
        rows = [row for row in _log(lab_default).splitlines() if USER in row]
        return any(":10024" in row and "status=sent" in row for row in rows) and any(
            ":7025" in row and "status=sent" in row for row in rows
        )

    _eventually(delivered)
    assert f"<{sender}> -> <{USER}>" in _log(lab_default)


def test_foreign_mail_for_foreign_addresses_is_refused(lab_default: Lab) -> None:
    said = _outside(lab_default, "deliver", "sender@example.net", "someone@example.org")
    assert "Relay access denied" in said


def test_the_careless_server_relays_for_the_internet(lab_careless: Lab) -> None:
    said = _outside(
        lab_careless, "deliver", "sender@example.net", "someone@example.org"
    )
    assert said == "accepted"


def test_mail_passes_through_the_journal_when_it_is_on(lab_careless: Lab) -> None:
    assert _outside(lab_careless, "deliver", "a@example.net", USER) == "accepted"
    _eventually(lambda: "postfix/reinject/smtpd" in _log(lab_careless))

    def delivered() -> bool:
        rows = [row for row in _log(lab_careless).splitlines() if USER in row]
        return any(":7025" in row and "status=sent" in row for row in rows)

    _eventually(delivered)


@pytest.mark.parametrize("port", ["465", "587"])
def test_smtp_logins_are_checked_by_the_mailbox_server(
    port: str, lab_default: Lab
) -> None:
    right = _outside(lab_default, "submit", port, USER, USER_PASSWORD, USER)
    wrong = _outside(lab_default, "submit", port, USER, "wrong", USER)
    assert right == "accepted"
    assert "authentication failed" in wrong
    log = _log(lab_default)
    assert f"auth_zimbra: {USER} auth OK" in log
    assert f"auth_zimbra: {USER} auth failed: authentication failed for [" in log


def test_no_login_is_offered_without_tls(lab_default: Lab) -> None:
    assert _outside(lab_default, "offered", "587") == "none"
    assert _outside(lab_default, "offered", "25") == "none"


def test_mail_clients_log_in_through_the_proxy(lab_default: Lab) -> None:
    assert _outside(lab_default, "imaps", USER, USER_PASSWORD) == "OK"
    assert _outside(lab_default, "pop3s", USER, USER_PASSWORD) == "+OK"
    assert _outside(lab_default, "imaps", USER, "wrong").startswith("refused")


def test_the_proxy_answers_for_its_own_name(lab_default: Lab) -> None:
    assert _outside(lab_default, "https", "mail.example.test") == "200"
    assert _outside(lab_default, "https", "evil.example.net") == "400"


def test_a_new_attribute_value_reaches_postfix_by_itself(polling: Lab) -> None:
    server = ("ms", "mail.example.test", "zimbraMtaSmtpdBanner")

    def banner() -> str:
        return _says(polling, POSTCONF, "-h", "smtpd_banner")

    before = banner()
    _modify(polling, *server, "$myhostname ESMTP changed")
    _eventually(lambda: banner() == "$myhostname ESMTP changed")
    _modify(polling, *server, "")
    _eventually(lambda: banner() == before)


def test_spoofing_stops_when_both_attributes_are_set(polling: Lab) -> None:
    maps, mismatch = (
        "proxy:ldap:/opt/zimbra/conf/ldap-slm.cf",
        "reject_authenticated_sender_login_mismatch",
    )
    spoof = ("submit", "587", USER, USER_PASSWORD, OTHER)
    assert _outside(polling, *spoof) == "accepted"
    _modify(
        polling,
        *("mcf", "zimbraMtaSmtpdSenderLoginMaps", maps),
        *("zimbraMtaSmtpdSenderRestrictions", mismatch),
    )
    _eventually(lambda: "not owned by user" in _outside(polling, *spoof))
    assert _outside(polling, "submit", "587", USER, USER_PASSWORD, USER) == "accepted"
    _modify(
        polling,
        *("mcf", "zimbraMtaSmtpdSenderLoginMaps", ""),
        *("zimbraMtaSmtpdSenderRestrictions", ""),
    )
    _eventually(lambda: _outside(polling, *spoof) == "accepted")


def test_blocked_extensions_are_refused_in_the_dialogue(polling: Lab) -> None:
    message = ("deliver", "sender@example.net", USER, "tool.exe")
    _modify(
        polling,
        *("mcf", "zimbraMtaBlockedExtension", "exe"),
        *("zimbraMtaBlockedExtensionWarnRecipient", "FALSE"),
    )
    _eventually(lambda: "not accepted here" in _outside(polling, *message))
    _modify(
        polling,
        *("mcf", "zimbraMtaBlockedExtension", ""),
        *("zimbraMtaBlockedExtensionWarnRecipient", "TRUE"),
    )
    _eventually(lambda: _outside(polling, *message) == "accepted")


def test_what_is_changed_by_hand_lasts_until_the_next_rewrite(polling: Lab) -> None:
    path = f"{INCLUDES}/nginx.conf.web"
    _says(polling, "sed", "-i", "1i # by hand", path)
    _modify(polling, "mcf", "zimbraMtaHopcountLimit", "49")
    _eventually(lambda: _says(polling, POSTCONF, "-h", "hopcount_limit") == "49")
    assert "# by hand" in _says(polling, "cat", path)
    _says(polling, "/opt/zimbra/libexec/configrewrite", "proxy")
    assert "# by hand" not in _says(polling, "cat", path)
    _modify(polling, "mcf", "zimbraMtaHopcountLimit", "50")


def _open(lab: Lab, port: str) -> bool:
    return _outside(lab, "reach", port) == "open"


def test_the_admin_console_appears_on_the_proxy(polling: Lab) -> None:
    switch = ("ms", "mail.example.test", "zimbraReverseProxyAdminEnabled")
    assert not _open(polling, "9071")
    _modify(polling, *switch, "TRUE")
    _eventually(lambda: _open(polling, "9071"))
    _modify(polling, *switch, "FALSE")
    _eventually(lambda: not _open(polling, "9071"))


def test_a_malformed_header_keeps_the_proxy_down(polling: Lab) -> None:
    header = ("mcf", "zimbraReverseProxyResponseHeaders")
    _modify(polling, *header, "X-Robots-Tag: noindex, nofollow")
    _eventually(lambda: not _open(polling, "443"))
    _modify(polling, *header, 'X-Robots-Tag: "noindex, nofollow"')
    _eventually(lambda: _open(polling, "443"))
    _modify(polling, *header, "")
    block = f"{INCLUDES}/nginx.conf.web.https.default"
    _eventually(lambda: "noindex" not in _says(polling, "cat", block))


def test_an_attribute_nobody_watches_waits_for_a_rewrite(polling: Lab) -> None:
    strict = ("ms", "mail.example.test", "zimbraReverseProxyStrictServerNameEnabled")
    web = f"{INCLUDES}/nginx.conf.web"

    def includes() -> list[str]:
        rows = _says(polling, "cat", web).splitlines()
        return [row.strip() for row in rows if "web.https.strict" in row]

    before = includes()
    _modify(polling, *strict, "FALSE")
    _modify(polling, "mcf", "zimbraMtaHopcountLimit", "48")
    _eventually(lambda: _says(polling, POSTCONF, "-h", "hopcount_limit") == "48")
    assert includes() == before
    _says(polling, "/opt/zimbra/libexec/configrewrite", "proxy")
    assert includes()[0].startswith("#")
    _modify(polling, *strict, "")
    _modify(polling, "mcf", "zimbraMtaHopcountLimit", "50")
    _says(polling, "/opt/zimbra/libexec/configrewrite", "proxy")


def test_the_mail_proxy_tells_the_clients_address(lab_hardened: Lab) -> None:
    _outside(lab_hardened, "submit", "587", USER, "wrong", USER)
    audit = _says(lab_hardened, "cat", "/opt/zimbra/log/audit.log").splitlines()
    # Zimbra's own jobs log in as well, so the last line may be theirs.
    smtp = [line for line in audit if "oproto=smtp;" in line]
    assert "oip=198.51.100.7;" in smtp[-1]


@pytest.mark.parametrize(
    ("state", "spoken"),
    [("default", False), ("careless", True), ("hardened", False)],
)
def test_old_tls_is_spoken_where_it_is_configured(
    state: str,
    request: pytest.FixtureRequest,
    spoken: bool,  # noqa: FBT001 -- the table's second column
) -> None:
    lab: Lab = request.getfixturevalue(f"lab_{state}")
    weak = ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]
    for port in ("443", "993"):
        shake = ["openssl", "s_client", "-connect", f"192.0.2.10:{port}", *weak]
        assert (lab.run("outside", shake).returncode == 0) is spoken


def test_only_the_careless_certificate_runs_out(
    lab_default: Lab, lab_careless: Lab
) -> None:
    ends = ["openssl", "x509", "-in", "/opt/zimbra/conf/nginx.crt", "-noout"]
    soon = [*ends, "-checkend", str(10 * 86400)]
    assert lab_default.run("mail", soon).returncode == 0
    assert lab_careless.run("mail", soon).returncode == 1


def test_only_the_careless_filter_unpacks_with_cpio(
    lab_default: Lab, lab_careless: Lab
) -> None:
    read = ("grep", "do_pax_cpio", "/opt/zimbra/conf/amavisd.conf")
    assert "'gcpio', 'cpio'" in _says(lab_careless, *read)
    assert "gcpio" not in _says(lab_default, *read)
