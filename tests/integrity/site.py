"""A small installation below a folder, with a package database like Debian's."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from zmward.engine.integrity import Place
from zmward.engine.integrity_keys import Signer
from zmward.engine.integrity_work import Wish

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
SIGNER = Signer(Ed25519PrivateKey.generate())
OTHER = Signer(Ed25519PrivateKey.generate())
WISH = Wish(NOW, "0", (SIGNER.public,))
WEB = "opt/zimbra/jetty_base/webapps"
# What the package zimbra-store brings.
SHIPPED = {
    f"{WEB}/zimbra/public/login.jsp": "<%@ page %>login",
    f"{WEB}/zimbra/index.html": "<html>",
    f"{WEB}/zimbra/WEB-INF/web.xml": "<web-app/>",
    "opt/zimbra/lib/jars/zimbrastore.jar": "PK store",
    "opt/zimbra/lib/ext/clamscanner/clamscanner.jar": "PK clam",
    "opt/zimbra/libexec/zmfixperms": "#!/bin/sh\n",
    "opt/zimbra/bin/zmcontrol": "#!/usr/bin/perl\n",
    "opt/zimbra/conf/nginx/templates/nginx.conf.web.template": "server {}\n",
    "opt/zimbra/conf/attrs/zimbra-attrs.xml": "<attrs/>",
    "opt/zimbra/common/sbin/postdrop": "ELF postdrop",
    "etc/sudoers.d/02_zimbra-core": "%zimbra ALL=NOPASSWD:/opt/zimbra/libexec/x *\n",
}
# What Zimbra and the site write.
WRITTEN = {
    "opt/zimbra/conf/localconfig.xml": "<localconfig/>",
    "opt/zimbra/conf/nginx/includes/nginx.conf.web": "server { }\n",
    "opt/zimbra/conf/main.cf": "x = y\n",
    "opt/zimbra/ssl/zimbra/ca/ca.key": "KEY",
    "opt/zimbra/.ssh/authorized_keys": 'command="/opt/zimbra/libexec/zmrcd" ssh-rsa A\n',
    "opt/zimbra/zimlets-deployed/com_zimbra_url/url.js": "x",
    "opt/zimbra/jetty_base/work/zimbra/jsp/login_jsp.class": "CAFEBABE",
    "opt/zimbra/log/audit.log": "line\n",
    "opt/zimbra/.bash_history": "secret\n",
    "opt/zimbra/data/ldap/mdb/data.mdb": "MDB",
    "etc/crontab": "17 * * * * root run-parts /etc/cron.hourly\n",
    "etc/passwd": "root:x:0:0::/root:/bin/sh\nzimbra:x:999:999::/opt/zimbra:/bin/sh\n",
    "etc/group": "root:x:0:\nzimbra:x:999:\n",
    "etc/hostname": "mail.example.test\n",
    "etc/machine-id": "0123456789abcdef0123456789abcdef\n",
    "var/spool/cron/crontabs/zimbra": "# ZIMBRASTART\n# ZIMBRAEND\n",
}


def put(root: Path, path: str, text: str | bytes) -> Path:
    """Write a file below the root."""
    place = root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(text.encode() if isinstance(text, str) else text)
    return place


def package(root: Path, files: dict[str, str], version: str = "10.1.0") -> None:
    """Have the package database say that zimbra-store brought these files."""
    info = root / "var/lib/dpkg/info"
    info.mkdir(parents=True, exist_ok=True)
    folders = {str(above) for path in files for above in Path(path).parents}
    listed = ["/.", *(f"/{one}" for one in sorted({*folders, *files} - {"."}))]
    (info / "zimbra-store.list").write_text("\n".join(listed) + "\n")
    sums = (
        f"{hashlib.md5(text.encode()).hexdigest()}  {path}\n"  # noqa: S324  # dpkg's own
        for path, text in files.items()
        if not path.endswith("web.xml")
    )
    (info / "zimbra-store.md5sums").write_text("".join(sums))
    (root / "var/lib/dpkg/status").write_text(
        "Package: zimbra-store\nStatus: install ok installed\nArchitecture: amd64\n"
        f"Version: {version}\nDescription: x\n\n"
        "Package: gone\nStatus: deinstall ok config-files\nArchitecture: all\n"
        "Version: 1\n"
    )


def install(root: Path) -> Path:
    """Lay the whole installation."""
    for path, text in {**SHIPPED, **WRITTEN}.items():
        put(root, path, text)
    package(root, SHIPPED)
    return root


def place(root: Path, workers: int = 1) -> Place:
    """Return the installation to look at."""
    return Place(str(root), workers)
