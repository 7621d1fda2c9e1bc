"""`zmward patches` and its verbs from the command line."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from tests.docs.sample import lay
from tests.patches.made import advisory
from tests.patches.signing import KEY, catalog, public, signature
from zmward.cli.main import dispatch
from zmward.cli.patches import exit_code
from zmward.control import Status
from zmward.controls.registry import controls
from zmward.engine.audit import audit
from zmward.engine.catalog import active
from zmward.engine.holes import holes, needs
from zmward.engine.readiness import needs as readiness_needs
from zmward.engine.readiness import readiness
from zmward.evidence import DIRECTORY, Answer, Evidence, Missing, decode, encode
from zmward.facts import Facts
from zmward.finding import moment
from zmward.patches.standing import Standing
from zmward.profile import Profile

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ZMWARD_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("ZMWARD_ETC", str(tmp_path / "etc"))
    monkeypatch.setenv("ZMWARD_DEMO", str(tmp_path / "demo"))
    monkeypatch.chdir(tmp_path)
    lay(tmp_path)
    return tmp_path


def patches(*words: str) -> int:
    return dispatch(["patches", *words])


def in_json(capsys: Captured, *words: str) -> dict[str, object]:
    patches(*words, "--json")
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def evidence(room: Path) -> Evidence:
    return decode((room / "evidence.json").read_bytes(), "evidence.json")


def pinned(room: Path) -> str:
    path = room / "profile.toml"
    path.write_text(f'[patches]\ncatalog-keys = ["{public(KEY)}"]\n')
    return str(path)


def offered(room: Path, **values: object) -> str:
    today = datetime.now(UTC)
    content = catalog(9, generated=today.date(), issued=today, **values)
    (room / "new.json").write_bytes(content)
    (room / "new.json.sig").write_bytes(signature(content))
    return str(room / "new.json")


def test_the_sample_has_open_holes_and_doubts(capsys: Captured) -> None:
    assert patches("--demo") == 3
    out = capsys.readouterr().out
    assert len(out.splitlines()) <= 24
    assert "mail.example.test · Zimbra 10.1.20" in out
    assert "holes are open" in out
    assert "\x1b" not in out


def test_days_late_are_counted_at_the_given_day(capsys: Captured) -> None:
    late = {}
    for day in ("2026-11-21", "2026-12-01"):
        found = in_json(capsys, "--demo", "--now", day)
        rows = found["advisories"]
        assert isinstance(rows, list)
        late[day] = next(r["overdue_days"] for r in rows if r["id"] == "CVE-2026-93647")
        assert found["judged"] == day
    assert late["2026-12-01"] - late["2026-11-21"] == 10


def test_a_plain_day_is_that_day_at_the_site(room: Path, capsys: Captured) -> None:
    for zone in ("Pacific/Apia", "Pacific/Honolulu"):
        path = room / "far.toml"
        path.write_text(f'[patches]\ntime-zone = "{zone}"\n')
        words = ("--demo", "--profile", str(path), "--now", "2026-12-01")
        assert in_json(capsys, *words)["judged"] == "2026-12-01"


def test_recorded_evidence_is_judged_at_its_own_time(capsys: Captured) -> None:
    assert in_json(capsys, "--evidence", "evidence.json")["judged"] == "2026-11-21"


@pytest.mark.parametrize("form", ["html", "vex", "json", "text"])
def test_a_report_is_written_for_its_owner_alone(form: str, room: Path) -> None:
    assert patches("--demo", "--format", form, "--output", "out") == 3
    assert (room / "out").stat().st_mode & 0o777 == 0o600
    assert "CVE-2026-93647" in (room / "out").read_text("utf-8")


def test_two_servers_at_once_are_refused(capsys: Captured) -> None:
    assert patches("--demo", "--evidence", "evidence.json") == 2
    assert "take one" in capsys.readouterr().err


def test_an_option_before_an_inner_verb_is_refused(capsys: Captured) -> None:
    assert patches("--demo", "readiness") == 2
    assert "--demo stands before readiness" in capsys.readouterr().err


def test_an_old_catalog_is_a_finding(capsys: Captured) -> None:
    patches("--demo", "--now", "2027-06-01")
    assert "too old" in capsys.readouterr().out


def test_silence_is_unknown_and_never_clean(room: Path) -> None:
    whole = evidence(room)
    node = whole.hosts[0]
    quiet = dict.fromkeys(whole.answers[node], Missing("nobody answered"))
    nothing = Evidence(
        whole.when,
        {
            node: {**quiet, "packages": whole.answers[node]["packages"]},
            DIRECTORY: dict.fromkeys(whole.answers[DIRECTORY], Missing("no answer")),
        },
    )
    found = holes(nothing, Profile(), moment(whole.when), active(Profile().patches))
    assert found.unknown
    before = holes(whole, Profile(), moment(whole.when), active(Profile().patches))
    closed = {row.id for row in found.rows} - {
        r.id for r in (*found.open, *found.unknown)
    }
    opened = {row.id for row in (*before.open, *before.unknown)}
    assert not closed & opened


def test_a_host_without_components_is_never_clean(room: Path, capsys: Captured) -> None:
    whole = evidence(room)
    node = whole.hosts[0]
    answers = {**whole.answers[node], "packages": Answer("")}
    bare = Evidence(whole.when, {**whole.answers, node: answers})
    (room / "bare.json").write_bytes(encode(bare))
    for form in ("text", "json", "html"):
        assert patches("--evidence", "bare.json", "--format", form) == 3
        assert "✓ no known hole" not in capsys.readouterr().out
    assert patches("--evidence", "bare.json", "--format", "vex") == 3


def test_what_keeps_patches_away_is_told_and_is_a_finding(room: Path) -> None:
    whole = evidence(room)
    node = whole.hosts[0]
    list_ = "> /etc/apt/sources.list.d/zimbra.list.distUpgrade\n # disabled\n"
    off = Answer(f"{list_} # deb https://repo.zimbra.com/apt/1010 jammy zimbra\n")
    answers = {**whole.answers[node], "repositories": off}
    closed = Evidence(whole.when, {**whole.answers, node: answers})
    site, now = Profile(), moment(whole.when)
    found = holes(closed, site, now, active(site.patches))
    names = [one.control for one in found.around]
    assert "zimbra-repository-enabled" in names
    assert "zimbra-repository-enabled" not in [
        one.control for one in holes(whole, site, now, active(site.patches)).around
    ]
    overview = replace(found.overview, holes=())
    rows = tuple(row for row in found.rows if row.hole.standing is Standing.FIXED)
    alone = replace(found, overview=overview, rows=rows)
    assert exit_code(alone) == 1
    assert exit_code(replace(alone, around=())) == 0


def test_all_that_is_read_is_asked(room: Path) -> None:
    whole = evidence(room)
    facts = Facts(whole, Profile(), moment(whole.when))
    readiness(facts)
    own = needs(active(Profile().patches))
    holes(whole, Profile(), moment(whole.when), active(Profile().patches))
    assert facts.used <= own | readiness_needs() | {"os-release"}


def test_an_attested_mitigation_gives_a_high_one_until_the_evening(room: Path) -> None:
    site = Profile()
    whole = evidence(room)
    now = moment(whole.when)
    rows = holes(whole, site, now, active(site.patches)).open
    table = {
        "attestation": [
            {
                "subject": f"mitigation-{rows[0].id}",
                "by": "operations",
                "on": "2026-11-01",
                "until": "2026-12-01",
            }
        ]
    }
    attested = msgspec.convert(table, Profile)
    found = holes(whole, attested, now, active(site.patches)).open
    assert [row.mitigated for row in found] == [True, *(False for _ in found[1:])]


def test_a_signed_catalog_is_taken_and_judges(room: Path, capsys: Captured) -> None:
    profile = pinned(room)
    row = advisory(88888, affected=())
    assert patches("update", offered(room, rows=(row,)), "--profile", profile) == 0
    assert "New: CVE-2026-88888." in capsys.readouterr().out
    found = in_json(capsys, "--demo", "--profile", profile)
    told = found["catalog"]
    assert isinstance(told, dict)
    assert (told["serial"], told["trouble"]) == (9, "")
    rows = found["advisories"]
    assert isinstance(rows, list)
    assert "CVE-2026-88888" in {row["id"] for row in rows}


def test_a_catalog_is_refused_with_code_4(room: Path, capsys: Captured) -> None:
    path = offered(room)
    assert patches("update", path) == 4
    assert "pins no key" in capsys.readouterr().err
    Path(path).write_bytes(Path(path).read_bytes() + b" ")
    assert patches("update", path, "--profile", pinned(room)) == 4
    assert not (room / "state").exists()


def test_a_taken_catalog_without_its_key_is_a_finding(
    room: Path, capsys: Captured
) -> None:
    profile = pinned(room)
    assert patches("update", offered(room), "--profile", profile) == 0
    capsys.readouterr()
    patches("--demo")
    assert "is not used" in capsys.readouterr().out


def test_readiness_says_what_it_did_not_look_at(capsys: Captured) -> None:
    assert patches("readiness", "--demo") == 3
    out = capsys.readouterr().out
    assert "? disk" in out
    assert "? hand-edited files" in out
    assert "✗ operating system" in out


def test_readiness_of_silence_is_all_unknown(room: Path) -> None:
    whole = evidence(room)
    node = whole.hosts[0]
    nothing = Evidence(whole.when, {node: {}, DIRECTORY: {}})
    found = readiness(Facts(nothing, Profile(), moment(whole.when)))
    assert {one.state for one in found} == {"unknown"}


def test_readiness_sees_a_service_that_does_not_listen(room: Path) -> None:
    whole = evidence(room)
    node = whole.hosts[0]
    listeners = whole.answers[node]["listeners"]
    assert isinstance(listeners, Answer)
    left = "\n".join(one for one in listeners.text.splitlines() if ":7025 " not in one)
    answers = {**whole.answers[node], "listeners": Answer(left)}
    less = Evidence(whole.when, {**whole.answers, node: answers})
    found = readiness(Facts(less, Profile(), moment(whole.when)))
    said = [one.text for one in found if one.subject == "services"]
    assert said == [f"{node}: enabled, but nothing listens: mailbox"]


def test_readiness_is_json_too(capsys: Captured) -> None:
    patches("readiness", "--demo", "--json")
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == "zmward.readiness/1"
    assert sum(found["counts"].values()) == len(found["found"])


def test_readiness_never_calls_well_what_a_control_does_not_pass(room: Path) -> None:
    whole = evidence(room)
    now = moment(whole.when)
    report = audit(whole, controls().values(), Profile(), now)
    passed = {f.title for f in report.findings if f.status is Status.PASS}
    titles = {f.title for f in report.findings}
    found = readiness(Facts(whole, Profile(), now))
    well = {one.text for one in found if one.state == "well"} & titles
    assert well
    assert well <= passed


def test_the_verb_needs_no_slow_packages_to_start() -> None:
    code = "import sys, zmward.cli.patches; print('cryptography' in sys.modules, 'cvss' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "False"]
