"""localconfig.xml: expanded, defaulted, masked, hostile."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zmward.engine.answers import read
from zmward.engine.script import collector
from zmward.evidence import Answer
from zmward.sources.localconfig import LOCALCONFIG, Localconfig, parse
from zmward.sources.source import Unreadable

# In the shape of the installer's file.
FILE = """\
<?xml version="1.0" encoding="UTF-8"?>
<localconfig>
  <key name="zimbra_server_hostname">
    <value>mbox1.example.com</value>
  </key>
  <key name="zimbra_ldap_password"><value>zmward:secret:set</value></key>
  <key name="alias_login_enabled"><value> false </value></key>
  <key name="robots_txt"><value>${zimbra_home}/x&amp;y</value></key>
  <key name="loop"><value>${loop}</value></key>
  <key name="none"/>
</localconfig>
"""
BOMB = (
    '<!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
    '<localconfig><key name="x"><value>&b;</value></key></localconfig>'
)


def test_values_are_the_files_or_the_compiled_ones() -> None:
    found = parse(FILE)
    assert found.value("zimbra_server_hostname") == "mbox1.example.com"
    assert found.value("alias_login_enabled") == "false"
    assert found.value("robots_txt") == "/opt/zimbra/x&y"
    assert found.value("zimbra_same_site_cookie") == ""
    assert found.value("no_such_key") is None
    assert found.value("none") == ""


def test_a_loop_of_references_ends() -> None:
    assert "${loop}" in (parse(FILE).value("loop") or "")


@pytest.mark.parametrize(
    "broken", ["", "<localconfig>", BOMB, "<other/>", "not xml", FILE[:200]]
)
def test_what_is_not_localconfig_is_unreadable(broken: str) -> None:
    with pytest.raises(Unreadable):
        parse(broken)


@given(st.text())
def test_nothing_but_unreadable_is_ever_raised(noise: str) -> None:
    try:
        parse(noise)
    except Unreadable:
        pass


def collected(shell: str, content: str, tmp_path: Path) -> Localconfig:
    path = tmp_path / "localconfig.xml"
    path.write_text(content)
    script = collector((LOCALCONFIG,), "0").replace(
        "/opt/zimbra/conf/localconfig.xml", str(path)
    )
    argv = [shell, "sh", "-s"] if shell == "busybox" else [shell, "-s"]
    done = subprocess.run(
        argv, input=script, capture_output=True, text=True, check=True
    )
    stream = done.stdout.encode().splitlines(keepends=True)
    answer = read(stream, (LOCALCONFIG,), "test")["localconfig"]
    assert isinstance(answer, Answer), answer
    return parse(answer.text)


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox"])
def test_the_collector_masks_every_secret(shell: str, tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    content = FILE.replace(
        "</localconfig>",
        '<key name="ldap_postfix_password"><value>zmpostfix</value></key>'
        '<key name="mysql_root_password"><value>s3&lt;ret</value></key>'
        '<key name="my_secret"><value><![CDATA[hidden]]></value></key>'
        '<key name="site_userpw"><value>hidden</value></key>'
        '<key name="site_bindpass"><value>hidden</value></key>'
        '<key\n name="x_password"\n>\n<value>two\nlines</value></key>'
        '<key name="empty_password"><value></value></key></localconfig>',
    )
    found = collected(shell, content, tmp_path)
    assert found.own["ldap_postfix_password"] == "zmward:secret:default"
    assert found.own["mysql_root_password"] == "zmward:secret:set"
    assert found.own["x_password"] == "zmward:secret:set"
    assert found.own["site_userpw"] == found.own["site_bindpass"]
    assert found.own["empty_password"] == "zmward:secret:empty"
    assert found.own["zimbra_server_hostname"] == "mbox1.example.com"
    assert "hidden" not in str(found.own)
