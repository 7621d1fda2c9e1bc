"""The signs of exploitation in plain expressions, for fail2ban and for the tests.

They find what the catalog's own find, and take minutes for a request that is made for
it.
"""

from collections.abc import Mapping
from typing import Final

_QUOTED = r"(?:%22|%27|\\x22|'|\")"
_SCRIPT = r"(?:%22|%3c|<|\\x22)"
_CUT = r"/(?:home|service|dav|principals)/[^ ]*%0d%0a"
PLAIN: Final[Mapping[str, str]] = {
    "web-inf-include": r"/h/\w+\?.*javax\.servlet\.include\.",
    "web-inf-fu": r"[?&]fu=[^ &]*WEB-INF",
    "rest-packages": rf"/h/rest\?[^ ]*packages=[^ &]*{_QUOTED}",
    "momoveto": rf"/m/momoveto\?[^ ]*st=[^ &]*{_SCRIPT}",
    "autosavedraft": rf"/h/autoSaveDraft\?[^ ]*draftid=[^ &]*{_SCRIPT}",
    "launch-new-window": rf"/public/launchNewWindow\.jsp\?[^ ]*{_SCRIPT}",
    "preauth-redirect": r"/preauth\?[^ ]*redirectURL=(?:https?:|%2f%2f|//)",
    "proxy-admin-soap": (
        r"/service/proxy\?[^ ]*target=[^ ]*(?:127\.0\.0\.1|localhost)[^ ]*7071"
    ),
    "skin-traversal": r"/res/[^ ]*skin=\.\./\.\./",
    "remember-me-script": r"[?&]zrememberme=[^ &]*(?:%22|%27|%3c|<|\\x22|')",
    "memcached-crlf": _CUT,
    "memcached-crlf-upper": _CUT,
    "shell-in-address": r"[<=\"][^ ]*\$\(",
    "status-change-forged": r"Service status change:.*(?:[`|;]|\$\()",
    "backtick-in-envelope": r"(?:helo|from|to)=<[^>]*`",
    "callback-in-envelope": r"(?:helo|from|to)=<[^>]*\.oast\.(?:fun|online)\b",
}
