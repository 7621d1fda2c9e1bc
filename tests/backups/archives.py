"""Archives as Zimbra exports an account, and such as mean harm."""

import gzip
import io
import os
import tarfile
from collections.abc import Callable, Iterable


def entry(
    name: str, content: bytes = b"x", **fields: object
) -> tuple[tarfile.TarInfo, bytes]:
    found = tarfile.TarInfo(name)
    found.size = len(content)
    for key, value in fields.items():
        setattr(found, key, value)
    return found, content


def packed(entries: Iterable[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w") as archive:
        for found, content in entries:
            archive.addfile(found, io.BytesIO(content))
    return output.getvalue()


def tgz(entries: Iterable[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    return gzip.compress(packed(entries))


def account(messages: int = 20, size: int = 500, *, noise: bool = False) -> bytes:
    """Return an account with messages, an appointment and a contact.

    With `noise`, it cannot be compressed.
    """
    rows = [entry("Inbox.meta", b"{}")]
    for number in range(messages):
        name = f"Inbox/{number:010}-Hello.eml"
        content = os.urandom(size) if noise else bytes(range(256)) * (size // 256)
        body = f"Subject: {number}\r\n\r\n".encode() + content
        rows += [entry(f"{name}.meta", b"{}"), entry(name, body)]
    rows += [entry("Calendar/1-Lunch.appt.meta"), entry("Calendar/1-Lunch.appt")]
    rows += [entry("Contacts/Joe.meta"), entry("Contacts/Joe")]
    return tgz(rows)


def reader(content: bytes) -> Callable[[int], bytes]:
    return io.BytesIO(content).read
