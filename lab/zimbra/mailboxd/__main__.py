"""Starts the mailbox server on a node and runs it until it is told to stop."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from ..errors import ProvisioningError  # noqa: TID252 - the name differs in the node
from ..localconfig import LocalConfig, load  # noqa: TID252 - the same
from .core import Mailboxd, Places, build
from .ldap_store import LdapStore
from .listeners import listeners
from .origin import jetty_address
from .server import Server
from .tls import Keystore, server_context

RELOADABLE = (
    "zimbra_directory_max_search_result",
    "zimbra_additional_logging",
    "zimbra_feed_manager_blacklist",
    "zimbra_feed_manager_whitelist",
)
_DIRECTORY_SECONDS = 60


def _values(config: LocalConfig) -> dict[str, str]:
    return {name: config.get(name) or "" for name in config.names()}


def _own_addresses() -> list[str]:
    argv = ["ip", "-o", "address", "show"]
    shown = subprocess.run(argv, capture_output=True, text=True, timeout=10, check=True)
    words = [line.split() for line in shown.stdout.splitlines()]
    return [jetty_address(parts[3].partition("/")[0]) for parts in words]


def _build() -> Mailboxd:
    local = _values(load())
    url = local.get("ldap_url", "").split()[0]
    store = LdapStore(url, local["zimbra_ldap_userdn"], local["zimbra_ldap_password"])

    def reload_local() -> None:
        fresh = _values(load())
        local.update({name: fresh[name] for name in RELOADABLE if name in fresh})

    host = local["zimbra_server_hostname"]
    return build(
        store, local, host, Places(), clock=time.time, reload_local=reload_local
    )


def _wait_for_directory() -> Mailboxd:
    end = time.monotonic() + _DIRECTORY_SECONDS
    while True:
        try:
            return _build()
        except ProvisioningError as problem:
            if time.monotonic() > end:
                raise
            print(f"waiting for the directory: {problem}", file=sys.stderr)
            time.sleep(0.2)


def _notify(text: str) -> None:
    path = os.environ.get("NOTIFY_SOCKET")
    if not path:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.connect("\0" + path[1:] if path.startswith("@") else path)
        channel.send(text.encode())


async def _run(mailboxd: Mailboxd) -> None:
    keystore = Keystore(
        Path(mailboxd.local["mailboxd_keystore"]),
        mailboxd.local["mailboxd_keystore_password"],
    )
    server = Server(mailboxd, server_context(mailboxd.started, keystore))
    await server.open(listeners(mailboxd.started))
    _notify("READY=1")
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()
    await server.close()


def main() -> int:
    """Run the mailbox server."""
    # Jetty's setuid module sets the same mask.
    os.umask(0o027)
    mailboxd = _wait_for_directory()
    mailboxd.floods.exempt(_own_addresses())
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_run(mailboxd))
    return 0


if __name__ == "__main__":
    sys.exit(main())
