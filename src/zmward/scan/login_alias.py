"""Whether an alias exists, as the server tells every stranger who writes to it.

Without that, a login that is refused could be one for a name that was mistyped.
"""

from collections.abc import Iterable

from zmward.scan.line import Ask, Broken, Dial
from zmward.scan.login_ways import Port
from zmward.scan.smtp_relay import FROM, NOBODY, SUBMISSION
from zmward.scan.smtp_talk import PATIENCE, command, hello, reply


def exists(dial: Dial, ports: Iterable[Port], ask: Ask, alias: str) -> bool:
    """Say whether mail to the alias is taken, and mail to nobody is not."""
    nobody = f"{NOBODY}@{alias.rpartition('@')[2] or ask.host}"
    for port in ports:
        if port.service != "smtp" or port.port in SUBMISSION or port.tls:
            continue
        try:
            with dial.connect(port.port, seconds=PATIENCE) as line:
                reply(line)
                hello(line)
                command(line, f"MAIL FROM:<{FROM}>")
                known = command(line, f"RCPT TO:<{alias}>").accepts
                unknown = command(line, f"RCPT TO:<{nobody}>").code // 100 == _NEVER
                command(line, "RSET")
                command(line, "QUIT")
                return known and unknown
        except Broken:
            continue
    return False


_NEVER = 5
