"""Private keys are readable by Zimbra alone."""

from collections.abc import Iterator

from zmward.change import SetMode
from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.controls.shapes.modes import forbidden_to_keys, without
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.sources.modes import FILE_MODES
from zmward.sources.source import Status
from zmward.sources.tls_keys import TLS_KEYS, PrivateKey

_OWNERS = ("zimbra", "root")
_OWNER = (
    "Find out why it belongs to somebody else, who has read it: get a new key. By "
    "hand: chown zimbra:zimbra and chmod 640, as `/opt/zimbra/libexec/zmfixperms` does."
)
_LINK = (
    "It is reached through a link, or its mode alone is not known: chmod 640 by hand, "
    "as `/opt/zimbra/libexec/zmfixperms` does."
)


def _cure(facts: Facts, host: str, path: str, forbidden: int) -> SetMode | None:
    try:
        found = facts.read(FILE_MODES, host)
    except Unseen:
        return None
    return without(found, host, path, forbidden)


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    keys = facts.read(TLS_KEYS, host)
    if not keys:
        yield unknown(Layer.LASTING, host, "no key file was found")
    for path, key in keys.items():
        text = f"{path}: {key.mode:o} {key.owner}:{key.group}"
        forbidden = forbidden_to_keys(key.group)
        wanted = "640 zimbra:zimbra or stricter"
        if key.owner not in _OWNERS:
            yield deviates(Layer.LASTING, host, text, wanted, no_cure=_OWNER)
        elif not key.mode & forbidden:
            yield sound(Layer.LASTING, host, source="tls-keys", seen=text)
        else:
            cure = _cure(facts, host, path, forbidden)
            yield deviates(
                Layer.LASTING,
                host,
                text,
                wanted,
                cure=cure,
                no_cure="" if cure else _LINK,
            )


_KEY = "/opt/zimbra/conf/nginx.key"

CONTROL = Control(
    id="private-keys-private",
    title="Private keys are readable by Zimbra alone",
    why=(
        "Who reads the key can pose as this server, and reads recorded traffic where "
        "static RSA was used."
    ),
    impact="Programs of other users that read the key no longer can.",
    locks_out="programs of other users that read a key, as a load balancer may",
    severity=Severity.HIGH,
    tips=("T31",),
    roles=(),
    check=on_hosts(Layer.LASTING, (TLS_KEYS, FILE_MODES), _look, cures=True),
    refs=(),
    note=(
        "Where a key was readable by everybody for some time, get a new one: it may "
        "have been read."
    ),
    examples=(
        passes(tls_keys={_KEY: PrivateKey(0o640, "zimbra", "zimbra", "11")}),
        fails(tls_keys={_KEY: PrivateKey(0o644, "zimbra", "zimbra", "11")}),
        fails(tls_keys={_KEY: PrivateKey(0o640, "www-data", "zimbra", "11")}),
        fails(
            tls_keys={_KEY: PrivateKey(0o666, "zimbra", "zimbra", "11")},
            file_modes={_KEY: Status(0o666, "zimbra", "zimbra", 9, 1, "regular file")},
        ),
        fails(
            tls_keys={_KEY: PrivateKey(0o644, "zimbra", "zimbra", "11")},
            file_modes={_KEY: Status(0o777, "root", "root", 9, 1, "symbolic link")},
        ),
        fails(tls_keys={_KEY: PrivateKey(0o640, "zimbra", "users", "11")}),
        fails(tls_keys={_KEY: PrivateKey(0o660, "root", "zimbra", "11")}),
        unsure(tls_keys={}),
        unsure(missing=("tls-keys",)),
    ),
)
