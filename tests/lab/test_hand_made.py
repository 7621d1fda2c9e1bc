"""Lines that a person wrote into rendered files, on real nodes: found, refused, kept."""

import json
import os
import re
from collections.abc import Iterator

import pytest
from lab.node import HOST, Lab
from lab.product import install

from tests.lab.conftest import running
from zmward.change import SetAttr
from zmward.plan import Host, Plan, described, folded, order
from zmward.reports.plan_json import render

pytestmark = pytest.mark.lab
BY_HAND = r"""
cd /opt/zimbra/conf
chmod u+w amavisd.conf opendkim.conf
echo '$sa_mine = 1; # by Ann' >> amavisd.conf
sed -i '3i Canonicalization simple' opendkim.conf
sed -i '5i deny 198.51.100.9;' nginx/includes/nginx.conf.web.https.default
/opt/zimbra/common/sbin/postconf -e smtpd_banner=mine
"""
NAMED = {
    "/opt/zimbra/conf/amavisd.conf": "$sa_mine = 1; # by Ann",
    "/opt/zimbra/conf/opendkim.conf": "Canonicalization simple",
    "/opt/zimbra/conf/nginx/includes/nginx.conf.web.https.default": "deny 198.51.100.9",
    "/opt/zimbra/common/conf/main.cf": "smtpd_banner = mine, becomes $myhostname",
}
APPLY = "zmward apply /root/plan.json --yes --console"


def said(lab: Lab, script: str) -> str:
    done = lab.run("mail", ["sh", "-c", script])
    return done.stdout + done.stderr


def changes(lab: Lab) -> tuple[SetAttr, ...]:
    """Return one change for each section that this node renders."""
    found = []
    for name, value in (
        ("zimbraMtaSmtpdTlsLoglevel", "2"),
        ("zimbraAmavisLogLevel", "2"),
        ("zimbraReverseProxyIPLoginLimitTime", "1800"),
    ):
        line = said(lab, f"su - zimbra -c 'zmprov -l gacf {name}'").split()
        found.append(SetAttr("global", name, tuple(line[1:2]) or None, (value,)))
    return tuple(found)


def written(lab: Lab, *wanted: SetAttr) -> Plan:
    steps = tuple(sorted((described(c, (), (HOST,)) for c in wanted), key=order))
    machine = said(lab, "cat /etc/machine-id").strip()
    when = "2026-11-21T12:00:00+00:00"
    plan = Plan(
        Host(HOST, machine), when, "1", steps, folded(steps), (), hosts_seen=(HOST,)
    )
    path = lab.root / "root/plan.json"
    path.write_text(render(plan))
    path.chmod(0o600)
    return plan


@pytest.fixture(scope="module")
def node() -> Iterator[Lab]:
    with running(f"test-hand-made-{os.getpid()}", "default") as lab:
        install(lab)
        yield lab


def on_the_node(lab: Lab) -> str:
    """Return what the node itself finds of all its sections."""
    program = (
        "import sys; sys.path.insert(0, '/opt/zmward')\n"
        "from zmward.doors.host import Local\n"
        "from zmward.doors.open_directory import open_directory\n"
        "from zmward.doors.zimbra_host import ZimbraHost\n"
        "from zmward.engine.losses import look_for_losses, told\n"
        "from zmward.engine.site import Site\n"
        "from zmward.plan import Host, Plan, described\n"
        "from zmward.change import Act\n"
        "from zmward.catalog.triggers import SECTIONS\n"
        f"name = {HOST!r}\n"
        "steps = tuple(described(Act(name, 'render', (s,)), (), (name,))\n"
        "              for s in SECTIONS)\n"
        "plan = Plan(Host(name), '', '1', steps, (), (), hosts_seen=(name,))\n"
        "door = Local()\n"
        "site = Site(door=door,\n"
        "            opener=lambda: open_directory(ZimbraHost(door), print))\n"
        "found = look_for_losses(site, plan)\n"
        "assert len(found.host.files) > 30\n"
        "print('found:', told(found.losses))\n"
    )
    (lab.root / "root/look.py").write_text(program)
    return said(lab, "python3 /root/look.py").partition("found: ")[2].strip()


def test_a_node_as_installed_loses_nothing(any_lab: Lab) -> None:
    install(any_lab)
    assert on_the_node(any_lab) == ""


def test_what_was_set_by_hand_stops_apply_and_is_kept_once_accepted(node: Lab) -> None:
    said(node, BY_HAND)
    written(node, *changes(node))
    told_off = said(node, f"{APPLY}; echo code $?")
    assert "code 4" in told_off
    for path, line in NAMED.items():
        assert f"{path}@" in told_off
        assert line in told_off
    assert json.loads(said(node, "zmward history --json"))["runs"] == []
    options = " ".join(re.findall(r"--accept-loss \S+", told_off))
    told_on = said(node, f"{APPLY} {options}; echo code $?")
    assert "code 0" in told_on, told_on
    kept = re.findall(r"is kept as (\S+)", told_on)
    assert len(kept) == len(NAMED)
    old = said(node, f"cat {' '.join(kept)}")
    assert "$sa_mine = 1; # by Ann" in old
    assert "smtpd_banner = mine" in old
    now = said(
        node, "cat /opt/zimbra/conf/amavisd.conf /opt/zimbra/common/conf/main.cf"
    )
    assert "by Ann" not in now
    assert "smtpd_banner = mine" not in now
    assert said(node, f"stat -c %a {kept[0]}").strip() == "600"
    # Zimbra's own zmmtactl would have rendered this one, too.
    said(node, "su - zimbra -c '/opt/zimbra/libexec/configrewrite opendkim'")


@pytest.mark.proof
def test_values_that_the_host_refuses_are_named_before_any_write(node: Lab) -> None:
    before = said(node, "su - zimbra -c 'zmprov -l gacf' | sha256sum; ls /tmp")
    for name, value, words in (
        ("zimbraMtaSmtpdBanner", "$nonsense", "undefined parameter: nonsense"),
        ("zimbraMtaSmtpdErrorSleepTime", "1x", "smtpd does not start with"),
        ("zimbraMtaTlsSecurityLevel", "most", "is none of"),
        ("zimbraReverseProxySSLCiphers", "NONSENSE", "no cipher match"),
    ):
        line = said(node, f"su - zimbra -c 'zmprov -l gacf {name}'")
        now = line.partition(": ")[2].strip()
        written(node, SetAttr("global", name, (now,) if now else None, (value,)))
        found = said(node, f"{APPLY}; echo code $?")
        assert "code 4" in found, found
        assert words in found, found
    after = said(node, "su - zimbra -c 'zmprov -l gacf' | sha256sum; ls /tmp")
    assert after == before


def test_a_zmconfigd_that_is_down_refuses(node: Lab) -> None:
    said(node, "systemctl stop zimbra-configd.service")
    first = changes(node)[0]
    written(node, SetAttr("global", first.attribute, first.before, ("3",)))
    found = said(node, f"{APPLY}; echo code $?")
    said(node, "systemctl start zimbra-configd.service")
    assert "code 4" in found
    assert "zmconfigd does not run" in found
