"""Only keys of this installation's servers log in as user zimbra."""

import re
from collections.abc import Iterator

from zmward.change import FileText, WriteFile
from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, sound
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.sources.authorizedkeys import AUTHORIZED_KEYS, Key, parse
from zmward.sources.directory import SERVERS
from zmward.sources.own_files import OWN_FILES, OwnFile, OwnFiles
from zmward.sources.source import Unreadable

_COMMAND = "/opt/zimbra/libexec/zmrcd"
_FORCED = re.compile(r'(?<![^,])command="(?:[^"\\]|\\.)*",?')
_PATH = "/opt/zimbra/.ssh/authorized_keys"
_NO_CURE = (
    "Not all keys were seen to stand in authorized_keys: find out whose it is, then "
    "let `zmupdateauthkeys` write the file anew."
)


def _bodies(facts: Facts) -> set[str]:
    """Return the key material of every server of the directory."""
    keys = (server.one("zimbraSshPublicKey") for server in facts.servers())
    return {word for key in keys for word in key.split()[1:2]}


def _problem(key: Key, own: set[str]) -> str:
    name = f"{key.type} …{key.key[-12:]} {key.comment}".strip()
    if key.key not in own:
        return f"{name} belongs to no server of this installation"
    if key.command != _COMMAND:
        return f"{name} is not held to {_COMMAND}"
    return ""


def _line(line: str, own: set[str]) -> str | None:
    """Return a line as it should be; None where its key is nobody's of ours."""
    keys = parse(line)
    if not keys:
        return line
    key = keys[0]
    if key.key not in own:
        return None
    if key.command == _COMMAND:
        return line
    # From where a key may come, and what else the site took from it, stays.
    others = _FORCED.sub("", key.options).strip(", ")
    options = ",".join(filter(None, (f'command="{_COMMAND}"', others)))
    return f"{options} {key.type} {key.key} {key.comment}".rstrip()


def _cure(
    facts: Facts, host: str, keys: tuple[Key, ...], own: set[str]
) -> WriteFile | None:
    """Return the file without foreign keys, if it holds all the keys that are seen."""
    try:
        old = facts.read(OWN_FILES, host).found.get(_PATH)
        if old is None or parse(old.text) != keys:
            return None
    except (Unseen, Unreadable):
        return None
    lines = [_line(line, own) for line in old.text.splitlines()]
    text = "".join(f"{line}\n" for line in lines if line is not None)
    mode = (old.mode, old.owner, old.group)
    return WriteFile(host, _PATH, FileText(old.text, *mode), FileText(text, *mode))


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    keys = (
        () if facts.absent(AUTHORIZED_KEYS, host) else facts.read(AUTHORIZED_KEYS, host)
    )
    own = _bodies(facts) if keys else set()
    wrong = [text for text in (_problem(key, own) for key in keys) if text]
    cure = _cure(facts, host, keys, own) if wrong else None
    for text in wrong:
        yield deviates(
            Layer.LASTING,
            host,
            text,
            "servers' keys, each with the forced command",
            cure=cure,
            no_cure="" if cure else _NO_CURE,
            source="authorized-keys",
            seen=text,
        )
    if not wrong:
        seen = f"{len(keys)} keys, all of them servers'"
        yield sound(Layer.LASTING, host, source="authorized-keys", seen=seen)


_OWN = "AAAAB3NzaC1yc2EAAAADAQABAAABAQC7"
_LINE = f'command="{_COMMAND}" ssh-rsa {_OWN} mail.example.com\n'
_BARE = f"ssh-rsa {_OWN} mail.example.com\n"
_FOREIGN = "ssh-ed25519 AAAAC3NzaC1lZDI1 me@home\n"
_SERVER = {"zimbraSshPublicKey": f"ssh-rsa {_OWN} mail.example.com"}

CONTROL = Control(
    id="zimbra-logins-by-own-keys",
    title="Only keys of the installation's servers log in as user zimbra",
    why=(
        "A key of somebody else's, or one without the forced command, is a shell as "
        "the user who owns all mail."
    ),
    impact=(
        "Whoever used that key can no longer log in as zimbra; a server's key runs the "
        "forced command alone."
    ),
    severity=Severity.HIGH,
    tips=("T36", "T08"),
    locks_out="people and programs that log in as zimbra with keys of their own",
    check=on_hosts(
        Layer.LASTING, (AUTHORIZED_KEYS, OWN_FILES, SERVERS), _look, cures=True
    ),
    refs=(),
    examples=(
        passes(server=_SERVER, raw={"authorized-keys": _LINE}),
        passes(server={}, absent=("authorized-keys",)),
        fails(
            server=_SERVER,
            raw={"authorized-keys": f"{_LINE}ssh-ed25519 AAAAC3NzaC1lZDI1 me@home\n"},
        ),
        fails(
            server=_SERVER,
            raw={"authorized-keys": f"# ours\n{_FOREIGN}{_BARE}"},
            own_files=OwnFiles({_PATH: OwnFile(f"# ours\n{_FOREIGN}{_BARE}", 0o600)}),
        ),
        fails(
            server=_SERVER,
            raw={"authorized-keys": f"{_FOREIGN}{_LINE}"},
            own_files=OwnFiles({_PATH: OwnFile(_LINE, 0o600, "zimbra", "zimbra")}),
        ),
        fails(
            server=_SERVER,
            raw={"authorized-keys": f"ssh-rsa {_OWN} mail.example.com\n"},
        ),
        unsure(server=_SERVER, missing=("authorized-keys",)),
    ),
)
