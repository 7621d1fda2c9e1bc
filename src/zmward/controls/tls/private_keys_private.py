"""Private keys are readable by Zimbra alone."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.tls_keys import TLS_KEYS, PrivateKey

_GROUPS = ("zimbra", "root", "postfix")
_FORBIDDEN = 0o027  # group may not write, others may nothing
_NO_CURE = (
    "chmod 640 and chown zimbra:zimbra; /opt/zimbra/libexec/zmfixperms does it, and "
    "`zmward plan` will."
)


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    keys = facts.read(TLS_KEYS, host)
    if not keys:
        yield unknown(Layer.LASTING, host, "no key file was found")
    for path, key in keys.items():
        text = f"{path}: {key.mode:o} {key.owner}:{key.group}"
        owned = key.owner in ("zimbra", "root") and key.group in _GROUPS
        if owned and not key.mode & _FORBIDDEN:
            yield sound(Layer.LASTING, host, source="tls-keys", seen=text)
        else:
            yield deviates(
                Layer.LASTING,
                host,
                text,
                "640 zimbra:zimbra or stricter",
                no_cure=_NO_CURE,
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
    severity=Severity.HIGH,
    tips=("T31",),
    roles=(),
    check=on_hosts(Layer.LASTING, (TLS_KEYS,), _look),
    refs=(),
    note=(
        "Where a key was readable by everybody for some time, get a new one: it may "
        "have been read."
    ),
    examples=(
        passes(tls_keys={_KEY: PrivateKey(0o640, "zimbra", "zimbra", "11")}),
        fails(tls_keys={_KEY: PrivateKey(0o644, "zimbra", "zimbra", "11")}),
        fails(tls_keys={_KEY: PrivateKey(0o640, "zimbra", "users", "11")}),
        fails(tls_keys={_KEY: PrivateKey(0o660, "root", "zimbra", "11")}),
        unsure(tls_keys={}),
        unsure(missing=("tls-keys",)),
    ),
)
