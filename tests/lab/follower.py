"""Writes the event log on a node, from the end of the logs on, until it is stopped.

It reads with the product's own parts, as `zmward logs follow` does.
"""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

sys.path.insert(0, "/opt/zmward")

from zmward.catalog.log_pattern import Log
from zmward.doors.own_addresses import own_addresses, zone
from zmward.logs import compact
from zmward.logs.addresses import Trusted
from zmward.logs.clock import Clock
from zmward.logs.event import Event
from zmward.logs.joined import Joiner
from zmward.logs.lines import Place
from zmward.logs.reading import Counts, events

FILES: dict[str, Log] = {
    "/opt/zimbra/log/audit.log": "audit",
    "/opt/zimbra/log/mailbox.log": "mailbox",
    "/opt/zimbra/log/nginx.log": "nginx",
    "/var/log/zimbra.log": "syslog",
}


def _opened() -> Iterator[tuple[IO[bytes], Place]]:
    local, trusted = zone(), Trusted(own_addresses())
    assert local is not None
    for path, log in FILES.items():
        file = Path(path).open("rb")  # noqa: SIM115  # to the end
        file.seek(0, 2)
        yield file, Place(log, Clock(local, time.time()), trusted)


def _new(file: IO[bytes], place: Place) -> list[Event]:
    at, block = file.tell(), file.read()
    end = block.rfind(b"\n") + 1
    file.seek(at + end)
    return list(events(place, [block[:end]], Counts())) if end else []


def main() -> None:
    """Follow until a signal comes."""
    logs, joiner = list(_opened()), Joiner()
    with Path(compact.EVENTS).open("a", encoding="ascii") as out:
        while True:
            found = [event for log in logs for event in _new(*log)]
            done: list[Event] = []
            for event in sorted(found, key=lambda one: one.when):
                done += joiner.take(event)
            done += [] if found else joiner.rest()
            out.writelines(f"{compact.line(event)}\n" for event in done)
            out.flush()
            time.sleep(0.5)


if __name__ == "__main__":
    main()
