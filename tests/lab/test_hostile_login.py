"""User zimbra holds everything up, on a real node: the way back in does not wait."""

import time
from collections.abc import Iterator

import pytest
from lab.node import HOST, Lab
from lab.product import install

from tests.lab.conftest import running
from tests.lab.test_hostile_repair import (
    DROP_IN,
    STATE,
    cutting,
    newest,
    quick,
    said,
    written,
    zmward,
)
from zmward.change import SetAttr, SetLocalConfig

pytestmark = [pytest.mark.lab, pytest.mark.proof]
PROFILE = "/opt/zimbra/.bash_profile"
CONF = "/opt/zimbra/conf"
SETTINGS = f"{CONF}/localconfig.xml"
# How user zimbra stops whoever asks him for something, and how that ends.
HOLDS = {
    "a login that never ends": (
        f"cp -p {PROFILE} /root/saved; echo 'sleep 100000' >>{PROFILE}",
        f"mv /root/saved {PROFILE}",
    ),
    "a pipe in the place of localconfig.xml": (
        f"mv {SETTINGS} {CONF}/aside; runuser -u zimbra -- mkfifo {SETTINGS}",
        f"rm {SETTINGS}; mv {CONF}/aside {SETTINGS}",
    ),
}
GREETING = "echo zimbraNotes: welcome to this host"
SETTING = SetLocalConfig(HOST, "zimbra_same_site_cookie", None, "Lax")
WAIT = 75


@pytest.fixture(scope="module")
def node() -> Iterator[Lab]:
    with running("test-login", "default") as lab:
        install(lab)
        yield lab


def sshd_is_back(lab: Lab) -> bool:
    asked = f"[ ! -e {DROP_IN} ] && sshd -T | grep -qi '^x11forwarding yes'"
    return not lab.run("mail", ["sh", "-c", asked]).returncode


@pytest.mark.parametrize("name", HOLDS)
def test_the_switch_gives_the_way_in_back_whatever_zimbra_does(
    node: Lab, name: str
) -> None:
    plan = written(node, "held", (*quick(node), cutting(), SETTING))
    before = said(node, STATE)
    hold, let_go = HOLDS[name]
    told = zmward(node, f"apply {plan} --yes --console --confirm-within 30")
    assert told.returncode == 0, told.stderr
    assert not sshd_is_back(node)
    said(node, hold)
    try:
        end = time.monotonic() + WAIT
        while time.monotonic() < end and not sshd_is_back(node):
            time.sleep(2)
        assert sshd_is_back(node)
    finally:
        said(node, "systemctl stop 'zmward-undo-*.service' 'zmward-again-*.service'")
        said(node, let_go)
    run, _ = newest(node)
    told = zmward(node, f"rollback {run} --yes")
    assert newest(node)[1] == "rolled back", told.stderr
    assert said(node, STATE) == before


@pytest.mark.parametrize("way", ["zmward rollback RUN --yes", "sh SCRIPT"])
def test_what_a_login_prints_is_taken_for_no_answer(node: Lab, way: str) -> None:
    asked = "su - zimbra -c 'zmprov -l gacf zimbraMtaSmtpdTlsLoglevel'"
    level = said(node, asked).partition(": ")[2].strip()
    rendered = SetAttr("global", "zimbraMtaSmtpdTlsLoglevel", (level,), ("2",))
    plan = written(node, "greeted", (*quick(node), SETTING, rendered))
    before = said(node, STATE)
    said(node, f"cp -p {PROFILE} /root/saved; echo '{GREETING}' >>{PROFILE}")
    try:
        told = zmward(node, f"apply {plan} --yes --console")
        assert told.returncode == 0, told.stderr
        run, _ = newest(node)
        script = f"/var/lib/zmward/runs/{run}/rollback.sh"
        back = said(node, way.replace("RUN", run).replace("SCRIPT", script))
        assert newest(node)[1].startswith("rolled back"), back
    finally:
        said(node, f"mv /root/saved {PROFILE}")
    assert "in part" not in newest(node)[1]
    assert said(node, STATE) == before
