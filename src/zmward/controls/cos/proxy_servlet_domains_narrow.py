"""The proxy servlet fetches from no more hosts than the site names."""

import ipaddress

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attributes import cos_attr
from zmward.controls.shapes.wanted import Wanted

_LIST = "zimbraProxyAllowedDomains"

# Below these names anybody can register a domain: *.co.uk, *.com.br.
_SHARED = frozenset(
    ("ac", "co", "com", "edu", "go", "gob", "gov", "ltd", "mil", "ne", "net", "or")
) | {"org", "plc"}
_COUNTRY = 2


def _narrow(value: str) -> bool:
    """Say whether a value matches hosts of one organisation only.

    Zimbra strips a leading asterisk and compares the end of the host's name.
    """
    rest = value.strip().lower().removeprefix("*")
    try:
        ipaddress.ip_address(rest.strip("[]"))
    except ValueError:
        labels = rest.split(".")
        shared = len(labels[-1]) == _COUNTRY and bool(_SHARED & {*labels[-2:-1]})
        least = 4 if shared else 3
        # The end of an address, *168.1.7, is no name.
        named = not labels[-1].isdecimal()
        return named and len(labels) >= least and all(labels[1:])
    return False


_NARROW = Wanted(
    "empty, *.example.com, or a full host name",
    lambda found: all(map(_narrow, found)),
    lambda found: tuple(value for value in found if _narrow(value)),
)


CONTROL = Control(
    id="proxy-servlet-domains-narrow",
    title="The proxy servlet fetches from no more hosts than the site names",
    why=(
        "Whoever has a mailbox can make the server fetch addresses through it: a "
        "wildcard opens inner networks and lets data out."
    ),
    impact="Zimlets that fetch from hosts that are not listed stop working.",
    severity=Severity.HIGH,
    tips=("T19",),
    roles=("mailbox",),
    locks_out="users of zimlets that fetch from the hosts that are taken off the list",
    check=cos_attr("zimbraProxyAllowedDomains", _NARROW, unset=()),
    refs=(),
    note=(
        "The list of the class of service counts; one on an account does nothing "
        "and is a leftover. The end of the name is compared, so *example.com and "
        "example.com also match evilexample.com. A zimlet adds its own hosts when"
        " it is deployed. Empty means none."
    ),
    examples=(
        passes(cos={"default": {}}, accounts={}),
        passes(
            cos={"default": {_LIST: ("*.example.com", "maps.example.com")}}, accounts={}
        ),
        fails(cos={"default": {}, "staff": {_LIST: "*"}}, accounts={}),
        fails(cos={"default": {_LIST: ("*.example.com", "*example.com")}}, accounts={}),
        fails(cos={"default": {_LIST: "example.com"}}, accounts={}),
        fails(cos={"default": {_LIST: "192.168.1.7"}}, accounts={}),
        fails(cos={"default": {_LIST: "*168.1.7"}}, accounts={}),
        fails(cos={"default": {_LIST: "*.co.uk"}}, accounts={}),
        fails(cos={"default": {_LIST: "example.co.uk"}}, accounts={}),
        passes(cos={"default": {_LIST: "*.example.co.uk"}}, accounts={}),
        fails(cos={"default": {}}, accounts={_LIST: {"*": ["boss@example.com"]}}),
        unsure(missing=("ldap-cos",), accounts={}),
    ),
)
