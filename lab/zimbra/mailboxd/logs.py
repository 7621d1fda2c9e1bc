"""The lines of mailbox.log, audit.log and Jetty's access log."""

import os
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from .clock import Clock

_FIRST = ("name", "aname", "mid", "ip")


@dataclass
class LogContext:
    """The thread and the key=value pairs that stand before each message."""

    thread: str
    pairs: dict[str, str] = field(default_factory=dict)

    def set(self, key: str, value: str | None) -> None:
        """Remember a pair; the empty value is none."""
        if value:
            self.pairs[key] = value

    def drop(self, key: str) -> None:
        """Forget a pair."""
        self.pairs.pop(key, None)

    def __str__(self) -> str:
        keys = [k for k in _FIRST if k in self.pairs]
        keys += [k for k in self.pairs if k not in _FIRST]
        return "".join(f"{key}={_escape(self.pairs[key])};" for key in keys)


def _escape(value: str) -> str:
    return value.replace(";", ";;").replace("\r", " ").replace("\n", " ")


class Logs:
    """Writes log lines below one directory and rolls them each day."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock

    def audit(self, context: LogContext, message: str, level: str = "INFO") -> None:
        """Write to audit.log, whose category is always ``security``."""
        self._line("audit.log", context, level, f"security - {message}")

    def mailbox(
        self, context: LogContext, category: str, message: str, level: str = "INFO"
    ) -> None:
        """Write to mailbox.log."""
        self._line("mailbox.log", context, level, f"{category} - {message}")

    def access(self, line: str) -> None:
        """Write to the access log of the day."""
        today = datetime.fromtimestamp(self._clock()).astimezone()
        self._append(self._directory / f"access_log.{today:%Y-%m-%d}", line)

    def _line(self, name: str, context: LogContext, level: str, text: str) -> None:
        now = datetime.fromtimestamp(self._clock()).astimezone()
        stamp = f"{now:%Y-%m-%d %H:%M:%S},{now.microsecond // 1000:03d}"
        path = self._directory / name
        self._roll(path, now)
        self._append(path, f"{stamp} {level:<5} [{context.thread}] [{context}] {text}")

    def _roll(self, path: Path, now: datetime) -> None:
        try:
            written = datetime.fromtimestamp(path.stat().st_mtime).astimezone()
        except FileNotFoundError:
            return
        if written.date() < now.date():
            path.rename(f"{path}.{written:%Y-%m-%d}")

    def _append(self, path: Path, line: str) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        descriptor = os.open(path, flags, 0o640)
        try:
            os.write(descriptor, (line + "\n").encode())
        finally:
            os.close(descriptor)
