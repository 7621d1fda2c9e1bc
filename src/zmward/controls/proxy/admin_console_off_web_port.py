"""The admin console does not answer where the web client does."""

from zmward.control import Control, Severity
from zmward.controls.shapes.from_outside import only_from_outside
from zmward.controls.shapes.outside_http_doors import console_off_the_web_port

CONTROL = Control(
    id="admin-console-off-web-port",
    title="The admin console does not answer on the port of the web client",
    why=(
        "A port that everybody may reach then leads to the login of the "
        "administrators, and no firewall can tell the two apart."
    ),
    impact="Administrators use 9071 or a tunnel.",
    severity=Severity.HIGH,
    tips=("T06", "T07"),
    roles=("proxy",),
    check=only_from_outside(),
    refs=("https://wiki.zimbra.com/wiki/Ports",),
    note=(
        "mailboxd refuses the console on this port; it is a changed template of "
        "nginx, or a proxy before it, that lets it through."
    ),
    examples=(),
    outside=console_off_the_web_port(),
)
