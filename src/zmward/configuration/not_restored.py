"""What a plan never brings back from the history, and why."""

from typing import Final, NamedTuple


class Row(NamedTuple):
    """One attribute and why it is left as it is."""

    attribute: str
    reason: str


_FACT = "it tells what is installed, and does not make it so"
_PAIR = "it belongs with a key that the history does not hold"
_NAME = "it is the object's own name or nature"
_RIGHTS = "who may do what is not for a plan"

ATTRIBUTES: Final = {
    row.attribute.lower(): row.reason
    for row in (
        *(Row(name, _NAME) for name in ("cn", "dc", "o", "objectClass", "uid")),
        Row("zimbraACE", _RIGHTS),
        Row("zimbraDKIMPublicKey", _PAIR),
        Row("zimbraServiceHostname", _NAME),
        Row("zimbraServiceInstalled", _FACT),
        Row("zimbraSSLCertificate", _PAIR),
        Row("zimbraSshPublicKey", _PAIR),
        *(
            Row(f"zimbraServerVersion{part}", _FACT)
            for part in ("", "Major", "Minor", "Micro", "Type", "Build")
        ),
    )
}
# By the first part of a path below a node, or of the whole path.
TEXTS: Final = {
    "administrators.conf": "who administers is not for a plan",
    "authorized-keys": "who may log in is not for a plan",
    "firewall": "the rules are made anew: zmward firewall render, or try",
    "firewall-loaded": "the rules are made anew: zmward firewall render, or try",
    "grants.conf": _RIGHTS,
    "masked.conf": "it holds no values",
    "packages": "packages are not installed or removed after a list",
    "postfix": "zmconfigd writes most of it: bring the attributes back",
    "sshd": "a wrong line can lock everybody out: put the text back by hand",
    "sshd-in-force": "it follows from sshd's files",
    "sudoers": "who may do what is not for a plan",
    "templates": "no kind of change writes a template: put the text back by hand",
    "zimlets": "no kind of change deploys a zimlet: zmzimletctl does",
}
WHOLE: Final = "no kind of change makes or removes a whole object"
SECRET: Final = "its value is a secret, which the history does not hold"  # noqa: S105  # a reason
