"""`zmward backup check` on real repositories and folders, well and broken."""

import json
import os
import stat
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.backups.engines import (
    PASSWORD,
    Borg,
    Restic,
    needs_borg,
    needs_restic,
    secret,
    toml,
)
from zmward.backups.rehearsal import Estimate, Part, Rehearsal, stamp
from zmward.cli.main import dispatch
from zmward.engine import drill_record
from zmward.sources.backup_check import parse
from zmward.sources.backup_drill import SCHEMA

Check = Callable[..., Any]
pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root is believed")
ATTESTED = "".join(
    f'[[attestation]]\nsubject = "{subject}"\nby = "operations"\n'
    "on = 2020-01-01\nuntil = 2100-01-01\n"
    for subject in ("backup-key", "backup-offsite", "snapshots", "backup-drill")
)


@pytest.fixture
def check(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Check:
    monkeypatch.setenv("ZMWARD_ETC", str(tmp_path / "etc"))
    monkeypatch.setenv("ZMWARD_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("BORG_BASE_DIR", str(tmp_path / "borg-base"))

    def run(profile: str, *words: str, code: int | None = None) -> Any:
        path = tmp_path / "profile.toml"
        path.write_text(profile, "utf-8")
        got = dispatch(["backup", "check", "--profile", str(path), "--json", *words])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        if code is not None:
            assert got == code, out + err
        if got in (0, 1, 3):
            document = json.loads(out)
            document["states"] = {
                (f["copy"], f["aspect"]): f["state"] for f in document["found"]
            }
            return document
        return err

    return run


@pytest.mark.proof
@needs_restic
def test_a_repository_of_restic_is_judged(check: Check, tmp_path: Path) -> None:
    mail = tmp_path / "mail"
    mail.mkdir()
    (mail / "a").write_bytes(os.urandom(100_000))
    restic = Restic(tmp_path)
    for days in range(3, -1, -1):
        at = datetime.now() - timedelta(days=days, minutes=1)  # noqa: DTZ005  # restic's own
        restic.backup(mail, "--time", at.strftime("%Y-%m-%d %H:%M:%S"))
    profile = restic.toml(off_site="true", keep_days="3") + ATTESTED
    found = check(profile, code=0)
    assert found["copies"][0]["backups"] == 4
    assert found["copies"][0]["bytes"] == 100_000
    assert set(found["states"].values()) == {"well"}
    (mail / "a").write_bytes(b"small")
    restic.backup(mail)
    assert check(profile, code=1)["states"]["r", "size"] == "bad"
    later = (datetime.now(UTC) + timedelta(days=3)).isoformat(timespec="seconds")
    assert check(profile, "--now", later, code=1)["states"]["r", "age"] == "bad"


@pytest.mark.proof
@needs_restic
def test_checking_writes_nothing_to_the_repository(
    check: Check, tmp_path: Path
) -> None:
    restic = Restic(tmp_path)
    restic.backup(tmp_path / "password")

    def seen() -> dict[str, int]:
        return {str(p): p.stat().st_mtime_ns for p in restic.place.rglob("*")}

    before = seen()
    check(restic.toml())
    assert seen() == before


@needs_restic
def test_a_wrong_password_is_bad(check: Check, tmp_path: Path) -> None:
    restic = Restic(tmp_path)
    secret(tmp_path, "password", "another")
    found = check(restic.toml())
    (place,) = [f for f in found["found"] if (f["copy"], f["aspect"]) == ("r", "place")]
    assert place["state"] == "bad"
    assert "does not open it" in place["text"]


@pytest.mark.proof
@needs_restic
def test_a_locked_repository_is_still_read(check: Check, tmp_path: Path) -> None:
    restic = Restic(tmp_path)
    restic.backup(tmp_path / "password")
    command = ["restic", "--repo", str(restic.place), "--no-cache"]
    command += ["--password-file", str(restic.password), "backup", "--stdin"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        while not list((restic.place / "locks").iterdir()):
            time.sleep(0.1)
        found = check(restic.toml())
        assert process.stdin is not None
        process.stdin.close()
        process.wait(30)
    assert found["states"]["r", "age"] == "well"


@needs_restic
def test_no_repository_is_bad_and_a_missing_program_unknown(
    check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = secret(tmp_path)
    row = toml(name="r", kind="restic", place="/nowhere/at/all", password_file=str(key))
    assert check(row)["states"] | {("r", "place"): "bad"} == check(row)["states"]
    monkeypatch.setenv("PATH", str(tmp_path))
    for program in ("sh", "env", "timeout", "stat", "test"):
        (tmp_path / program).symlink_to(f"/usr/bin/{program}")
    (said,) = [
        f
        for f in check(row, code=3)["found"]
        if (f["copy"], f["aspect"]) == ("r", "place")
    ]
    assert (said["state"], said["text"]) == ("unknown", "restic is not installed")


@pytest.mark.parametrize("mode", [0o644, 0o660])
def test_a_password_that_others_read_is_bad(
    check: Check, tmp_path: Path, mode: int
) -> None:
    key = secret(tmp_path)
    key.chmod(mode)
    row = toml(name="r", kind="restic", place="/nowhere", password_file=str(key))
    (said,) = [
        f for f in check(row)["found"] if (f["copy"], f["aspect"]) == ("r", "place")
    ]
    assert said["state"] == "bad"
    assert "others may read it" in said["text"]


@needs_borg
def test_the_environment_file_reaches_the_engine(check: Check, tmp_path: Path) -> None:
    borg = Borg(tmp_path)
    borg.backup("a-1", tmp_path / "borg-password")
    text = f"BORG_PASSPHRASE='{PASSWORD}'"
    own = secret(tmp_path, "environment", text)
    row = toml(name="b", kind="borg", place=str(borg.place), environment_file=str(own))
    assert check(row)["states"]["b", "age"] == "well"
    secret(tmp_path, "environment", "BORG_PASSPHRASE=other")
    assert check(row)["states"]["b", "place"] == "bad"


@needs_borg
def test_a_repository_of_borg_is_judged(check: Check, tmp_path: Path) -> None:
    mail = tmp_path / "mail"
    mail.mkdir()
    (mail / "a").write_bytes(os.urandom(100_000))
    borg = Borg(tmp_path)
    for days in range(3, -1, -1):
        at = datetime.now(UTC) - timedelta(days=days, minutes=1)
        stamp = at.strftime("%Y-%m-%dT%H:%M:%S")
        borg.backup(f"mail-{stamp}", mail, "--timestamp", stamp)
    found = check(borg.toml(keep_days="0", off_site="true") + ATTESTED, code=0)
    assert found["copies"][0]["encrypted"] is True
    assert found["copies"][0]["bytes"] >= 100_000
    assert found["copies"][0]["backups"] == 4


@needs_borg
def test_borg_without_encryption_off_site_is_bad(check: Check, tmp_path: Path) -> None:
    borg = Borg(tmp_path, "none")
    borg.backup("a-1", tmp_path / "borg-password")
    states = check(borg.toml(off_site="true"))["states"]
    assert states["b", "encryption"] == "bad"


@needs_borg
def test_borg_without_encryption_is_private_only_where_its_folder_is(
    check: Check, tmp_path: Path
) -> None:
    borg = Borg(tmp_path, "none")
    borg.backup("a-1", tmp_path / "borg-password")
    row = toml(name="b", kind="borg", place=str(borg.place))
    borg.place.chmod(0o700)
    assert check(row)["states"]["b", "encryption"] == "well"
    borg.place.chmod(0o711)
    assert check(row)["states"]["b", "encryption"] == "bad"


@needs_borg
def test_borgs_wrong_password_is_bad(check: Check, tmp_path: Path) -> None:
    borg = Borg(tmp_path)
    secret(tmp_path, "borg-password", "another")
    (said,) = [
        f
        for f in check(borg.toml())["found"]
        if (f["copy"], f["aspect"]) == ("b", "place")
    ]
    assert said["state"] == "bad"
    assert "does not open it" in said["text"]


def folder(place: Path, days: int, size: int = 5000) -> None:
    place.mkdir(mode=0o700)
    for back in range(days):
        path = place / f"backup-{back:03}.tgz"
        path.write_bytes(bytes(size))
        stamp = time.time() - back * 86_400 - 60
        os.utime(path, (stamp, stamp))


def test_a_folder_of_files_is_judged(check: Check, tmp_path: Path) -> None:
    folder(tmp_path / "plain", 20)
    row = toml(name="f", kind="folder", place=str(tmp_path / "plain"))
    assert check(row + ATTESTED, code=0)["copies"][0]["backups"] == 20
    (tmp_path / "plain").chmod(0o755)
    assert check(row + ATTESTED, code=1)["states"]["f", "encryption"] == "bad"


def test_an_unmounted_place_is_bad_and_a_file_in_it_no_place(
    check: Check, tmp_path: Path
) -> None:
    gone = toml(name="f", kind="folder", place=str(tmp_path / "gone"))
    assert check(gone)["states"]["f", "place"] == "bad"
    (tmp_path / "file").touch()
    odd = toml(name="f", kind="folder", place=str(tmp_path / "file"))
    assert check(odd)["states"]["f", "place"] == "unknown"


def test_names_that_mean_harm_steer_no_terminal(
    check: Check, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "plain"
    folder(place, 2)
    (place / "a\x1b]0;gotcha\x07\nx: y").write_bytes(b"1")
    (place / os.fsdecode(b"\xff\xfe")).write_bytes(b"1")
    row = toml(name="f", kind="folder", place=str(place))
    texts = [one["text"] for one in check(row)["found"]]
    assert any(r"\xff\xfe" in text for text in texts)
    path = tmp_path / "profile.toml"
    assert dispatch(["backup", "check", "--profile", str(path)]) in (1, 3)
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\x07" not in out


def test_without_any_backup_it_is_unknown(check: Check) -> None:
    states = check("", code=3)["states"]
    assert states["", "place"] == "unknown"
    assert states["", "off-site"] == "unknown"


def _note(tmp_path: Path) -> Path:
    return tmp_path / "state" / "backups" / "check.json"


def test_what_was_seen_is_noted_for_the_next_audit(
    check: Check, copies: str, tmp_path: Path
) -> None:
    check(copies)
    note = json.loads(_note(tmp_path).read_bytes())
    assert [one["name"] for one in note["copies"]] == ["f", "g"]
    assert note["copies"][0]["states"]["age"] == "well"
    assert note["copies"][0]["newest"].endswith("+00:00")
    assert _note(tmp_path).stat().st_mode & 0o777 == 0o600
    path = "/var/lib/zmward/backups/check.json"
    text = _note(tmp_path).read_text("utf-8").replace("\n", "\n ")
    found = parse(f"! 600 root regular file {path}\n> {path}\n {text.rstrip()}\n")
    assert found.copies[0].age == "well"


def test_of_several_series_the_worst_is_noted(check: Check, tmp_path: Path) -> None:
    place = tmp_path / "two"
    place.mkdir()
    for name, days in (("a-1.tgz", 1), ("b-1.tgz", 40), ("c-1.tgz", 0)):
        (place / name).write_text("x", "utf-8")
        os.utime(place / name, (time.time() - days * 86_400,) * 2)
    check(toml(name="f", kind="folder", place=str(place)))
    (seen,) = json.loads(_note(tmp_path).read_bytes())["copies"]
    assert seen["states"]["age"] == "bad"


def test_a_store_in_which_only_something_was_removed_is_not_fresh(
    check: Check, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    (store / "gone").mkdir(parents=True)
    (store / "old").write_text("x", "utf-8")
    os.utime(store / "old", (1, 1))
    (store / "gone").rmdir()
    row = toml(name="n", kind="ng-store", place=str(store))
    assert check(row)["states"]["n", "age"] == "bad"


def test_a_note_tells_nothing_of_places_or_what_engines_say(
    check: Check, tmp_path: Path
) -> None:
    secret(tmp_path)
    place = "rest:http://S3CR3T@127.0.0.1:1/x"
    row = toml(
        name="r",
        kind="restic",
        place=place,
        password_file=str(tmp_path / "password"),
    )
    check(row, code=3)
    text = _note(tmp_path).read_text("utf-8")
    assert "S3CR3T" not in text
    assert json.loads(text)["copies"][0]["states"]["place"] == "unknown"


def test_what_was_not_seen_here_and_now_is_not_noted(
    check: Check, copies: str, tmp_path: Path
) -> None:
    check(copies, "--now", "2026-11-30T00:00:00+00:00")
    assert not _note(tmp_path).exists()


def drill(state: str, days: float, copy: str = "f") -> Rehearsal:
    part = Part("ldap", state, "as it should be")  # type: ignore[arg-type]  # a state
    when = stamp(time.time() - days * 86_400)
    return Rehearsal(
        SCHEMA, "mail", when, copy, "b", when, (part,), Estimate(None, None)
    )


@pytest.fixture
def copies(tmp_path: Path) -> str:
    """Give a profile of two copies that hold the directory."""
    rows = []
    for name in ("f", "g"):
        place = tmp_path / name
        place.mkdir()
        (place / "ldap.bak").write_text("dn:", "utf-8")
        rows.append(toml(name=name, kind="folder", place=str(place)))
    return "[backups]\nmariadb = []\naccount = []\n" + "".join(rows)


@pytest.mark.parametrize(
    ("state", "days", "judged"),
    [
        *(("well", 1, "well"), ("well", 400, "bad"), ("bad", 1, "bad")),
        *(("unknown", 1, "unknown"), ("well", -9, "unknown"), ("bad", -9, "bad")),
    ],
)
def test_the_last_drill_is_judged(
    check: Check, copies: str, state: str, days: int, judged: str
) -> None:
    drill_record.keep(drill(state, days))
    assert check(copies)["states"]["f", "drill"] == judged


def test_a_good_drill_of_one_copy_hides_no_bad_one_of_another(
    check: Check, copies: str
) -> None:
    drill_record.keep(drill("bad", 2, "f"))
    drill_record.keep(drill("well", 1, "g"))
    states = check(copies, code=3)["states"]
    assert (states["f", "drill"], states["g", "drill"]) == ("bad", "well")


def test_a_copy_that_nobody_rehearsed_is_named(check: Check, copies: str) -> None:
    drill_record.keep(drill("well", 1, "f"))
    found = check(copies, code=3)
    (row,) = [r for r in found["found"] if (r["copy"], r["aspect"]) == ("g", "drill")]
    assert (row["state"], row["text"]) == ("unknown", "g was never rehearsed")


def test_a_drill_that_left_a_part_out_is_not_all_of_it(
    check: Check, copies: str
) -> None:
    drill_record.keep(drill("well", 1, "f"))
    more = copies.replace("account = []", 'account = ["*.tgz"]')
    assert check(more, code=3)["states"]["f", "drill"] == "unknown"
    only = more.replace('name = "f"\n', 'name = "f"\nholds = ["ldap"]\n')
    assert check(only, code=3)["states"]["f", "drill"] == "well"


def test_a_drill_with_an_old_backup_is_as_old_as_that(
    check: Check, copies: str
) -> None:
    made = stamp(time.time() - 400 * 86_400)
    drill_record.keep(msgspec.structs.replace(drill("well", 1), made=made))
    assert check(copies)["states"]["f", "drill"] == "bad"


def _old(record: Rehearsal) -> Path:
    """Write the one record that earlier versions kept, of whatever copy."""
    drill_record.keep(drill("well", 1, "h"))
    path = Path(drill_record.path("h")).parent.parent / "drill.json"
    path.write_bytes(msgspec.json.encode(record))
    path.chmod(0o600)
    return path


def test_the_record_of_earlier_versions_counts_until_there_is_a_newer_one(
    check: Check, copies: str
) -> None:
    path = _old(drill("bad", 9, "g"))
    assert check(copies)["states"]["g", "drill"] == "bad"
    drill_record.keep(drill("well", 1, "f"))
    assert check(copies)["states"]["g", "drill"] == "bad"
    drill_record.keep(drill("well", 1, "g"))
    assert check(copies)["states"]["g", "drill"] == "well"
    assert not path.exists()


@pytest.mark.parametrize("text", ['{"schema":"zmward.drill/9"}', "{}", "no record"])
def test_an_old_record_that_is_none_is_a_doubt_until_the_next_drill(
    check: Check, copies: str, text: str
) -> None:
    path = _old(drill("well", 1, "g"))
    path.write_text(text, "utf-8")
    assert check(copies, code=3)["states"]["", "drill"] == "unknown"
    drill_record.keep(drill("well", 1, "f"))
    assert ("", "drill") not in check(copies)["states"]


def test_a_record_that_others_could_write_is_not_believed(
    check: Check, copies: str
) -> None:
    drill_record.keep(drill("well", 1))
    path = Path(drill_record.path("f"))
    path.chmod(0o666)
    states = check(copies)["states"]
    assert (states["f", "drill"], states["", "drill"]) == ("unknown", "unknown")
    path.chmod(0o600)
    os.chown(path, 2, 2)
    assert check(copies)["states"]["f", "drill"] == "unknown"
    os.chown(path, 0, 0)
    assert check(copies)["states"]["f", "drill"] == "well"
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    assert check(copies)["states"]["f", "drill"] == "unknown"
    path.write_bytes(whole.replace(b'"copy": "f"', b'"copy": "g"'))
    states = check(copies)["states"]
    assert (states["f", "drill"], states["g", "drill"]) == ("unknown", "unknown")


@pytest.mark.parametrize(
    "profile",
    [
        toml(name="r", kind="restic", place="/x"),
        toml(name="f", kind="folder", place="relative"),
        toml(name="f", kind="folder", place="-x"),
        toml(name="f", kind="folder", place="/x", password_file="/y"),
        toml(name="r", kind="restic", place="/x", password_file="y"),
        toml(name="f", kind="folder", place="/x") * 2,
        toml(name="f", kind="tape", place="/x"),
        toml(name="f", kind="folder", place="/x", colour="red"),
        "[backups]\nldap = []\n"
        + toml(name="f", kind="folder", place="/x")
        + 'holds = ["ldap"]\n',
        toml(name="f", kind="folder", place="/x") + 'holds = ["index"]\n',
    ],
)
def test_a_wrong_profile_is_refused(check: Check, profile: str) -> None:
    assert "profile.toml" in check(profile, code=2)


def test_the_report_can_be_kept_for_its_owner_only(
    check: Check, tmp_path: Path
) -> None:
    check("", code=3)
    profile, output = tmp_path / "profile.toml", tmp_path / "out"
    words = ["backup", "check", "--profile", str(profile), "--output", str(output)]
    assert dispatch(words) == 3
    assert stat.S_IMODE(output.stat().st_mode) == 0o600
