"""A folder that looks like Zimbra's home, over a mailbox server in this process."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape

from lab.zimbra.mailboxd.tls import Keystore

from zmward.doors.host import Done, Local

SECRET = "ldap-secret"
SEARCH = """\
#!/bin/sh
[ "$(cat)" = '{secret}' ] || exit 49
cat <<'END'
dn: cn=config,cn=zimbra
zimbraAdminPort: 7071

dn: cn=mail.example.test,cn=servers,cn=zimbra
zimbraAdminPort: {port}
END
"""


@dataclass
class Watched:
    """The local host, remembering every argv; a test may say what happens instead."""

    name: str = "this host"
    calls: list[tuple[str, ...]] = field(default_factory=list)
    given: list[bytes] = field(default_factory=list)
    instead: list[Done | None] = field(default_factory=list)

    def run(
        self,
        argv: Sequence[str],
        *,
        given: bytes = b"",
        user: str = "root",
        seconds: int = 60,
    ) -> Done:
        del user
        self.calls.append(tuple(argv))
        self.given.append(given)
        planned = self.instead.pop(0) if self.instead else None
        return planned or Local().run(argv, given=given, seconds=seconds)


def make(
    home: Path, port: int, keystore: Keystore, secret: str = SECRET, **more: str
) -> Path:
    """Write what a host of Zimbra's has, as far as the door looks at it."""
    keys = {
        "zimbra_server_hostname": "mail.example.test",
        "ldap_url": "ldap://mail.example.test:389",
        "zimbra_ldap_password": secret,
        "mailboxd_keystore": str(keystore.path),
        "mailboxd_keystore_password": keystore.password,
        **more,
    }
    lines = [
        f'  <key name="{key}">\n    <value>{escape(value)}</value>\n  </key>\n'
        for key, value in keys.items()
    ]
    (home / "conf/ca").mkdir(parents=True)
    text = "<?xml version='1.0'?>\n<localconfig>\n" + "".join(lines) + "</localconfig>"
    (home / "conf/localconfig.xml").write_text(text)
    (home / "common/bin").mkdir(parents=True)
    program = home / "common/bin/ldapsearch"
    program.write_text(SEARCH.format(port=port, secret=secret))
    program.chmod(0o755)
    return home


def trust(home: Path, certificate: Path) -> None:
    """Make a certificate the one of Zimbra's own authority."""
    (home / "conf/ca/ca.pem").write_bytes(certificate.read_bytes())


def stranger(folder: Path) -> Keystore:
    """Return the keystore of somebody else."""
    folder.mkdir()
    key, certificate, store = (folder / n for n in ("key", "crt", "keystore"))
    new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt"]
    new += ["ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj"]
    new += ["/CN=mail.example.test", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(new, check=True, capture_output=True, timeout=30)
    pack = ["openssl", "pkcs12", "-export", "-inkey", str(key), "-in"]
    pack += [str(certificate), "-out", str(store), "-passout", "pass:changeit"]
    subprocess.run(pack, check=True, capture_output=True, timeout=30)
    return Keystore(store, "changeit")
