"""Postfix's main.cf on a host: read and edited by its own postconf alone."""

from zmward.doors.files import fail, look, must
from zmward.doors.host import Done, Door
from zmward.errors import Fault, Refused

FOLDER = "/opt/zimbra/common/conf"
MAIN = f"{FOLDER}/main.cf"
_PROGRAM = "/opt/zimbra/common/sbin/postconf"
# Zimbra's own wrapper edits through sudo, so the file is root's wherever it was used.
_EDITORS = {"zimbra": _PROGRAM, "root": "/opt/zimbra/bin/postconf"}


def _lines(done: Done) -> dict[str, str]:
    text = done.out.decode("utf-8", "surrogateescape")
    rows = (line.partition("=") for line in text.splitlines())
    return {name.strip(): value.strip() for name, equals, value in rows if equals}


def read_parameter(door: Door, name: str) -> str | None:
    """Return what main.cf says itself, None where it does not."""
    done = door.run((_PROGRAM, "-n"), user="zimbra")
    return _lines(must(done, "postconf", name)).get(name)


def _known(door: Door, name: str) -> None:
    done = door.run((_PROGRAM, "-d", name), user="zimbra")
    if done.code or name not in _lines(done):
        raise Fault("postconf", "this Postfix has no such parameter", name)


def write_parameter(door: Door, name: str, value: str | None) -> None:
    """Set or remove one parameter as Zimbra does, so that the owner stays."""
    node = look(door, MAIN)
    if node is None or not node.kind.startswith("regular"):
        raise Refused(f"{MAIN} is not a plain file: left alone.")
    editor = _EDITORS.get(node.mode.owner)
    if editor is None:
        raise Refused(f"{MAIN} belongs to {node.mode.owner}: left alone.")
    if value is not None:
        _known(door, name)
    edit = ("-X", name) if value is None else ("-e", f"{name}={value}")
    done = door.run((editor, *edit), user="zimbra")
    if done.code:
        fail(done, "postconf", name)
    if read_parameter(door, name) != value:
        raise Fault("postconf", "the value is not in the file afterwards", name)
