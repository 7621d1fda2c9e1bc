"""Hostile plans and hostile moments: a clear refusal, or everything taken back."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.engine import test_soap_directory as soap_tests
from tests.engine.repair import HOST, MACHINE, SSHD, directory, plan, proof, site, twin
from tests.engine.twin import Entry, Twin
from tests.engine.zimbra_home import Watched
from tests.standins import mailboxd_twin
from tests.standins.memory import account
from tests.test_plan import failed, report
from zmward.catalog.attributes import attributes
from zmward.change import (
    FileText,
    Mode,
    SetAttr,
    SetCrontab,
    SetLocalConfig,
    SetMode,
    WriteFile,
)
from zmward.doors.directory import Own, Values
from zmward.doors.host import Done
from zmward.doors.recorded_directory import RecordedDirectory, mailboxd_dies
from zmward.doors.soap_directory import SoapDirectory
from zmward.doors.zimbra_host import ZimbraHost
from zmward.engine.apply import Wish, apply
from zmward.engine.history import history
from zmward.engine.plans import decode
from zmward.engine.preflight import permitted
from zmward.engine.rollback import roll_back
from zmward.engine.site import Site
from zmward.engine.state import known
from zmward.errors import Failed, Refused
from zmward.guards import objection
from zmward.plan import Plan, described
from zmward.plan import plan as planned
from zmward.reports.plan_json import render

# pytest finds fixtures by name in this module.
keystore, server, home = (
    soap_tests.keystore,
    soap_tests.server,
    soap_tests.home,
)
NAME = "zimbraImapEnabled"
ACCOUNTS = tuple(f"account:many{n:02}@example.test" for n in range(20))
TWENTY = tuple(SetAttr(target, NAME, None, ("FALSE",)) for target in ACCOUNTS)


# what no plan contains ------------------------------------------------------------

OWN = (
    *("zimbra", "zimbra@example.test", "uid=zimbra,cn=admins,cn=zimbra"),
    *("uid=zmnginx,cn=appaccts,cn=zimbra", "cn=config", "spam.x1@example.test"),
    *("ham.x1@example.test", "galsync@example.test", "galsync.abc@example.test"),
    *("virus-quarantine.x@example.test", "SPAM.x1@EXAMPLE.test", "a\nb@x.test"),
)
ADMISSION = (
    *("zimbraAccountStatus", "zimbraIsAdminAccount", "zimbraIsSystemAccount"),
    *("zimbraIsSystemResource", "zimbraIsDelegatedAdminAccount", "userPassword"),
    *("zimbraMailHost", "zimbraMailSieveScript", "zimbraPrefMailForwardingAddress"),
    *("zimbraForeignPrincipal", "zimbraPasswordLockoutLockedTime", "zimbraCOSId"),
    *("zimbraDomainStatus", "zimbraAuthMech", "zimbraAuthMechAdmin"),
    *("zimbraAuthLdapURL", "zimbraAuthLdapBindDn", "zimbraAuthLdapSearchBindPassword"),
)
values = st.none() | st.tuples(st.sampled_from(["TRUE", "FALSE", "locked", "x", "-x"]))
names = st.sampled_from(
    [n for n in attributes() if n.startswith("zimbra")]
) | st.sampled_from(ADMISSION)
targets = st.sampled_from(
    [
        *("global", f"server:{HOST}", "cos:default", "domain:example.test"),
        *(f"account:{name}" for name in (*OWN, "user1@example.test")),
    ]
)
random_changes = st.builds(SetAttr, targets, names, values, values)


def forbidden(change: SetAttr) -> bool:
    """Say by the issue's words alone whether no plan may hold a change."""
    kind, _, name = change.target.partition(":")
    own = kind == "account" and name in OWN
    return own or change.attribute in ADMISSION


@settings(max_examples=400, deadline=None)
@given(random_changes)
def test_no_plan_touches_who_logs_in_nor_zimbras_own_accounts(change: SetAttr) -> None:
    found = planned(report(failed("a", change)), only=["a"], short_logs=True)
    for step in found.steps:
        assert not isinstance(step.change, SetAttr) or not forbidden(step.change)
    if forbidden(change):
        assert objection(change)
        with pytest.raises(Refused):
            permitted((change,))


@settings(max_examples=150, deadline=None)
@given(random_changes)
def test_no_plan_file_carries_it_either(change: SetAttr) -> None:
    step = described(change, (), (HOST,))
    document = render(
        Plan(plan().host, "2026-11-21T12:00:00+00:00", "1", (step,), (), ())
    )
    try:
        read = decode(document.encode(), "plan.json")
    except Refused:
        return
    assert not any(
        forbidden(s.change) for s in read.steps if isinstance(s.change, SetAttr)
    )


# a server that answers ------------------------------------------------------------


@pytest.fixture
def many(server: mailboxd_twin.Running) -> Iterator[mailboxd_twin.Running]:
    """Give a mailbox server with twenty accounts more."""
    made = {entry.dn: entry for entry in (account(t[8:]) for t in ACCOUNTS)}
    server.store.entries.update(made)
    yield server
    for dn in made:
        del server.store.entries[dn]


class Answers(Watched):
    """The way to the server; a test does something before the n-th write."""

    def __init__(self, moment: int, then: Callable[[], Done | None]) -> None:
        super().__init__()
        self.moment, self.then, self.writes = moment, then, 0

    def run(
        self,
        argv: Sequence[str],
        *,
        given: bytes = b"",
        user: str = "root",
        seconds: int = 60,
    ) -> Done:
        if b"ModifyAccountRequest" in given:
            self.writes += 1
            if self.writes == self.moment:
                instead = self.then()
                if instead is not None:
                    return instead
        return super().run(argv, given=given, user=user, seconds=seconds)


def through(home: Path, door: Watched, host: Twin) -> tuple[Site, list[SoapDirectory]]:
    opened: list[SoapDirectory] = []

    def opener() -> SoapDirectory:
        opened.append(SoapDirectory(ZimbraHost(door, str(home), "")))
        return opened[-1]

    place = site(host, directory())
    place.opener = opener
    return place, opened


def own(running: mailboxd_twin.Running) -> dict[str, dict[str, list[str]]]:
    """Return what stands in the directory, but for when zimbra logged in last."""
    return {
        dn: dict(entry.attrs)
        for dn, entry in running.store.entries.items()
        if "cn=admins" not in dn
    }


def test_a_fault_on_the_seventh_of_twenty_requests_takes_six_back(
    many: mailboxd_twin.Running, home: Path
) -> None:
    host, before = twin(), own(many)
    wrong = SetAttr(ACCOUNTS[6], "zimbraPasswordMinLength", None, ("many",))
    changes = (*TWENTY[:6], wrong, *TWENTY[7:])
    door = Answers(0, lambda: None)
    place, _ = through(home, door, host)
    with pytest.raises(Failed, match="INVALID_ATTR_VALUE") as error:
        apply(place, plan(changes), Wish(), proof)
    assert error.value.code == 5
    assert "zimbraPasswordMinLength" in str(error.value)
    assert own(many) == before
    # Seven forward, the last of them refused, and six back.
    assert door.writes == 13
    assert [row.state for row in history(host)] == ["rolled back"]


@pytest.mark.proof
def test_a_token_that_ends_half_way_is_renewed_once_and_the_work_goes_on(
    many: mailboxd_twin.Running, home: Path
) -> None:
    def later() -> None:
        many.clock.now += 13 * 3600

    host, before = twin(), own(many)
    door = Answers(10, later)
    place, opened = through(home, door, host)
    run = apply(place, plan(TWENTY), Wish(), proof).run
    assert [directory.logins for directory in opened] == [2]
    changed = own(many)
    assert sum(NAME in attrs for attrs in changed.values()) >= len(TWENTY)
    assert roll_back(place, known(run)).complete
    assert own(many) == before


def test_a_write_whose_answer_was_lost_is_made_again(
    many: mailboxd_twin.Running, home: Path
) -> None:
    host, before = twin(), own(many)
    door = Answers(7, lambda: Done(56, b"", b"curl: (56) reset"))
    place, _ = through(home, door, host)
    run = apply(place, plan(TWENTY), Wish(), proof).run
    assert door.writes == 21
    assert roll_back(place, known(run)).complete
    assert own(many) == before


HOSTILE = (
    *('"', "'", "a 'b' \"c\"", "-x", "--help", "+zimbraId", "$(touch /x)", "`id`"),
    *(";rm -rf /", "a\\nb", "%s%n", "é ü 漢字 🙂", "\u202eabc", "]]>", "<a>&amp;", "*"),
)


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_value_comes_back_whole_from_a_real_server(
    many: mailboxd_twin.Running, home: Path, value: str
) -> None:
    host, before = twin(), own(many)
    place, _ = through(home, Watched(), host)
    change = SetAttr("cos:default", "zimbraNotes", None, (value,))
    run = apply(place, plan((change,)), Wish(), proof).run
    entry = many.store.get("cos", "name", "default")
    assert entry.attrs["zimbraNotes"] == [value]
    assert roll_back(place, known(run)).complete
    assert own(many) == before


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(value=st.text(min_size=1, max_size=30))
def test_any_value_is_written_whole_or_refused_before_anything_is_done(
    value: str,
) -> None:
    host, kept = twin(), directory()
    change = SetAttr("cos:default", "zimbraNotes", None, (value,))
    try:
        run = apply(site(host, kept), plan((change,)), Wish(), proof).run
    except Refused:
        assert host.state() == twin().state()
    else:
        assert kept.objects["cos:default"]["zimbraNotes"] == (value,)
        roll_back(site(host, kept), known(run))
    assert kept.objects == directory().objects


# mailboxd dies ------------------------------------------------------------------------


class Past:
    """The directory as zmprov -l reaches it while mailboxd is down: the same LDAP."""

    def __init__(self, kept: RecordedDirectory) -> None:
        self.kept = RecordedDirectory({})
        self.kept.objects = kept.objects

    def read(self, target: str, attributes: Sequence[str]) -> Own:
        return self.kept.read(target, attributes)

    def read_many(self, wanted: dict[str, Sequence[str]]) -> dict[str, Own]:
        return self.kept.read_many(wanted)

    def write(self, target: str, values: dict[str, Values | None]) -> None:
        self.kept.write(target, values)

    def flush(self, kinds: Sequence[str]) -> None:
        del kinds

    def close(self) -> None:
        return


@pytest.mark.parametrize("request_number", range(2, 8))
def test_mailboxd_that_dies_between_two_requests_is_gone_around(
    request_number: int,
) -> None:
    """The run is finished through zmprov -l, and can be taken back that way."""
    host, kept = twin(), directory()
    kept.mishaps = (mailboxd_dies(request_number),)
    place = site(host, kept)
    first = place.opener
    opened: list[object] = []

    def opener() -> object:
        opened.append(first() if not opened else Past(kept))
        return opened[-1]

    place.opener = opener  # type: ignore[assignment]  # either is a directory
    run = apply(place, plan(), Wish(), proof).run
    assert [type(way).__name__ for way in opened][1:2] == ["Past"]
    assert kept.objects["cos:default"]["zimbraImapEnabled"] == ("FALSE",)
    assert roll_back(place, known(run)).complete
    assert kept.objects == directory().objects
    state = host.state()
    state["packages"] = set()
    assert state == twin().state()


# what stands in the way ---------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        WriteFile(HOST, SSHD, None, FileText("a\n")),
        SetMode(HOST, "/opt/zimbra/conf/a", Mode(0o777, "root", "root"), Mode(0o600, "root", "root")),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "kind", ["symbolic link", "fifo", "socket", "block special file"]
)
def test_what_is_no_plain_file_is_neither_written_nor_opened(
    change: WriteFile | SetMode, kind: str
) -> None:
    host, kept = twin(), directory()
    host.entries[change.path] = Entry(kind, b"", Mode(0o777, "root", "root"))
    before = host.state()
    with pytest.raises(Refused, match="left alone"):
        apply(site(host, kept), plan((change,)), Wish(), proof)
    assert host.state() == before
    assert not any(row.state == "interrupted" for row in history(host))


@pytest.mark.parametrize(
    "change",
    [
        WriteFile(HOST, "/etc/ssh/sshd_config.d/../../shadow", None, FileText("")),
        WriteFile(HOST, "etc/ssh/sshd_config.d/10-zmward.conf", None, FileText("")),
        WriteFile(HOST, "/etc/ssh/sshd_config.d/10-zmward.conf\n", None, FileText("")),
        WriteFile(HOST, "/etc/ssh/sshd_config.d/10-zmward.conf/x", None, FileText("")),
        SetMode(HOST, "/opt/zimbra/conf/../../../etc/shadow", Mode(0, "root", "root"), Mode(0o666, "root", "root")),
        SetMode(HOST, "/opt/zimbra//../../etc/shadow", Mode(0, "root", "root"), Mode(0o666, "root", "root")),
        SetCrontab(HOST, "root", None, "* * * * * id\n"),
        SetCrontab(HOST, "-u", None, "* * * * * id\n"),
        SetLocalConfig(HOST, "ldap_root_password", "a", "b"),
        SetLocalConfig(HOST, "zimbra_same_site_cookie=x", None, "b"),
    ],
)  # fmt: skip
def test_a_path_outside_its_kind_is_refused(
    change: WriteFile | SetMode | SetCrontab | SetLocalConfig,
) -> None:
    host, kept = twin(), directory()
    with pytest.raises(Refused) as error:
        apply(site(host, kept), plan((change,)), Wish(), proof)
    assert error.value.code == 4
    assert host.state() == twin().state()


def test_a_plan_of_a_report_knows_its_machine() -> None:
    made = planned(replace(report(), machine="a" * 32))
    assert made.host.machine == "a" * 32
    assert planned(report()).host.machine == ""
    with pytest.raises(Refused, match="which machine"):
        apply(site(twin(), directory()), planned(report()), Wish(), proof)
    assert MACHINE not in render(made)
