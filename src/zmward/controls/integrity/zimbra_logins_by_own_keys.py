"""Only keys of this installation's servers log in as user zimbra."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, sound
from zmward.facts import Facts
from zmward.sources.authorizedkeys import AUTHORIZED_KEYS, Key
from zmward.sources.directory import SERVERS

_COMMAND = "/opt/zimbra/libexec/zmrcd"


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


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    keys = (
        () if facts.absent(AUTHORIZED_KEYS, host) else facts.read(AUTHORIZED_KEYS, host)
    )
    own = _bodies(facts) if keys else set()
    wrong = [text for text in (_problem(key, own) for key in keys) if text]
    for text in wrong:
        yield deviates(
            Layer.LASTING,
            host,
            text,
            "servers' keys, each with the forced command",
            no_cure="Find out whose it is; then let `zmupdateauthkeys` write the file "
            "anew.",
            source="authorized-keys",
            seen=text,
        )
    if not wrong:
        seen = f"{len(keys)} keys, all of them servers'"
        yield sound(Layer.LASTING, host, source="authorized-keys", seen=seen)


_OWN = "AAAAB3NzaC1yc2EAAAADAQABAAABAQC7"
_LINE = f'command="{_COMMAND}" ssh-rsa {_OWN} mail.example.com\n'
_SERVER = {"zimbraSshPublicKey": f"ssh-rsa {_OWN} mail.example.com"}

CONTROL = Control(
    id="zimbra-logins-by-own-keys",
    title="Only keys of the installation's servers log in as user zimbra",
    why=(
        "A key of somebody else's, or one without the forced command, is a shell as "
        "the user who owns all mail."
    ),
    impact="Whoever used that key can no longer log in as zimbra.",
    severity=Severity.HIGH,
    tips=("T36", "T08"),
    locks_out="people and programs that log in as zimbra with keys of their own",
    check=on_hosts(Layer.LASTING, (AUTHORIZED_KEYS, SERVERS), _look),
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
            raw={"authorized-keys": f"ssh-rsa {_OWN} mail.example.com\n"},
        ),
        unsure(server=_SERVER, missing=("authorized-keys",)),
    ),
)
