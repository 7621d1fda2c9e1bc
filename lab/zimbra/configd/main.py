"""The zmconfigd of the lab: starts the control port and polls for ever."""

import os
import socket
import subprocess
import syslog
import threading
import time
from pathlib import Path
from xml.etree.ElementTree import ParseError

from ..errors import ProvisioningError  # noqa: TID252 -- two names for one package
from ..provisioning import Provisioning  # noqa: TID252 -- the same
from . import inputs
from .control import Control
from .daemon import Daemon
from .local import local_values
from .rewriter import Rewriter
from .sections import load
from .writer import HOME, Writer

# What is enabled here, one name a line: faster to ask than the directory.
SERVICES = Path("/run/zimbra-services")
SHORTEST_INTERVAL = 0.2
FAILURES = (OSError, KeyError, ValueError, ParseError, subprocess.SubprocessError)


def read() -> inputs.Inputs:
    """Read localconfig and the directory as they are now."""
    local = local_values()
    directory = Provisioning(
        local["ldap_url"].split()[0],
        local["zimbra_ldap_userdn"],
        local["zimbra_ldap_password"],
    )
    return inputs.read(directory, local)


def _log(text: str) -> None:
    syslog.syslog(syslog.LOG_INFO, text)


def _name_services(daemon: Daemon) -> None:
    """Leave the enabled services where the units' conditions look."""
    names = sorted(set(daemon.services))
    SERVICES.write_text("".join(f"{name}\n" for name in names))
    SERVICES.chmod(0o644)


def _ready(text: str) -> None:
    """Tell systemd that the files are there."""
    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        address = address.replace("@", "\0", 1)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.sendto(text.encode(), address)


def _round(daemon: Daemon) -> bool:
    started = time.monotonic()
    try:
        touched = daemon.round()
    except (*FAILURES, ProvisioningError) as problem:
        syslog.syslog(syslog.LOG_ERR, f"Configuration inconsistency: {problem!r}")
        return False
    _name_services(daemon)
    if touched:
        _log(f"All rewrite threads completed in {time.monotonic() - started:.2f} sec")
    return True


def main() -> int:
    """Run until terminated."""
    syslog.openlog("zmconfigd", syslog.LOG_PID, syslog.LOG_LOCAL0)
    os.umask(0o027)
    rewriter = Rewriter(Writer(HOME), _log)
    daemon = Daemon(load(), rewriter, read, _log)
    port = int(local_values()["zmconfigd_listen_port"])
    while not _round(daemon):
        time.sleep(1)
    control = Control(("127.0.0.1", port), daemon.force)
    threading.Thread(target=control.serve_forever, daemon=True).start()
    _ready("READY=1")
    while True:
        time.sleep(max(float(local_values()["zmconfigd_interval"]), SHORTEST_INTERVAL))
        _round(daemon)


if __name__ == "__main__":
    raise SystemExit(main())
