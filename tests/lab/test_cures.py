"""Cures on a real node: each fails, is planned by name, passes, and is taken back."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from lab.mirror import mirror
from lab.node import Lab
from lab.product import install

from tests.lab.conftest import running

pytestmark = pytest.mark.lab

CONTROLS = (
    "administrator-passwords-long-enough",
    "amavis-never-uses-cpio",
    "dane-with-dnssec",
    "foreign-directory-asked-over-tls",
    "mta-is-no-open-relay",
    "mta-refuses-smuggled-mail",
    "mta-restrictions-take-effect",
    "pax-for-amavis",
    "private-keys-private",
    "zimbra-code-owned-by-root",
    "zimbra-logins-by-own-keys",
    "zimbra-secrets-private",
)
# By the vendor's own word, what was installed stays: these two stay cured.
STAY_CURED = {"amavis-never-uses-cpio", "pax-for-amavis"}
# What the careless state does not break by itself.
BREAK = """
chmod o+w /opt/zimbra/libexec/zmcleantmp
chmod 644 /opt/zimbra/conf/nginx.key
su - zimbra -c 'zmprov mcf zimbraMtaSmtpTlsSecurityLevel dane'
su - zimbra -c 'zmprov mcf +zimbraMtaRestriction reject_nonsense'
su - zimbra -c 'zmprov mcf -zimbraMtaRestriction reject_unknown_client'
su - zimbra -c '/opt/zimbra/libexec/configrewrite mta'
"""
STATE = r"""
stat -c '%n %a %U %G' /opt/zimbra/libexec/zmcleantmp /opt/zimbra/conf/*.key \
    /opt/zimbra/conf/localconfig.xml /opt/zimbra/common/conf/main.cf
stat -c '%n %a %U %G' /opt/zimbra/.ssh/*
cat /opt/zimbra/.ssh/authorized_keys /opt/zimbra/common/conf/main.cf
sha256sum /opt/zimbra/conf/localconfig.xml
su - zimbra -c 'zmprov -l gacf' | grep -v zimbraAuthTokenKey
su - zimbra -c 'zmprov -l gd ad.example.test'
su - zimbra -c 'zmprov -l gs mail.example.test'
su - zimbra -c 'zmprov -l ga admin@example.test zimbraPasswordMinLength'
"""
Findings = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Walk:
    """What the node said before, after the plan, and after the rollback."""

    before: Findings
    plan: Mapping[str, Any]
    after: Findings
    back: Findings
    states: tuple[str, str, str]


def said(lab: Lab, script: str) -> str:
    done = lab.run("mail", ["sh", "-c", script], timeout=900)
    return done.stdout + done.stderr


def audited(lab: Lab) -> Findings:
    report = json.loads(said(lab, "zmward audit --json --quiet 2>/dev/null"))
    return {finding["control"]: finding for finding in report["findings"]}


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    with running("test-cures", "careless") as lab:
        install(lab)
        mirror(lab)
        said(lab, BREAK)
        before, state = audited(lab), said(lab, STATE)
        named = ",".join(CONTROLS)
        told = said(
            lab,
            f"zmward plan --despite-short-logs --only {named} --output /root/cures.json",
        )
        plan = json.loads(said(lab, "chmod 600 /root/cures.json; cat /root/cures.json"))
        told += said(
            lab,
            "zmward apply /root/cures.json --yes --console --confirm-within 900 "
            "--despite-signs-of-compromise",
        )
        assert ": applied" in told, told
        after, changed = audited(lab), said(lab, STATE)
        run = json.loads(said(lab, "zmward history --json"))["runs"][0]["run"]
        told = said(lab, f"zmward rollback {run} --yes")
        yield Walk(
            before, plan, after, audited(lab), (state, changed, said(lab, STATE))
        )


@pytest.mark.parametrize("control", CONTROLS)
def test_a_cure_is_planned_by_name_works_and_is_taken_back(
    walk: Walk, control: str
) -> None:
    assert walk.before[control]["status"] == "FAIL"
    assert any(control in change["controls"] for change in walk.plan["changes"])
    assert walk.after[control]["status"] != "FAIL", walk.after[control]["deviations"]
    back = "PASS" if control in STAY_CURED else "FAIL"
    assert walk.back[control]["status"] == back


def test_what_was_taken_back_is_as_it_was_to_the_last_byte(walk: Walk) -> None:
    before, changed, back = walk.states
    assert before != changed
    assert back == before
