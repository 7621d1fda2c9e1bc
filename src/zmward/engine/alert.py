"""Tells people of an alarm: by the system's log, by mail, and to an address by https.

Mail and https are slow and may fail, so another thread does them, and no more than once
a minute: what comes meanwhile goes into the next message. What cannot be sent is said.
"""

import http.client
import os
import pwd
import queue
import socket
import ssl
import subprocess
import syslog
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from email.message import EmailMessage
from pathlib import Path
from typing import Final

import msgspec

from zmward.doors.download import place
from zmward.errors import Usage
from zmward.integrity.watching import TODO, Dropped

_SENDMAIL: Final = (
    Path("/opt/zimbra/common/sbin/sendmail"),
    Path("/usr/sbin/sendmail"),
    Path("/usr/lib/sendmail"),
)
_SECONDS: Final = 20
_PAUSE: Final = 60.0
_MOST: Final = 100
_OK: Final = range(200, 300)
Say = Callable[[str], None]
Sends = Callable[[Sequence[Dropped]], None]


def logged(one: Dropped) -> None:
    """Write an alarm to the system's log, from where it goes to the log server."""
    syslog.openlog("zmward", syslog.LOG_PID, syslog.LOG_AUTHPRIV)
    syslog.syslog(syslog.LOG_ALERT, f"integrity alarm: {one.text}"[:900])
    syslog.closelog()


def message(some: Sequence[Dropped], to: str, host: str) -> bytes:
    """Return the mail that tells of alarms, and of how many it does not tell."""
    mail = EmailMessage()
    mail["To"] = to
    name = "".join(char if char.isprintable() else "?" for char in host)
    mail["Subject"] = f"zmward: {len(some)} programs in web roots of {name}"
    mail["Auto-Submitted"] = "auto-generated"
    lines = [f"{one.when}\n{one.text}\n{one.excerpt}".strip() for one in some[:_MOST]]
    if len(some) > _MOST:
        lines.append(f"and {len(some) - _MOST} more, which the system's log names")
    mail.set_content("\n\n".join((*lines, TODO)) + "\n")
    return mail.as_bytes()


def _who() -> tuple[int, int] | None:
    """Return as whom sendmail runs; None where we are nobody special ourselves.

    Postfix's sendmail runs what `command_directory` of main.cf names, and Zimbra's
    main.cf is user zimbra's: root would run whatever that user put there.
    """
    if os.geteuid():
        return None
    for name in ("zimbra", "nobody"):
        with suppress(KeyError):
            one = pwd.getpwnam(name)
            return one.pw_uid, one.pw_gid
    raise Usage("--mail: there is neither a user zimbra nor nobody to send it.")


def by_mail(to: str, host: str, program: Path | None = None) -> Sends:
    """Return what sends mail to an address by this host's own sendmail."""
    bare = to.replace(".", "").replace("@", "").replace("-", "").replace("_", "")
    if to.count("@") != 1 or to.startswith("-") or not bare.isalnum():
        raise Usage(f"--mail {to!r} is no address: write somebody@example.com.")
    found = program or next((one for one in _SENDMAIL if one.exists()), None)
    if found is None:
        raise Usage("--mail: there is no sendmail here.")

    # Asked once: a directory of users may be away when there is something to send.
    user, group = _who() or (None, None)

    def send(some: Sequence[Dropped]) -> None:
        subprocess.run(
            (str(found), "-i", "--", to),
            input=message(some, to, host),
            user=user,
            group=group,
            extra_groups=None if user is None else (),
            cwd="/",
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=True,
        )

    return send


def by_https(url: str, host: str) -> Sends:
    """Return what sends alarms as JSON to an address; no redirect is followed."""
    parts = place(url)

    def send(some: Sequence[Dropped]) -> None:
        document = {
            "schema": "zmward.dropped/1",
            "host": host,
            "found": some[:_MOST],
            "more": max(len(some) - _MOST, 0),
        }
        line = http.client.HTTPSConnection(
            parts.hostname or "",
            parts.port,
            timeout=_SECONDS,
            context=ssl.create_default_context(),
        )
        try:
            target = parts.path or "/"
            target += f"?{parts.query}" if parts.query else ""
            content = msgspec.json.encode(document)
            line.request("POST", target, content, {"Content-Type": "application/json"})
            status = line.getresponse().status
        finally:
            line.close()
        if status not in _OK:
            raise OSError(f"it answered {status}")

    return send


class Alerts:
    """Sends alarms in a thread of its own, in bundles; `say` gets what failed."""

    def __init__(self, sends: Sequence[Sends], say: Say, pause: float = _PAUSE) -> None:
        self._sends, self._say, self._pause = sends, say, pause
        self._queue: queue.Queue[Dropped | None] = queue.Queue()
        self._thread = threading.Thread(target=self._work, daemon=True)
        if sends:
            self._thread.start()

    def tell(self, one: Dropped) -> None:
        """Send an alarm soon."""
        if self._sends:
            self._queue.put(one)

    def close(self) -> None:
        """Send what is left, and end; it is not waited for long."""
        if self._sends:
            self._queue.put(None)
            self._thread.join(_SECONDS)

    def _work(self) -> None:
        ended = False
        while not ended:
            some: list[Dropped] = []
            one = self._queue.get()
            while one is not None:
                some.append(one)
                try:
                    one = self._queue.get_nowait()
                except queue.Empty:
                    break
            ended = one is None
            if some:
                self._bundle(some)
            if not ended:
                time.sleep(self._pause)

    def _bundle(self, some: list[Dropped]) -> None:
        for send in self._sends:
            try:
                send(some)
            except (OSError, subprocess.SubprocessError, socket.gaierror) as error:
                self._say(f"an alarm could not be sent: {error}")
            # What cannot be written as mail or as JSON must not end the sending of all.
            except (http.client.HTTPException, ValueError, LookupError) as error:
                self._say(f"an alarm could not be sent: {type(error).__name__}")
