"""An account as ``?fmt=tgz`` gives it: each item's ``.meta``, then its content.

Names, order and the keys of the metadata are those of Zimbra's own ArchiveFormatter
and ItemData; the lab's mailboxes hold the folders of a new one, and mail in the Inbox.
"""

import base64
import gzip
import hashlib
import io
import json
import re
import tarfile
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from .messages import messages
from .store import Entry

# Number → name, folder above; what a new mailbox has, in the order of their paths.
_USER_ROOT, _INBOX, _ROOT = 1, 2, 11
_FOLDERS = (
    (_ROOT, "ROOT", _ROOT),
    (_USER_ROOT, "USER_ROOT", _ROOT),
    (16, "Briefcase", _USER_ROOT),
    (10, "Calendar", _USER_ROOT),
    (14, "Chats", _USER_ROOT),
    (7, "Contacts", _USER_ROOT),
    (9, "Conversations", _ROOT),
    (6, "Drafts", _USER_ROOT),
    (13, "Emailed Contacts", _USER_ROOT),
    (_INBOX, "Inbox", _USER_ROOT),
    (4, "Junk", _USER_ROOT),
    (5, "Sent", _USER_ROOT),
    (8, "Tags", _ROOT),
    (15, "Tasks", _USER_ROOT),
    (3, "Trash", _USER_ROOT),
)
_FIRST_ITEM = 257
_FOLDER, _MESSAGE = 1, 5
_METADATA_VERSION = 9
# A folder's name in the archive bears a number after so many of its items.
_BATCH = 500
_LONGEST = 121
_ILLEGAL = re.compile(r'[/:*?"<>|\0]')


def export(mail: Path, account: Entry) -> bytes:
    """Return a whole account as the compressed archive that mailboxd streams."""
    output = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=output, mode="wb") as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive,
    ):
        for number, name, above in _FOLDERS:
            path = "/" if number in {_ROOT, _USER_ROOT} else f"/{name}"
            meta = _meta(number, _FOLDER, above, path, name=name)
            _add(archive, f"{number:010}-{name}.meta", meta, 0)
        for turn, file in enumerate(messages(mail, account.name)):
            _add_message(archive, turn, file)
    return output.getvalue()


def _add_message(archive: tarfile.TarFile, turn: int, file: Path) -> None:
    content, made = file.read_bytes(), int(file.stat().st_mtime)
    subject = str(message_from_bytes(content, policy=default).get("subject", ""))
    number = _FIRST_ITEM + turn
    batch = (turn + 1) // _BATCH
    folder = f"Inbox!{batch}" if batch else "Inbox"
    path = f"{folder}/{_name(number, subject)}.eml"
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    meta = _meta(
        number,
        _MESSAGE,
        _INBOX,
        f"/Inbox/{subject}",
        date=made,
        size=len(content),
        # A slash would be one of a path.
        blob_digest=digest.replace("/", ","),
        unread=1,
        subject=subject,
        FlagStr="u",
    )
    _add(archive, f"{path}.meta", meta, made, unread=True)
    _add(archive, path, content, made)


def _name(number: int, subject: str) -> str:
    if not subject:
        return f"message-{number}"
    name = f"{number:010}-{subject}"
    name = name[: _LONGEST - 1] if len(name) > _LONGEST else name
    return _ILLEGAL.sub("_", name).strip().rstrip(". ")


def _meta(number: int, kind: int, folder: int, path: str, **more: str | int) -> bytes:
    row: dict[str, str | int] = {
        "id": number,
        "uuid": hashlib.md5(path.encode(), usedforsecurity=False).hexdigest(),
        "type": kind,
        "parent_id": -1 if kind == _MESSAGE else folder,
        "folder_id": folder,
        "index_id": 0,
        "imap_id": number,
        "date": 0,
        "size": 0,
        "volume_id": 0,
        "unread": 0,
        "flags": 0,
        "mod_metadata": number,
        "change_date": 0,
        "mod_content": number,
        "Path": path,
        "Ver": _METADATA_VERSION,
    }
    return json.dumps(row | more).encode()


def _add(
    archive: tarfile.TarFile,
    path: str,
    content: bytes,
    made: int,
    *,
    unread: bool = False,
) -> None:
    entry = tarfile.TarInfo(path)
    entry.size, entry.mtime = len(content), made
    # This is how the archive says that nobody read a message.
    entry.mode = 0o444 if unread else 0o644
    archive.addfile(entry, io.BytesIO(content))
