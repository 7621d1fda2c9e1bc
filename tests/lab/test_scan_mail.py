"""What real Postfix, nginx and the mailboxes let strangers and a probe account do."""

from pathlib import Path
from typing import Any

import pytest
from lab.network import INTERNET_IPV4
from lab.node import Lab
from lab.tree.identity import USER_PASSWORD

from tests.lab.scan_truth import scanned

pytestmark = pytest.mark.lab

USER = "user001@example.test"
MAIL = ("--ports", "25,110,143,465,587,993,995,7025,7110,7143")


def _found(document: dict[str, Any]) -> dict[str, str]:
    return {one["control"]: one["status"] for one in document["findings"]}


def _looked(lab: Lab, *words: str) -> dict[str, Any]:
    """Look from the internet, since neighbours may relay."""
    address = lab.nodes[0].ipv4
    known = ("--domain", "example.test", *MAIL, *words)
    return scanned(lab, (address, *known), source=INTERNET_IPV4)


def test_a_careless_server_shows_itself(lab_careless: Lab) -> None:
    found = _found(_looked(lab_careless))
    bad = {
        "mta-is-no-open-relay",
        "mta-auth-only-over-tls",
        "smtp-offers-no-login-on-25",
        "mail-proxy-demands-starttls",
        "mailbox-refuses-clear-text-logins",
        "mailbox-banners-without-version",
    }
    assert {control for control in bad if found[control] != "FAIL"} == set()


@pytest.mark.parametrize("state", ["default", "hardened"])
def test_a_closed_server_is_believed(
    state: str, request: pytest.FixtureRequest
) -> None:
    found = _found(_looked(request.getfixturevalue(f"lab_{state}")))
    good = {
        "mta-is-no-open-relay",
        "mta-auth-only-over-tls",
        "mta-offers-tls-opportunistically",
        "mta-takes-no-anonymous-login",
        "submission-for-users-only",
        "smtp-banner-tells-no-version",
        "starttls-keeps-nothing-from-before",
        "mailbox-banners-without-version",
    }
    assert {control for control in good if found[control] != "PASS"} == set()


def test_a_probe_account_proves_what_it_is_let_do(
    lab_default: Lab, tmp_path: Path
) -> None:
    """As installed, users send as others and IMAP is on; nothing is delivered."""
    secret = tmp_path / "password"
    secret.write_text(f"{USER_PASSWORD}\n")
    secret.chmod(0o600)
    words = ("--account", USER, "--password-file", str(secret), "--without", "imap")
    document = _looked(lab_default, *words, "--even-if-locked", "--any-certificate")
    found = _found(document)
    assert found["senders-match-logins"] == "FAIL"
    assert found["imap-off-by-default"] == "FAIL"
    assert USER_PASSWORD not in str(document)
    queue = lab_default.run("mail", ["mailq"])
    assert "empty" in queue.stdout


def test_without_a_yes_no_login_is_tried(lab_default: Lab, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("wrong\n")
    secret.chmod(0o600)
    before = lab_default.run("mail", ["cat", "/opt/zimbra/log/audit.log"]).stdout
    words = ("--account", USER, "--password-file", str(secret), "--any-certificate")
    found = _found(_looked(lab_default, *words))
    after = lab_default.run("mail", ["cat", "/opt/zimbra/log/audit.log"]).stdout
    assert found["senders-match-logins"] == "UNKNOWN"
    assert after.count("error=") == before.count("error=")
