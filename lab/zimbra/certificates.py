"""First boot: the lab's certificate authority and the server's certificate."""

import os
import shutil
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

HOME = Path("/opt/zimbra")
SETTINGS = Path("/opt/zimbra/lab/certificates.toml")
LONGEST = 60
KEY_MODE = 0o640


@dataclass(frozen=True)
class Settings:
    """What a state decides about its certificates.

    `commercial`: the proxy's comes from an authority that is not Zimbra's own.
    """

    days: int = 1825
    bits: int = 2048
    names: tuple[str, ...] = ("mail.example.test",)
    commercial: bool = False


def settings(text: str) -> Settings:
    """Read the settings of a state."""
    row = tomllib.loads(text)
    return Settings(
        days=int(row.get("days", Settings.days)),
        bits=int(row.get("bits", Settings.bits)),
        names=tuple(row.get("names", Settings.names)),
        commercial=bool(row.get("commercial", Settings.commercial)),
    )


def _openssl(*words: str) -> None:
    environment = {**os.environ, "LC_ALL": "C"}
    subprocess.run(
        ["openssl", *words],
        check=True,
        capture_output=True,
        timeout=LONGEST,
        env=environment,
    )


def make(home: Path, wanted: Settings) -> None:
    """Make authority and server certificate, and put copies where they are read."""
    authority, server = home / "ssl/zimbra/ca", home / "ssl/zimbra/server"
    for directory in (authority, server, home / "conf/ca", home / "conf/domaincerts"):
        directory.mkdir(parents=True, exist_ok=True)
    _make_authority(authority, f"/O=CA/OU=Zimbra/CN={wanted.names[0]}", wanted)
    _make_server(authority, server, wanted)
    _deploy(home)
    if wanted.commercial:
        _make_commercial(home, wanted)


def _make_commercial(home: Path, wanted: Settings) -> None:
    """Give the proxy a certificate as it would be bought, with its chain."""
    place = home / "ssl/zimbra/commercial"
    place.mkdir(parents=True, exist_ok=True)
    _make_authority(place, "/O=Example Trust Services/CN=Example Web CA", wanted)
    _make_server(place, place, wanted)
    (place / "ca.key").unlink()
    authority = (place / "ca.pem").rename(place / "commercial_ca.crt")
    certificate = (place / "server.crt").rename(place / "commercial.crt")
    key = (place / "server.key").rename(place / "commercial.key")
    _put(home / "conf/nginx.crt", certificate.read_text() + authority.read_text())
    _put(home / "conf/nginx.key", key.read_text())
    for path in (place, *place.iterdir()):
        shutil.chown(path, "zimbra", "zimbra")
        if path.is_file():
            path.chmod(KEY_MODE)


def _make_authority(place: Path, subject: str, wanted: Settings) -> None:
    _openssl(
        *("req", "-x509", "-newkey", f"rsa:{wanted.bits}", "-nodes", "-sha256"),
        *("-days", "3650", "-subj", subject),
        *("-addext", "basicConstraints=critical,CA:TRUE"),
        *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),
        *("-keyout", str(place / "ca.key"), "-out", str(place / "ca.pem")),
    )


def _make_server(authority: Path, place: Path, wanted: Settings) -> None:
    names = ",".join(f"DNS:{name}" for name in wanted.names)
    extensions = place / "extensions.cnf"
    extensions.write_text(
        f"basicConstraints=CA:FALSE\nsubjectAltName={names}\n"
        "keyUsage=digitalSignature,keyEncipherment\nextendedKeyUsage=serverAuth\n"
    )
    request, key = str(place / "server.csr"), str(place / "server.key")
    _openssl(
        *("req", "-new", "-newkey", f"rsa:{wanted.bits}", "-nodes", "-sha256"),
        *("-subj", f"/OU=Zimbra Collaboration Server/CN={wanted.names[0]}"),
        *("-keyout", key, "-out", request),
    )
    _openssl(
        *("x509", "-req", "-in", request, "-sha256", "-days", str(wanted.days)),
        *("-CA", str(authority / "ca.pem"), "-CAkey", str(authority / "ca.key")),
        *("-set_serial", "4097", "-extfile", str(extensions)),
        *("-out", str(place / "server.crt")),
    )
    extensions.unlink()


def _deploy(home: Path) -> None:
    authority, server = home / "ssl/zimbra/ca/ca.pem", home / "ssl/zimbra/server"
    chain = (server / "server.crt").read_text() + authority.read_text()
    for name in ("nginx", "smtpd", "slapd", "imapd"):
        _put(home / f"conf/{name}.crt", chain)
        _put(home / f"conf/{name}.key", (server / "server.key").read_text())
    _put(home / "conf/ca/ca.pem", authority.read_text())
    _put(home / "conf/ca/ca.key", (authority.with_suffix(".key")).read_text())
    _trust(home, authority)
    _openssl("rehash", str(home / "conf/ca"))
    for place in ("ssl", "conf/ca", "conf/domaincerts"):
        for path in (home / place, *(home / place).rglob("*")):
            shutil.chown(path, "zimbra", "zimbra")
            if path.is_file():
                path.chmod(KEY_MODE)


def _trust(home: Path, authority: Path) -> None:
    """Write Java's trust store, whose password nobody ever changes."""
    store = home / "common/etc/java/cacerts"
    store.parent.mkdir(parents=True, exist_ok=True)
    _openssl(
        *("pkcs12", "-export", "-nokeys", "-in", str(authority), "-out", str(store)),
        *("-passout", "pass:changeit"),
    )
    store.chmod(0o644)
    shutil.chown(store, "zimbra", "zimbra")


def _put(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(KEY_MODE)
    shutil.chown(path, "zimbra", "zimbra")


def keystore(home: Path, password: str) -> None:
    """Write mailboxd's keystore, a PKCS#12 file under localconfig's password."""
    server, store = home / "ssl/zimbra/server", home / "jetty_base/etc/keystore"
    store.parent.mkdir(parents=True, exist_ok=True)
    _openssl(
        *("pkcs12", "-export", "-name", "jetty", "-passout", f"pass:{password}"),
        *("-inkey", str(server / "server.key"), "-in", str(server / "server.crt")),
        *("-certfile", str(home / "ssl/zimbra/ca/ca.pem"), "-out", str(store)),
    )
    store.chmod(KEY_MODE)
    shutil.chown(store, "zimbra", "zimbra")


def main() -> int:
    """Make what is not there yet; the keystore needs localconfig's password."""
    from . import localconfig  # noqa: PLC0415 -- certificates need no localconfig

    wanted = settings(SETTINGS.read_text()) if SETTINGS.exists() else Settings()
    if not (HOME / "conf/nginx.crt").exists():
        make(HOME, wanted)
    if localconfig.PATH.exists() and not (HOME / "jetty_base/etc/keystore").exists():
        keystore(HOME, localconfig.load().get("mailboxd_keystore_password") or "zimbra")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
