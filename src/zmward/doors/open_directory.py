"""Which way to the directory is taken: mailboxd's, or zmprov's while it is down."""

from collections.abc import Callable

from zmward.doors.directory import DOWN, NO_CURL, Directory
from zmward.doors.soap_directory import SoapDirectory
from zmward.doors.zimbra_host import ZimbraHost
from zmward.doors.zmprov import ZmprovDirectory
from zmward.errors import Fault


def open_directory(host: ZimbraHost, say: Callable[[str], None]) -> Directory:
    """Return mailboxd's directory, or zmprov's, saying why it is zmprov's."""
    try:
        return SoapDirectory(host)
    except Fault as error:
        if error.fault not in {DOWN, NO_CURL}:
            raise
        say(f"{error.where}: {error.text}; the directory is changed by zmprov -l.")
    return ZmprovDirectory(host)
