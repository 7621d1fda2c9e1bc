"""One file as it is recorded: a line of the manifest."""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

Sort = Literal["file", "folder", "link", "pipe", "socket", "device", "other"]
SET_ID: Final = 0o6000
OTHERS_WRITE: Final = 0o002
EXECUTES: Final = 0o111
IMMUTABLE: Final = 0x10
APPEND_ONLY: Final = 0x20
CAPABILITY: Final = "security.capability"
# They say whether a file may have been touched, not what it holds: a copy that was
# restored has others, and is the same file.
GATES: Final = ("changed", "inode", "device")


class Node(msgspec.Struct, frozen=True, array_like=True):
    """What is known of one path; sizes in bytes, times in nanoseconds since 1970.

    `digest` is the SHA-256 of the content (`blocks:` before it for a file of more than
    a gibibyte, of which the blocks that hold something are summed up with their
    places), `target` of a link is where it leads; both are empty elsewhere. `extra`
    are extended attributes in hexadecimal digits, capabilities among them; `unread`
    says why the content is not known.
    """

    path: str
    sort: Sort
    mode: int
    uid: int
    gid: int
    size: int
    modified: int
    changed: int
    inode: int
    device: int
    links: int
    digest: str = ""
    target: str = ""
    flags: int = 0
    extra: Mapping[str, str] = {}
    package: str = ""
    unread: str = ""

    @property
    def capability(self) -> str:
        """Return the file's capabilities, as the kernel keeps them."""
        return self.extra.get(CAPABILITY, "")

    @property
    def runs(self) -> bool:
        """Say whether it is a file that may be run."""
        return self.sort == "file" and bool(self.mode & EXECUTES)
