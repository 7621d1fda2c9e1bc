"""TLS ports compress nothing."""

from zmward.control import Control, Severity
from zmward.controls.shapes.from_outside import only_from_outside
from zmward.controls.shapes.outside_tls import flag, sight, spoken

CONTROL = Control(
    id="tls-ports-uncompressed",
    title="TLS ports compress nothing",
    why=(
        "From how well a secret is compressed beside guesses of his own an attacker "
        "reads it, a browser's session among others (CRIME)."
    ),
    impact="Nobody is affected; no current client compresses.",
    severity=Severity.MEDIUM,
    tips=("T31",),
    check=only_from_outside(),
    refs=("https://www.rfc-editor.org/rfc/rfc7525#section-3.3",),
    outside=flag(
        lambda shown: shown.compression,
        (False, "no compression"),
        "it compresses what is sent",
        "Only a TLS library of before 2013 does: bring the host up to date.",
        (
            sight("ok", spoken(443)),
            sight("bad", spoken(443, compression=True)),
            sight("unknown", spoken(443, compression=None)),
        ),
    ),
    examples=(),
)
