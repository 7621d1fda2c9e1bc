"""A rendered file may change with every value, and not by a line of somebody's hand."""

from pathlib import Path

import pytest

from tests.handmade.lab_host import ROOT, rendered, twin
from tests.integrity.site import SIGNER, WISH, place, put
from tests.standins.configd_twin import Twin
from zmward.engine.integrity_explain import explain
from zmward.engine.integrity_work import baseline, check
from zmward.integrity.checked import Checked

Z = "opt/zimbra"
RULE = ("line-of-no-template",)
MASTER = "common/conf/master.cf"
PROXY = "conf/nginx/includes/nginx.conf.web.https"
EVIL = "  location /x { proxy_pass http://203.0.113.9; }"


def lay(root: Path, source: Twin) -> None:
    for path, found in rendered(source).files.items():
        if found.text is not None:
            put(root, f"{Z}/{path}", found.text)


@pytest.fixture
def based(root: Path) -> Path:
    put(root, f"{Z}/conf/zmconfigd.cf", (ROOT / "conf/zmconfigd.cf").read_text())
    lay(root, twin())
    baseline(place(root), WISH, SIGNER)
    return root


def alarms(found: Checked) -> dict[str, tuple[str, ...]]:
    return {one.path: one.rules for one in found.alarms}


def others() -> Twin:
    source = twin()
    source.own["zimbraIPMode"] = ["ipv6"]
    source.own["zimbraServiceEnabled"] = ["mta", "proxy", "mailbox", "cbpolicyd"]
    source.local |= {
        "zimbra_server_hostname": "other.example.test",
        "ldap_url": "ldap://a.example.test:389 ldap://b.example.test:389",
        "postjournal_enabled": "true",
        "antispam_mysql_enabled": "TRUE",
        "ldap_starttls_supported": "0",
    }
    source.config["zimbraMtaMyNetworks"] = ["127.0.0.0/8 [::1]/128 192.0.2.0/24"]
    source.config["zimbraLogToSyslog"] = ["TRUE"]
    source.config["zimbraMtaBlockedExtension"] = ["exe", "vbs", "js"]
    source.config["zimbraReverseProxyResponseHeaders"] = ["X-A: b", "X-C: d"]
    return source


@pytest.mark.parametrize("quick", [False, True])
def test_other_values_are_expected(based: Path, *, quick: bool) -> None:
    lay(based, others())
    found = check(place(based), WISH, quick=quick)
    assert alarms(found) == {}
    changed = [one for one in found.judged if one.difference.content]
    assert {one.cause for one in changed} == {"expected"}
    assert len(changed) > 8


def edit(root: Path, path: str, line: str) -> None:
    place_ = root / Z / path
    rows = place_.read_text().splitlines()
    rows.insert(len(rows) // 2, line)
    place_.write_text("\n".join(rows) + "\n")


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (MASTER, "x unix - n n - - pipe user=zimbra argv=/usr/bin/perl -e x"),
        (PROXY, EVIL),
        ("conf/amavisd.conf", "do '/usr/share/x.pl';"),
        ("jetty_base/etc/jetty.xml", '<New class="x.y.Z"/>'),
        ("conf/clamd.conf", "VirusEvent /usr/share/x"),
    ],
)
def test_a_line_of_somebody_s_hand_is_an_alarm(
    based: Path, path: str, line: str
) -> None:
    edit(based, path, line)
    assert alarms(check(place(based), WISH)) == {f"/{Z}/{path}": RULE}
    found = explain(place(based), WISH, f"/{Z}/{path}")
    assert found.judged is not None
    assert found.judged.rules == RULE
    assert [one.partition(": ")[2] for one in found.unmade] == [line.strip()]
    # It is told among other values, too.
    lay(based, others())
    edit(based, path, line)
    assert alarms(check(place(based), WISH)) == {f"/{Z}/{path}": RULE}


def test_a_line_that_was_taken_out_is_an_alarm(based: Path) -> None:
    path = based / Z / "conf/clamd.conf"
    rows = [row for row in path.read_text().splitlines() if row and row[0] != "#"]
    path.write_text(path.read_text().replace(f"{rows[0]}\n", "", 1))
    assert alarms(check(place(based), WISH)) == {f"/{Z}/conf/clamd.conf": RULE}
    found = explain(place(based), WISH, f"/{Z}/conf/clamd.conf")
    assert found.unmade == (f"lacks: {rows[0]}",)


def test_what_was_recorded_so_is_no_change(root: Path) -> None:
    put(root, f"{Z}/conf/zmconfigd.cf", (ROOT / "conf/zmconfigd.cf").read_text())
    lay(root, twin())
    edit(root, MASTER, "mine unix - n n - - pipe argv=/usr/local/bin/mine")
    baseline(place(root), WISH, SIGNER)
    assert alarms(check(place(root), WISH)) == {}
    (root / Z / MASTER).touch()
    assert alarms(check(place(root), WISH, quick=True)) == {}
    judged = explain(place(root), WISH, f"/{Z}/{MASTER}").judged
    assert judged is not None
    assert judged.cause == "expected"


def test_the_site_s_own_template_of_nginx_counts(based: Path) -> None:
    path, name = "conf/nginx/includes/nginx.conf.main", "nginx.conf.main"
    template = (based / Z / f"conf/nginx/templates/{name}.template").read_text()
    own = f"conf/nginx/templates_custom/{name}.template"
    put(based, f"{Z}/{own}", f"{template}\n{EVIL}\n")
    with (based / Z / path).open("a") as file:
        file.write(f"\n{EVIL}\n")
    # Who edits the template is told of by the template.
    assert alarms(check(place(based), WISH)) == {f"/{Z}/{own}": ("template-changed",)}


@pytest.mark.parametrize("gone", ["conf/zmconfigd.cf", "common/conf/master.cf.in"])
def test_without_a_template_nothing_is_said_of_lines(based: Path, gone: str) -> None:
    (based / Z / gone).unlink()
    edit(based, MASTER, "x")
    assert alarms(check(place(based), WISH)) == {f"/{Z}/{gone}": ("template-changed",)}


def test_secrets_of_a_line_are_not_shown(based: Path) -> None:
    edit(based, MASTER, "x unix - n n - - pipe argv=x --password=s3cr3t")
    (line,) = explain(place(based), WISH, f"/{Z}/{MASTER}").unmade
    assert "s3cr3t" not in line


def test_templates_elsewhere_are_not_read(based: Path) -> None:
    put(based, "etc/x.in", "x\n")
    program = "SECTION x\n REWRITE ../../etc/x.in common/conf/master.cf\n"
    put(based, f"{Z}/conf/zmconfigd.cf", program)
    edit(based, MASTER, "x")
    assert explain(place(based), WISH, f"/{Z}/{MASTER}").unmade == ()
