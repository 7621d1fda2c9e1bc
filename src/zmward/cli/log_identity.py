"""Certificates for log hosts and senders: the site's own files, or a small authority.

The authority is a folder of two files, ca.pem and ca.key, that is made when it is
first named. Keys are read from, and written to, files that only their owner can read.
"""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from zmward.cli.own_folder import opened, ours
from zmward.doors.log_authority import Identity, Unfit, checked, issued, made
from zmward.errors import BadFile, Refused, Usage
from zmward.logs.forward import Malformed, Peer, peer

F = TypeVar("F", bound=Callable[..., Any])
_OPTIONS = (
    click.option(
        "--authority", metavar="DIR", help="The log authority; made if it is not there."
    ),
    click.option("--ca", metavar="FILE", help="The CA that signed both ends."),
    click.option("--certificate", metavar="FILE", help="This end's certificate."),
    click.option("--key", metavar="FILE", help="Its private key, mode 0600."),
)
_LARGEST = 1 << 20
_LOOSE = stat.S_IRWXG | stat.S_IRWXO


class Signed(msgspec.Struct, frozen=True):
    """Whom both ends believe, and how one end gets its certificate and key."""

    authority: str
    identity: Callable[[str], Identity]


def identified(function: F) -> F:
    """Give a verb the options that say where certificates come from."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def named(text: str, option: str) -> Peer:
    """Return the log host or sender that an option names."""
    try:
        return peer(text)
    except Malformed as error:
        raise Usage(f"{option} {text!r} {error}.") from error


def _read(path: Path, *, private: bool = False) -> str:
    try:
        descriptor = opened(path, os.O_RDONLY)
    except FileNotFoundError as error:
        raise BadFile(f"{path} cannot be read: there is no such file.") from error
    with os.fdopen(descriptor, "rb") as file:
        if private and os.fstat(descriptor).st_mode & _LOOSE:
            raise Refused(f"{path} can be read by others: `chmod 600 {path}` first.")
        content = file.read(_LARGEST)
    try:
        return content.decode("ascii")
    except UnicodeDecodeError as error:
        raise BadFile(f"{path} is no PEM file.") from error


def put(path: Path, text: str, *, private: bool = False) -> None:
    """Write a new file of ours; one that is there already stays."""
    try:
        descriptor = opened(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    except FileNotFoundError as error:
        raise Usage(f"{path} cannot be written: there is no such folder.") from error
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        os.fchmod(descriptor, 0o600 if private else 0o644)
        file.write(text)
        file.flush()
        os.fsync(descriptor)


def folder(path: Path) -> None:
    """Make a folder that is nobody else's, or refuse one that is."""
    ours(path.absolute())
    if path.exists() and not path.is_dir():
        raise Usage(f"{path} is no folder: name another.")
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Usage(f"{path} cannot be made: {error.strerror}.") from error
    if path.stat().st_mode & _LOOSE:
        raise Refused(f"{path} is open to others: `chmod 700 {path}` first.")


def _made(place: Path, talk: Callable[[str], None]) -> tuple[str, str]:
    """Return the authority of a folder, a new one where there is none."""
    folder(place)
    own, key = place / "ca.pem", place / "ca.key"
    if not own.exists() and not key.exists():
        certificate, secret = made()
        put(key, secret, private=True)
        put(own, certificate)
        talk(f"a new log authority is in {place}: keep {key} where nobody else reads")
    return _read(own), _read(key, private=True)


def signed(options: dict[str, Any], talk: Callable[[str], None]) -> Signed:
    """Return what the options say about certificates; Usage where it is not enough."""
    files = [options[name] for name in ("ca", "certificate", "key")]
    if options["authority"] and any(files):
        raise Usage("--authority makes what --ca, --certificate and --key name.")
    if options["authority"]:
        own, key = _made(Path(options["authority"]), talk)
        return Signed(own, lambda name: _fit(lambda: issued(own, key, name)))
    if not all(files):
        raise Usage("Give --authority DIR, or all of --ca, --certificate and --key.")
    ca, certificate = (_read(Path(path)) for path in files[:2])
    whole = Identity(ca, certificate, _read(Path(files[2]), private=True))
    return Signed(ca, lambda name: _fit(lambda: checked(name, whole)))


def _fit(make: Callable[[], Identity]) -> Identity:
    try:
        return make()
    except Unfit as error:
        raise BadFile(f"{error}.") from error
