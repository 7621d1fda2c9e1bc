"""The proxy servlet fetches nothing for strangers."""

from zmward.control import Control, Severity
from zmward.controls.shapes.from_outside import only_from_outside
from zmward.controls.shapes.outside_http_doors import proxy_servlet_asks

CONTROL = Control(
    id="proxy-servlet-asks-for-login",
    title="The proxy servlet fetches nothing for strangers",
    why=(
        "It fetches addresses from inside the network: without a login it is a way "
        "to the admin port and to every neighbour (as in CVE-2019-9621)."
    ),
    impact="None.",
    severity=Severity.CRITICAL,
    tips=("T19",),
    roles=("mailbox",),
    check=only_from_outside(),
    refs=("https://nvd.nist.gov/vuln/detail/CVE-2019-9621",),
    note="The look asks for a name that can never exist, so that nothing is fetched.",
    examples=(),
    outside=proxy_servlet_asks(),
)
