"""The TLS context that zimbraMailboxdSSLProtocols and the keystore give."""

import ssl
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .store import Attributes

_VERSIONS = {
    "TLSv1": ssl.TLSVersion.TLSv1,
    "TLSv1.1": ssl.TLSVersion.TLSv1_1,
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}
_OPENSSL_SECONDS = 20


@dataclass(frozen=True)
class Keystore:
    """The PKCS12 file that Jetty keeps its key in, and its password."""

    path: Path
    password: str


def server_context(server: Attributes, keystore: Keystore) -> ssl.SSLContext:
    """Make the context of every TLS listener."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    named = server.get("zimbraMailboxdSSLProtocols", ["TLSv1.2"])
    versions = sorted(_VERSIONS[name] for name in named if name in _VERSIONS)
    if versions:
        context.minimum_version, context.maximum_version = versions[0], versions[-1]
    if versions and versions[0] < ssl.TLSVersion.TLSv1_2:
        # OpenSSL 3 speaks the old versions only below security level 1.
        context.set_ciphers("ALL:@SECLEVEL=0")
    elif not server.get("zimbraSSLIncludeCipherSuites"):
        context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM")
    with tempfile.TemporaryDirectory(prefix="mailboxd-") as directory:
        chain = Path(directory) / "chain.pem"
        chain.touch(mode=0o600)
        chain.write_bytes(_pem(keystore))
        context.load_cert_chain(chain)
    return context


def _pem(keystore: Keystore) -> bytes:
    argv = ["openssl", "pkcs12", "-in", str(keystore.path), "-nodes"]
    return subprocess.run(
        [*argv, "-passin", "stdin"],
        input=keystore.password.encode() + b"\n",
        stdout=subprocess.PIPE,
        check=True,
        timeout=_OPENSSL_SECONDS,
    ).stdout
