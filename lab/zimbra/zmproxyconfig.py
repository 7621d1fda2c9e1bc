"""zmproxyconfig: the proxy's attributes, with the side effects of the real one."""

import getopt
import sys
from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import ParseError

from . import localconfig
from .errors import ProvisioningError
from .zmprov_ldap import LdapBackend, connect

_WEB = {
    "zimbraMailReferMode": "reverse-proxied",
    "zimbraMailPort": "8080",
    "zimbraMailProxyPort": "80",
    "zimbraMailSSLPort": "8443",
    "zimbraMailSSLProxyPort": "443",
    "zimbraReverseProxyLookupTarget": "TRUE",
    "zimbraReverseProxyHttpEnabled": "TRUE",
}
_NO_WEB = {
    "zimbraMailReferMode": "wronghost",
    "zimbraMailPort": "80",
    "zimbraMailProxyPort": "0",
    "zimbraMailSSLPort": "443",
    "zimbraMailSSLProxyPort": "0",
    "zimbraReverseProxyHttpEnabled": "FALSE",
}
_MAIL = {
    "zimbraReverseProxyLookupTarget": "TRUE",
    "zimbraReverseProxyMailEnabled": "TRUE",
    "zimbraImapCleartextLoginEnabled": "TRUE",
    "zimbraPop3CleartextLoginEnabled": "TRUE",
    "zimbraImapBindPort": "7143",
    "zimbraImapProxyBindPort": "143",
    "zimbraImapSSLBindPort": "7993",
    "zimbraImapSSLProxyBindPort": "993",
    "zimbraPop3BindPort": "7110",
    "zimbraPop3ProxyBindPort": "110",
    "zimbraPop3SSLBindPort": "7995",
    "zimbraPop3SSLProxyBindPort": "995",
}
_NO_MAIL = {"zimbraReverseProxyMailEnabled": "FALSE"}
_PLAIN_MODES = ("http", "both", "mixed")
_USAGE = "usage: zmproxyconfig [-e|-d] [-w [-C] [-x mode]] [-m] -H hostname"


class _RefusedError(Exception):
    """A combination that the tool does not carry out."""


def _web_modes(effective: Mapping[str, Sequence[str]], mode: str) -> dict[str, str]:
    to_upstream = effective.get("zimbraReverseProxySSLToUpstreamEnabled") != ["FALSE"]
    if mode in _PLAIN_MODES and to_upstream:
        raise _RefusedError(
            f"mode {mode} is not allowed while SSL to upstream is enabled"
        )
    shown = mode or ("https" if to_upstream else "http")
    store = "https" if to_upstream else "http"
    return {"zimbraReverseProxyMailMode": shown, "zimbraMailMode": store}


def changes(
    given: Mapping[str, str], effective: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    """Return what the options write to the server."""
    enable = "-e" in given
    if "-C" in given and "-w" not in given:
        raise _RefusedError("-C is only valid with -w")
    if enable == ("-d" in given) or not {"-w", "-m"} & set(given):
        raise _RefusedError(_USAGE)
    wanted: dict[str, str] = {}
    if "-w" in given:
        wanted |= _WEB if enable else _NO_WEB
        if enable:
            wanted |= _web_modes(effective, given.get("-x", ""))
    if "-m" in given:
        wanted |= _MAIL if enable else _NO_MAIL
    if "-C" in given:
        wanted["zimbraReverseProxyAdminEnabled"] = "TRUE" if enable else "FALSE"
    return wanted


def _apply(backend: LdapBackend, given: Mapping[str, str]) -> None:
    host = given.get("-H", "")
    entry = backend.get("server", host, own=False)
    backend.modify("server", host, list(changes(given, entry.attrs).items()))


def main(argv: Sequence[str]) -> int:
    """Run zmproxyconfig."""
    try:
        given, _ = getopt.getopt(list(argv), "edwmCH:x:")
        _apply(connect(localconfig.load(), master=True), dict(given))
    except getopt.GetoptError as error:
        print(f"{error}\n{_USAGE}", file=sys.stderr)
        return 1
    except ProvisioningError as error:
        print(f"ERROR: {error.code} ({error.message})", file=sys.stderr)
        return 2
    except (_RefusedError, OSError, ParseError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
