"""The mailbox server excludes RC4, MD5, SHA-1 and static RSA."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attributes import server_attr
from zmward.controls.shapes.outside_tls import MAILBOX_PORTS, ciphers, on
from zmward.controls.shapes.wanted import (
    contains,
)

_EXCLUDED = (".*_RC4_.*", "^.*_(MD5|SHA|SHA1)$", "^TLS_RSA_.*")


CONTROL = Control(
    id="mailboxd-excludes-weak-ciphers",
    title="The mailbox server excludes RC4, MD5, SHA-1 and static RSA",
    why=(
        "With static RSA whoever steals the key once reads all recorded traffic; RC4 "
        "and CBC with SHA-1 are broken or breaking."
    ),
    impact="Clients from before about 2014 can no longer connect without the proxy.",
    severity=Severity.MEDIUM,
    tips=("T31",),
    roles=("mailbox",),
    locks_out="very old clients of the mailbox server's own ports",
    check=server_attr(
        "zimbraSSLExcludeCipherSuites", contains(*_EXCLUDED), role="mailbox"
    ),
    refs=(),
    note=(
        "These are the patterns that 9.0 and newer ship; 8.8.15 shipped RC4 alone, and"
        " an upgrade keeps it. Where zimbraSSLIncludeCipherSuites names the allowed "
        "suites instead, waive this."
    ),
    outside=ciphers(
        on(*MAILBOX_PORTS),
        "outdated",
        "no RC4, MD5, SHA-1 and static RSA",
        "On the host this control sets zimbraSSLExcludeCipherSuites.",
        port=7071,
    ),
    examples=(
        passes(
            config={
                "zimbraSSLExcludeCipherSuites": (
                    ".*_RC4_.*",
                    "^.*_(MD5|SHA|SHA1)$",
                    "^TLS_RSA_.*",
                )
            }
        ),
        fails(config={"zimbraSSLExcludeCipherSuites": (".*_RC4_.*",)}),
        unsure(missing=("ldap-config",)),
    ),
)
