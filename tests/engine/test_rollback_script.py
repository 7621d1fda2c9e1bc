"""rollback.sh under the real dash: what it gives back, spares, and names."""

import hashlib
import os
import pty
import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.engine.repair import RULES
from tests.engine.shell_world import GROUP, HOST, ME, World, mode, text
from tests.engine.twin import settings
from zmward.change import (
    Change,
    FileText,
    SetAttr,
    SetCrontab,
    SetLocalConfig,
    SetMode,
    SetParameter,
    SetUnit,
    UnitState,
    WriteFile,
)
from zmward.doors.files import beside
from zmward.ruleset import LoadRuleset, Rules

OFF, ON = UnitState(enabled=False, active=False), UnitState(enabled=True, active=True)
SERVER = "server:mail.example.test"
VALUES = {"zimbra_server_hostname": HOST, "alias_login_enabled": "true"}
SETTING = SetLocalConfig(HOST, "alias_login_enabled", "true", "false")
ADDED = SetLocalConfig(HOST, "zimbra_same_site_cookie", None, "Lax")
EXTENSIONS = SetAttr("global", "zimbraMtaBlockedExtension", ("a", "b"), ("b", "c"))
SIGNATURE = SetAttr(
    "domain:example.test",
    "zimbraDomainMandatoryMailSignatureText",
    ("one\nzimbraId: two\n",),
    ("three\n\nfour",),
)


@pytest.fixture
def world(tmp_path: Path) -> World:
    found = World(tmp_path.resolve())
    found.settings.write_bytes(settings(VALUES))
    found.settings.chmod(0o640)
    return found


def every(world: World) -> tuple[Change, ...]:
    return (
        WriteFile(HOST, world.path("a"), text("old\n", 0o600), text("new\n")),
        WriteFile(HOST, world.path("b"), None, text("new\n"), "", ("ssh.service",)),
        WriteFile(HOST, world.path("c"), text("old\n"), None),
        SetMode(HOST, world.path("d"), mode(0o4755), mode(0o600)),
        SETTING,
        ADDED,
        EXTENSIONS,
        SIGNATURE,
        SetAttr(SERVER, "zimbraReverseProxyMailMode", None, ("https",)),
        SetCrontab(HOST, "zimbra", "1 2 * * * a\n", "1 2 * * * b\n"),
        SetUnit(HOST, "fail2ban.service", OFF, ON),
        SetUnit(HOST, "cron.service", ON, OFF),
    )


def applied(world: World, *changes: Change, journal: str = "") -> dict[str, object]:
    """Stand as after these changes; return how it was before."""
    world.stand(changes, after=False)
    start = world.state()
    world.prepare(changes, journal)
    world.stand(changes, after=True)
    return start


def test_the_script_is_clean(world: World) -> None:
    program = shutil.which("shellcheck")
    if program is None:
        pytest.skip("shellcheck is not installed")
    world.prepare(every(world))
    pinned = Path(__file__).parents[2] / "src/zmward/doors/pinned.sh"
    # SC2015: in `a && b || c`, c is to follow the failure of either; SC2016: the
    # words in single quotes are for another shell; SC2317: not every run calls all.
    words = ("-s", "dash", "-e", "SC2015,SC2016,SC2317", world.run.script, str(pinned))
    done = subprocess.run([program, *words], capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode()


def test_every_kind_is_given_back(world: World) -> None:
    start = applied(world, *every(world))
    assert world.state() != start
    assert world.take_back() == 0, world.log()
    assert world.stderr == ""
    found = world.state()
    assert found["values"] == start["values"]
    assert found == start, world.log()
    assert (world.folder / "fired/failed").read_text() == "0\n"


def test_what_was_never_changed_is_not_written(world: World) -> None:
    changes = every(world)
    start = applied(world, *changes)
    world.stand(changes, after=False)
    assert world.take_back() == 0
    assert world.state() == start
    assert "done: 0 taken back, 0 could not be" in world.log()


def test_early_then_late_is_all(world: World) -> None:
    start = applied(world, *every(world))
    assert world.take_back("early") == 0
    early = world.state()
    assert early["values"] != start["values"]
    assert early["crontabs"] == start["crontabs"]
    assert world.take_back("late") == 0
    assert world.state() == start


@pytest.mark.parametrize("restart", ["restart", ""])
def test_only_what_the_run_restarted_is_restarted(world: World, restart: str) -> None:
    change = SetAttr("global", "zimbraReverseProxyMailMode", ("http",), ("https",))
    journal = '{"at":"x","what":"restart","note":"nginxproxy"}\n' if restart else ""
    applied(world, change, journal=journal)
    assert world.take_back() == 0
    assert ("zmproxyctl restart" in world.said()) is bool(restart)
    assert ("has not either: nginxproxy" in world.log()) is not bool(restart)


def test_mailboxd_that_is_still_starting_is_not_restarted(world: World) -> None:
    change = SetLocalConfig(HOST, "zimbra_same_site_cookie", None, "Lax")
    applied(world, change, journal='{"what":"restart","note":"mailbox"}\n')
    (world.root / "starting").touch()
    sleep = world.bin / "sleep"
    sleep.write_text(
        f"#!/bin/sh\necho slept >>{world.root}/said\n"
        f'[ "$(grep -c slept {world.root}/said)" -lt 3 ] || rm -f {world.root}/starting\n'
    )
    assert world.take_back() == 0
    words = ["slept", "slept", "slept", "zmmailboxdctl restart"]
    assert [word for word in world.said() if word in words] == words


def test_mailboxd_that_never_comes_up_is_restarted_in_the_end(world: World) -> None:
    change = SetLocalConfig(HOST, "zimbra_same_site_cookie", None, "Lax")
    applied(world, change, journal='{"what":"restart","note":"mailbox"}\n')
    zmprov = world.zimbra / "bin/zmprov"
    zmprov.write_text("#!/bin/sh\nexit 2\n")
    assert world.take_back() == 0
    assert world.said()[-1] == "zmmailboxdctl restart"
    assert "has not come up" in world.log()


def test_a_restart_that_fails_is_named_and_the_rest_is_done(world: World) -> None:
    change = SetAttr("global", "zimbraReverseProxyMailMode", ("http",), ("https",))
    start = applied(world, change, journal='{"what":"restart","note":"nginxproxy"}\n')
    (world.root / "fail-zmproxyctl").touch()
    assert world.take_back() == 6
    assert world.state() == start
    assert (world.folder / "fired/failed").read_text() == "1\n"


class TestLocalconfig:
    def before(self, world: World) -> None:
        content = world.settings.read_bytes()
        name = hashlib.sha256(content).hexdigest()
        (world.folder / "store" / name).write_bytes(content)
        note = f"{name} 640 {ME} {GROUP}\n"
        (world.folder / "settings-before").write_text(note)

    def after(self, world: World) -> None:
        name = hashlib.sha256(world.settings.read_bytes()).hexdigest()
        (world.folder / "settings-after").write_text(f"{name}\n")

    def changed(self, world: World) -> bytes:
        old = b"<!-- by hand -->" + world.settings.read_bytes()[22:]
        world.settings.write_bytes(old)
        world.prepare((SETTING, ADDED))
        self.before(world)
        world.stand((SETTING, ADDED), after=True)
        self.after(world)
        return old

    def test_the_very_bytes_come_back(self, world: World) -> None:
        old = self.changed(world)
        assert world.take_back() == 0
        assert world.settings.read_bytes() == old
        assert world.settings.stat().st_mode & 0o777 == 0o640

    @pytest.mark.parametrize("how", ["since", "between"])
    def test_what_another_hand_wrote_is_spared(self, world: World, how: str) -> None:
        old = self.changed(world)
        if how == "between":
            (world.folder / "settings-mixed").touch()
        else:
            theirs = SetLocalConfig(HOST, "ldap_port", None, "389")
            world.stand((theirs,), after=True)
        assert world.take_back() == 0
        content = world.settings.read_bytes()
        assert content != old
        assert b"Lax" not in content
        assert b"false" not in content
        assert (b"389" in content) is (how == "since")
        assert world.settings.stat().st_mode & 0o777 == 0o644

    def test_a_program_that_is_missing_is_named(self, world: World) -> None:
        applied(world, SETTING)
        (world.zimbra / "bin/zmlocalconfig").unlink()
        assert world.take_back() == 6
        assert "could not be taken back: localconfig alias_login" in world.log()


def test_values_that_another_hand_changed_are_left_alone(world: World) -> None:
    changes = every(world)
    applied(world, *changes)
    Path(world.path("a")).write_text("theirs\n")
    Path(world.path("d")).chmod(0o640)
    (world.root / "cron-zimbra").write_text("theirs\n")
    world.objects["domain:example.test"][SIGNATURE.attribute] = ["theirs\nx"]
    world.objects["global"]["zimbraMtaBlockedExtension"] = ["b", "c", "theirs"]
    world.objects.pop(SERVER)
    world.stand((), after=True)
    assert world.take_back() == 0, world.log()
    assert Path(world.path("a")).read_text() == "theirs\n"
    assert Path(world.path("d")).stat().st_mode & 0o7777 == 0o640
    assert (world.root / "cron-zimbra").read_text() == "theirs\n"
    values = world.state()["values"]
    assert isinstance(values, dict)
    assert values[("domain:example.test", SIGNATURE.attribute)] == {"theirs\nx"}
    assert values[("global", EXTENSIONS.attribute)] == {"a", "b", "theirs"}
    assert world.log().count("left alone") == 5


def test_a_unit_that_another_hand_changed_is_left_alone(world: World) -> None:
    before = UnitState(enabled=False, active=True)
    changes = (
        SetUnit(HOST, "one.service", before, ON),
        SetUnit(HOST, "two.service", OFF, ON),
        SetUnit(HOST, "gone.service", OFF, ON),
    )
    applied(world, *changes)
    world.unit("one.service", OFF)
    world.unit("two.service", OFF, "masked")
    shutil.rmtree(world.root / "units/gone.service")
    assert world.take_back() == 0
    assert (world.root / "units/one.service/active").read_text() == "inactive\n"
    assert "whether one.service runs" in world.log()
    assert "two.service is masked" in world.log()
    assert "gone.service is not there any more" in world.log()


@pytest.mark.parametrize("bits", ["i", "a", "ia"])
def test_immutable_bits_are_lifted_and_put_back(world: World, bits: str) -> None:
    place = Path(world.path("a"))
    change = WriteFile(HOST, str(place), text("old\n"), text("new\n"))
    applied(world, change)
    world.flags(place, bits)
    world.flags(place.parent, "a")
    assert world.take_back() == 0
    assert place.read_text() == "old\n"
    assert (world.flagged(place), world.flagged(place.parent)) == (bits, "a")
    assert f"lifted {bits} {place}" in (world.folder / "flags").read_text()


def test_bits_that_a_killed_run_had_lifted_are_put_back(world: World) -> None:
    place = Path(world.path("c"))
    applied(world, WriteFile(HOST, str(place), text("old\n"), None))
    (world.folder / "flags").write_text(f"lifted i {place}\n")
    assert world.take_back("early") == 0
    assert world.flagged(place) == "i"
    world.flags(place, "")
    assert world.take_back("late") == 0
    assert world.flagged(place) == "", "another hand has taken them off since"


def test_without_lsattr_files_are_given_back_all_the_same(world: World) -> None:
    start = applied(world, *every(world))
    for name in ("lsattr", "chattr"):
        (world.bin / name).write_text("#!/bin/sh\nexit 127\n")
    assert world.take_back() == 0
    assert world.state() == start


def test_a_link_in_the_way_is_left_alone(world: World) -> None:
    outside = world.root / "outside"
    outside.write_text("new\n")
    place = Path(world.path("a"))
    applied(world, WriteFile(HOST, str(place), text("old\n"), text("new\n")))
    place.unlink()
    place.symlink_to(outside)
    assert world.take_back() == 0
    assert outside.read_text() == "new\n"
    assert "left alone" in world.log()


@pytest.mark.skipif(os.getuid() != 0, reason="root's links are root's to make")
@pytest.mark.parametrize(("owner", "code"), [(0, 0), (65534, 6)])
def test_a_folder_that_root_alone_moved_elsewhere_is_followed(
    world: World, owner: int, code: int
) -> None:
    change = WriteFile(HOST, world.path("a"), text("old\n", 0o600), text("new\n"))
    start = applied(
        world, change, SetMode(HOST, world.path("d"), mode(0o600), mode(0o644)), SETTING
    )
    for place in (world.root / "etc", world.zimbra):
        (world.root / "disk").mkdir(exist_ok=True)
        place.rename(world.root / "disk" / place.name)
        place.symlink_to(f"./x/../disk/{place.name}")
        os.lchown(place, owner, owner)
    (world.root / "x").symlink_to(world.root / "disk")
    assert world.take_back() == code, world.log()
    assert (world.state() == start) is (owner == 0), world.log()


def test_a_folder_that_everybody_may_write_gets_nothing(world: World) -> None:
    place = Path(world.path("a"))
    applied(world, WriteFile(HOST, str(place), text("old\n"), text("new\n")))
    place.parent.chmod(0o777)
    assert world.take_back() == 6
    assert place.read_text() == "new\n"


def test_a_store_that_lost_a_content_is_named(world: World) -> None:
    applied(world, *every(world))
    for path in (world.folder / "store").iterdir():
        path.unlink()
    assert world.take_back() == 6
    damaged = world.log().count("the old content is damaged")
    assert damaged == sum(not isinstance(c, SetMode | SetUnit) for c in every(world))
    assert "left alone" not in world.log()


@pytest.mark.parametrize(
    ("program", "named"),
    [
        ("bin/crontab", "crontab of zimbra"),
        ("bin/systemctl", "cron.service"),
        ("zimbra/bin/zmprov", "zimbraMtaBlockedExtension"),
        ("zimbra/bin/zmlocalconfig", "localconfig alias_login_enabled"),
    ],
)
def test_a_program_that_fails_is_named_and_the_rest_is_done(
    world: World, program: str, named: str
) -> None:
    applied(world, *every(world))
    (world.root / program).write_text("#!/bin/sh\nexit 1\n")
    assert world.take_back() == 6
    assert f"could not be taken back: {named}" in world.log()
    assert "left alone" not in world.log()
    assert Path(world.path("a")).read_text() == "old\n"


def test_a_run_that_is_taken_back_is_not_taken_back_again(world: World) -> None:
    applied(world, *every(world), journal='{"what":"rolled-back"}\n')
    after = world.state()
    assert world.take_back() == 0
    assert world.state() == after
    assert "taken back already" in world.log()


def test_what_the_switch_has_taken_back_is_not_taken_back_again(world: World) -> None:
    changes = every(world)
    start = applied(world, *changes, journal='{"what":"applied"}\n')
    assert world.take_back() == 0
    assert world.state() == start
    world.stand(changes, after=True)
    later = world.state()
    assert world.take_back() == 0
    assert world.state() == later, "a later run has done the same"
    (world.folder / "fired/failed").write_text("1\n")
    assert world.take_back() == 0
    assert world.state() == start


def test_nothing_of_the_switch_stays_not_even_half_a_unit(world: World) -> None:
    applied(world, *every(world))
    run, units = world.run.id, world.root / "units"
    for name in (f"zmward-early-{run}.service", f"zmward-late-{run}.service"):
        (units / name).write_text("[Unit]\n")
        (units / beside(name, run)).write_text("[Un")
    assert world.take_back() == 0
    assert not [path.name for path in units.iterdir() if run in path.name]


def test_bits_of_units_and_of_main_cf_are_lifted_and_put_back(world: World) -> None:
    main = world.zimbra / "common/conf/main.cf"
    program = world.zimbra / "common/sbin/postconf"
    for place in (main, program):
        place.parent.mkdir(parents=True)
    # The tests' own user has the file: where that is root, Zimbra's wrapper is asked.
    wrapper = world.zimbra / "bin/postconf"
    wrapper.symlink_to(program)
    main.write_text("one = yes\n")
    flag = world.root / f"flags{main}.bits"
    program.write_text(
        f'#!/bin/sh\n[ "$1" = -n ] && exec cat {main}\n'
        f'[ ! -e {flag} ] && echo "$2" | sed "s/=/ = /" >{main}\n'
    )
    program.chmod(0o755)
    change = SetParameter(HOST, "one", "no", "yes")
    world.prepare((change, SetUnit(HOST, "cron.service", ON, OFF)))
    world.unit("cron.service", OFF)
    units = world.root / "units"
    world.flags(main, "i")
    world.flags(units, "i")
    assert world.take_back() == 0, world.log()
    assert main.read_text() == "one = no\n"
    assert (world.flagged(main), world.flagged(units)) == ("i", "i")
    assert f"lifted i {units}" in (world.folder / "flags").read_text()


@pytest.mark.skipif(os.getuid() != 0, reason="only root becomes another user")
def test_who_writes_as_a_user_has_no_terminal_of_ours(world: World) -> None:
    place = Path(world.path("a"))
    old, new = FileText("old\n", 0o600, "nobody", GROUP), text("new\n")
    applied(world, WriteFile(HOST, str(place), old, new))
    os.chown(place.parent, 65534, 65534)
    spy = 'ps -o tty= -p $$ >>"$WORLD/said"; shift 3; exec "$@"'
    (world.bin / "runuser").write_text(f"#!/bin/sh\nWORLD={world.root}\n{spy}\n")
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv("/bin/dash", ["dash", world.run.script])  # noqa: S606  # no shell's words
    with suppress(OSError):
        while os.read(terminal, 4096):
            pass
    os.waitpid(pid, 0)
    assert place.read_text() == "old\n", world.log()
    assert set(world.said()) == {"?"}


# who holds the switch up ----------------------------------------------------------

HANGS = 30
SSHD = "/etc/ssh/sshd_config.d/10-zmward.conf"


def cutting(world: World) -> tuple[Change, ...]:
    """Return a plan whose rollback asks user zimbra for something, and a unit."""
    return (
        WriteFile(HOST, world.path("a"), text("old\n"), text("new\n")),
        SETTING,
        EXTENSIONS,
        SetUnit(HOST, "fail2ban.service", OFF, ON),
    )


def hangs(world: World, program: Path, text: str) -> None:
    """Let a program of the host wait, and give the script less patience."""
    program.write_text(f"#!/bin/sh\n{text}\n")
    script = world.folder / "rollback.sh"
    script.write_text(script.read_text().replace("within 180", "within 0.2"))


def test_the_way_in_comes_back_before_anything_that_zimbra_can_hold_up(
    world: World,
) -> None:
    changes = cutting(world)
    drop_in = WriteFile(HOST, SSHD, None, FileText("a"), "sshd", ("ssh.service",))
    world.prepare((drop_in, *changes))
    lines = (world.folder / "rollback.sh").read_text().splitlines()
    main = [line.split()[0] for line in lines[lines.index("main() {") + 1 : -3]]
    assert main[:3] == ["unit", "file", "reloaded"]
    assert main[3:5] == ["directory", "attr"]


def test_a_login_that_never_ends_does_not_hold_the_switch_up(world: World) -> None:
    start = applied(world, *cutting(world))
    hangs(world, world.bin / "runuser", f"sleep 5; exec /bin/sleep {HANGS}")
    assert world.take_back() == 6
    assert "could not be taken back: localconfig alias_login_enabled" in world.log()
    assert "zimbraMtaBlockedExtension" in world.log()
    files = world.state()["files"]
    assert isinstance(files, dict)
    assert isinstance(start["files"], dict)
    assert files[world.path("a")] == start["files"][world.path("a")]


def test_what_a_login_leaves_behind_does_not_hold_the_switch_up(world: World) -> None:
    changes = cutting(world)
    start = applied(world, *changes)
    runuser = (world.bin / "runuser").read_text()
    left = f"setsid /bin/sleep {HANGS} &\n"
    (world.bin / "runuser").write_text(runuser.replace("exec", f"{left}exec", 1))
    # With no pipe of our own, which what is left behind would hold open too.
    argv = [shutil.which("dash") or "/bin/sh", world.run.script]
    begun = time.monotonic()
    silent = subprocess.DEVNULL
    env = {"WORLD": str(world.root), "PATH": os.environ["PATH"]}
    subprocess.run(argv, env=env, stdout=silent, stderr=silent, check=True)
    assert time.monotonic() - begun < HANGS
    assert world.state() == start


def test_a_pipe_in_the_place_of_localconfig_does_not_hold_the_switch_up(
    world: World,
) -> None:
    start = applied(world, *cutting(world))
    script = world.folder / "rollback.sh"
    script.write_text(script.read_text().replace("timeout 60", "timeout 1"))
    world.settings.unlink()
    os.mkfifo(world.settings)
    (world.folder / "settings-before").write_text("x 640 a a\n")
    (world.folder / "settings-after").write_text("y\n")
    (world.folder / "store/x").touch()
    assert world.take_back() == 6
    assert world.state()["values"] == start["values"]
    assert Path(world.path("a")).read_text() == "old\n"


@pytest.mark.skipif(os.getuid() != 0, reason="only root mounts")
def test_a_full_disk_does_not_keep_a_file_of_ours_in_the_way(world: World) -> None:
    """The switch must give the way in back, also where nothing can be written."""
    change = WriteFile(HOST, world.path("b"), None, text("new\n"))
    start = applied(world, change)
    size = ("mount", "-t", "tmpfs", "-o", "size=256k,mode=0700", "tmpfs")
    kept = [(p.name, p.read_bytes()) for p in world.folder.iterdir() if p.is_file()]
    store = [(p.name, p.read_bytes()) for p in (world.folder / "store").iterdir()]
    subprocess.run([*size, str(world.folder)], check=True)
    try:
        (world.folder / "store").mkdir()
        for name, content in kept:
            (world.folder / name).write_bytes(content)
        for name, content in store:
            (world.folder / "store" / name).write_bytes(content)
        with suppress(OSError), (world.folder / "filler").open("wb") as filler:
            while filler.write(b"x" * 4096):
                filler.flush()
        world.take_back()
        assert world.state() == start
    finally:
        subprocess.run(["umount", "-l", str(world.folder)], check=True)


_NFT = """#!/bin/sh
echo "nft $*" >>"$WORLD/said"
case "$*" in
"list chains inet") {} ;;
"list tables") echo "table inet zmward" ;;
esac
"""
_OURS = "echo 'table inet zmward { chain run-20261121T120000Z-0000 { } }'"


@pytest.mark.parametrize(
    ("answer", "code", "said", "taken"),
    [
        (_OURS, 0, "taken back: the packet filter", True),
        ("echo 'table inet zmward { }'", 0, "done: 0 taken back, 0 could", False),
        ("exit 1", 6, "whose rules are loaded cannot be seen", True),
    ],
    ids=["ours", "another's", "nobody can tell"],
)
def test_rules_of_ours_go_and_doubt_is_a_failure(
    world: World, answer: str, code: int, said: str, *, taken: bool
) -> None:
    world.prepare((LoadRuleset(HOST, None, Rules("nftables", (RULES,))),))
    program = world.bin / "nft"
    program.write_text(_NFT.replace("{}", answer))
    program.chmod(0o755)
    assert world.take_back() == code
    assert said in world.log()
    assert ("nft delete table inet zmward" in world.said()) == taken
