"""When a test line was last seen at a log host is kept on the sender."""

from collections.abc import Sequence
from datetime import UTC, datetime

from tests.engine.twin import Twin
from zmward.change import Mode
from zmward.doors.host import Done
from zmward.engine.log_arrival import remember
from zmward.sources.logging import ARRIVALS, parse

NAME, OTHER = "log.example.com", "old.example.com"


def host(day: int) -> Twin:
    def clock(argv: Sequence[str]) -> Done | None:
        stamp = f"2026-11-{day}T10:00:00+00:00\n"
        return Done(0, stamp.encode()) if argv[0] == "date" else None

    return Twin(fails=clock)


def seen(twin: Twin) -> dict[str, datetime]:
    text = twin.entries[ARRIVALS].content.decode()
    lines = "".join(f" {line}\n" for line in text.splitlines())
    return dict(parse(f"> {ARRIVALS}\n{lines}").arrived)


def test_each_log_host_has_its_last_time() -> None:
    twin = host(20)
    twin.folder("/var/lib")
    remember(twin, OTHER)
    remember(twin, NAME)
    twin.fails = host(21).fails
    remember(twin, NAME)
    assert seen(twin) == {
        OTHER: datetime(2026, 11, 20, 10, tzinfo=UTC),
        NAME: datetime(2026, 11, 21, 10, tzinfo=UTC),
    }
    assert twin.entries[ARRIVALS].mode == Mode(0o600, "root", "root")


def test_what_is_damaged_is_not_believed() -> None:
    for text in ("log 2026-11-20", "log 2026-13-40T10:00:00+00:00", "\x00", "log"):
        assert parse(f"> {ARRIVALS}\n {text}\n").arrived == {}


def test_as_whom_rsyslog_runs_is_told() -> None:
    found = parse("> /etc/rsyslog.conf\n x\n> user syslog\n syslog adm\n")
    assert (found.user, found.groups) == ("syslog", ("syslog", "adm"))
    assert found.files == ("/etc/rsyslog.conf",)
    both = parse("> user syslog\n syslog\n> user root\n root\n")
    assert (both.user, both.groups) == ("", ())


def test_the_port_of_an_action_is_known() -> None:
    text = (
        " *.* @@log.example.com:6514;RSYSLOG_ForwardFormat\n"
        " *.* @log.example.com\n"
        " *.* @@[2001:db8::5]:10514\n"
        ' action(type="omfwd" target="a.example" port="6515" protocol="tcp")\n'
        ' action(type="omfwd" target="b.example" port="`echo $P`" protocol="tcp")\n'
        ' action(type="omkafka" broker="k.example")\n'
    )
    found = parse(f"> /etc/rsyslog.conf\n{text}").forwards
    assert [one.port for one in found] == [6514, 514, 10514, 6515, 0, 0]
