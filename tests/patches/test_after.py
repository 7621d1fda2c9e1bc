"""Around an upgrade: what it keeps, overwrites and changes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from tests.engine.repair import directory, site, twin
from tests.examples import NODE, evidence_of
from zmward.configuration.overwritten import Moved, Record
from zmward.control import passes
from zmward.doors.host import Done
from zmward.engine.changed_templates import Known, after, templates
from zmward.engine.readiness import own_changes
from zmward.evidence import Evidence, Missing
from zmward.facts import Facts
from zmward.finding import moment
from zmward.i18n import Said, fill
from zmward.patches.compared import compared
from zmward.patches.kept import kept
from zmward.patches.readiness import Ready, whole
from zmward.profile import Profile
from zmward.sources.listeners import Listener

OLD = ("TLSv1", "TLSv1.1", "TLSv1.2")


def facts(**given: Any) -> Facts:
    evidence = evidence_of(passes(**given))
    return Facts(evidence, Profile(), moment(evidence.when))


def changed(was: Facts, now: Facts) -> dict[str, Ready]:
    return {one.subject: one for one in compared(was, now)}


def test_values_of_an_older_line_are_named_with_todays() -> None:
    config = {"zimbraReverseProxySSLProtocols": OLD}
    (found,) = kept(facts(config=config, cos={"default": {}}))
    assert found.state == "bad"
    assert "TLSv1 TLSv1.1 TLSv1.2 as before 9.0.0, today TLSv1.2 TLSv1.3" in found.text


def test_values_of_today_and_own_ones_are_well() -> None:
    for values in (("TLSv1.2", "TLSv1.3"), ("TLSv1.3",), ()):
        config = {"zimbraReverseProxySSLProtocols": values}
        (found,) = kept(facts(config=config, cos={"default": {}}))
        assert found.state == "well"
    (found,) = kept(facts(missing=("ldap-cos",)))
    assert found.state == "unknown"


@pytest.mark.parametrize(
    ("state", "expected"), [("ii", "well"), ("iF", "bad"), ("iU", "bad"), ("iH", "bad")]
)
def test_a_package_that_is_half_in_place_is_bad(state: str, expected: str) -> None:
    raw = f"ii zimbra-core 10.1.0\n{state} zimbra-patch 10.1.20.1-1\n"
    (found,) = whole(facts(raw={"packages": raw}))
    assert found.state == expected
    (unseen,) = whole(facts(missing=("packages",)))
    assert unseen.state == "unknown"


BEFORE: dict[str, Any] = {
    "packages": {"zimbra-core": "10.1.0", "zimbra-patch": "10.1.16"},
    "services": ("mailbox", "mta"),
    "listeners": (Listener("tcp", "192.0.2.1", 25), Listener("tcp", "::", 7025)),
    "localconfig": {"snmp_notify": "0", "secret": "old"},
    "config": {"zimbraMtaMyNetworks": "1", "zimbraMailMode": "2"},
    "cos": {"default": {}},
}


def test_the_same_evidence_is_the_same() -> None:
    found = changed(facts(**BEFORE), facts(**BEFORE))
    assert {one.state for one in found.values()} == {"well"}
    assert set(found) == {"packages", "services", "ports", "localconfig", "attributes"}


def test_what_an_upgrade_changed_is_named() -> None:
    after = {
        "packages": {"zimbra-core": "10.1.0", "zimbra-patch": "10.1.21"},
        "services": ("mailbox",),
        "listeners": (Listener("tcp", "192.0.2.1", 25), Listener("tcp", "::", 7072)),
        "localconfig": {"snmp_notify": "1", "secret": "new"},
        "config": {"zimbraMtaMyNetworks": "3", "zimbraMailMode": "2"},
        "cos": {"default": {}},
    }
    found = changed(facts(**BEFORE), facts(**after))
    states = {name: one.state for name, one in found.items()}
    assert states == {
        "packages": "unknown",
        "services": "bad",
        "ports": "bad",
        "localconfig": "unknown",
        "attributes": "unknown",
    }
    assert "zimbra-patch: 10.1.16 → 10.1.21" in found["packages"].text
    assert found["services"].text == f"{NODE}: gone: mta"
    assert found["ports"].text == f"{NODE}: gone: :: tcp 7025; new: :: tcp 7072"
    assert "zimbraMtaMyNetworks: 1 → 3" in found["attributes"].text
    # Values of localconfig may be secrets, so none is shown.
    assert "snmp_notify has another value" in found["localconfig"].text
    assert "new" not in found["localconfig"].text


def test_a_package_that_is_gone_is_bad() -> None:
    after = {**BEFORE, "packages": {"zimbra-core": "10.1.0"}}
    assert changed(facts(**BEFORE), facts(**after))["packages"].state == "bad"


def test_silence_after_is_not_known() -> None:
    was = facts(**BEFORE)
    silent = {NODE: {"packages": Missing("no answer")}, "directory": {}}
    now = Facts(Evidence(was.evidence.when, silent), Profile(), was.now)
    assert {one.state for one in compared(was, now)} == {"unknown"}


class Manager:
    """A host with a package manager that answers by its first words."""

    name, streams = "mail.example.test", 1

    def __init__(self, answers: Mapping[tuple[str, str], Done]) -> None:
        self.answers = answers

    def lines(self, script: str) -> Iterator[bytes]:
        raise AssertionError(script)

    def run(
        self,
        argv: Sequence[str],
        *,
        given: bytes = b"",
        user: str = "root",
        seconds: int = 60,
    ) -> Done:
        del given, user, seconds
        return self.answers.get((argv[0], argv[1]), Done(127, error=b"not found"))


PACKAGED = facts(raw={"packages": "ii zimbra-core 10.1.0\nii zimbra-proxy 10.1.0\n"})
DPKG = {
    ("dpkg-query", "--version"): Done(0, b"1.21"),
    ("dpkg-query", "--control-list"): Done(0, b"md5sums\npostinst\n"),
}
TEMPLATE = "/opt/zimbra/conf/nginx/templates/nginx.conf.web.template"


@pytest.mark.parametrize(
    ("line", "state"),
    [
        (f"??5??????   {TEMPLATE}\n", "bad"),
        (f"??5?????? c {TEMPLATE}\n", "bad"),
        (f"missing     {TEMPLATE}\n", "bad"),
        ("??5??????   /opt/zimbra/lib/a.jar\n", "well"),
        ("", "well"),
    ],
)
def test_templates_are_held_against_dpkgs_checksums(line: str, state: str) -> None:
    host = Manager({**DPKG, ("dpkg", "--verify"): Done(1, line.encode())})
    (found,) = templates(host, PACKAGED)
    assert found.state == state
    assert (TEMPLATE in found.text) is (state == "bad")


def test_the_history_of_the_configuration_tells_how() -> None:
    line = f"??5??????   {TEMPLATE}\n".encode()
    host = Manager({**DPKG, ("dpkg", "--verify"): Done(1, line)})
    known = Known({TEMPLATE: fill("{path}: told", path=TEMPLATE)}.get)
    differs, how = templates(host, PACKAGED, known)
    assert TEMPLATE in differs.text
    assert how.text == f"{TEMPLATE}: told"
    assert {differs.state, how.state} == {"bad"}


def recorded(*moved: Moved) -> Record:
    return Record(3, "2026-11-01", {TEMPLATE: "a" * 64}, moved)


EDITED = recorded(Moved(TEMPLATE, "other"))


def told(path: str) -> Said:
    return fill("{path}: told", path=path)


def test_a_baseline_tells_where_the_packages_are_silent() -> None:
    silent, changed, how = templates(Manager({}), PACKAGED, Known(told), EDITED)
    assert (silent.state, changed.state, how.state) == ("unknown", "bad", "bad")
    assert changed.text == (
        f"changed since baseline 3 of 2026-11-01, and not by a package: {TEMPLATE}"
    )
    assert how.text == f"{TEMPLATE}: told"


def test_what_a_package_itself_wrote_is_nobodys_edit() -> None:
    shipped = recorded(Moved(TEMPLATE, "shipped"))
    silent, same = templates(Manager({}), PACKAGED, Known(told), shipped)
    assert (silent.state, same.state) == ("unknown", "well")


def test_a_baseline_without_templates_tells_nothing() -> None:
    _, bare = templates(Manager({}), PACKAGED, None, Record(1, "2026-11-01"))
    assert bare.state == "unknown"


def test_where_nobody_compares_a_change_in_the_history_is_for_the_reader() -> None:
    known = Known(told, (TEMPLATE,), "from then to now")
    silent, changed, how = templates(Manager({}), PACKAGED, known)
    assert {silent.state, changed.state, how.state} == {"unknown"}
    assert "changed from then to now, by an upgrade or by hand" in changed.text
    host = Manager({**DPKG, ("dpkg", "--verify"): Done(0)})
    (well,) = templates(host, PACKAGED, known)
    assert well.state == "well"


def test_after_an_upgrade_the_baseline_tells_what_became_of_each() -> None:
    main = "/opt/zimbra/conf/amavisd.conf"
    gone = recorded(
        Moved(TEMPLATE, "shipped"),
        Moved("/opt/zimbra/conf/a.in", "gone"),
        Moved(main, "other"),
    )
    anew = (
        "written anew by packages since baseline 3 of 2026-11-01, with what "
        f"somebody edited in them: {TEMPLATE}"
    )
    rows = [(one.subject, one.state, one.text) for one in after(gone, Known(told))]
    assert rows == [
        (
            *("own templates", "bad"),
            "gone since baseline 3 of 2026-11-01: /opt/zimbra/conf/a.in (gone)",
        ),
        ("own templates", "unknown", anew),
        (
            *("generated files", "unknown"),
            f"not as baseline 3 of 2026-11-01, nor as a package has it: {main}",
        ),
        ("own templates", "unknown", f"{TEMPLATE}: told"),
        ("own templates", "unknown", "/opt/zimbra/conf/a.in: told"),
    ]
    same = tuple(after(recorded(), Known()))
    assert {one.state for one in same} == {"well"}


def test_after_an_upgrade_snapshots_tell_where_no_baseline_does() -> None:
    none = Record(why="no baseline")
    assert {one.state for one in after(none, Known())} == {"unknown"}
    why, how = after(none, Known(told, (TEMPLATE,), "span"))
    assert (why.text, how.text) == ("no baseline", f"{TEMPLATE}: told")
    states = [one.state for one in after(none, Known(told, (), "from a to b"))]
    assert states == ["unknown", "well"]


def test_a_file_whose_time_alone_differs_is_not_changed() -> None:
    for marks, state in ((".......T.", "well"), ("S.5....T.", "bad")):
        line = f"{marks}  c {TEMPLATE}\n".encode()
        (found,) = templates(Manager({("rpm", "--verify"): Done(1, line)}), PACKAGED)
        assert found.state == state


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {**DPKG, ("dpkg", "--verify"): Done(2, error=b"broken")},
        {
            **DPKG,
            ("dpkg-query", "--control-list"): Done(0, b"postinst\n"),
            ("dpkg", "--verify"): Done(0),
        },
    ],
)
def test_who_cannot_compare_knows_nothing(
    answers: Mapping[tuple[str, str], Done],
) -> None:
    (found,) = templates(Manager(answers), PACKAGED)
    assert found.state == "unknown"


def test_nothing_of_ours_stands_on_a_fresh_host() -> None:
    (found,) = own_changes(site(twin(), directory()))
    assert found.state == "well"
    (recorded,) = own_changes(None)
    assert recorded.state == "unknown"
