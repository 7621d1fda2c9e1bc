"""The central log server in the outside, and the certificates it is known by."""

from pathlib import Path

from lab import network
from lab.process import run, within

NAME, PORT = "loghost.example.test", 6514
DAYS = "3650"
CONFIGURATION = f"""\
global(
  workDirectory="/var/spool/rsyslog"
  DefaultNetstreamDriver="gtls"
  DefaultNetstreamDriverCAFile="/etc/loghost/ca.pem"
  DefaultNetstreamDriverCertFile="/etc/loghost/server.pem"
  DefaultNetstreamDriverKeyFile="/etc/loghost/server.key"
)
module(load="imtcp" StreamDriver.Name="gtls" StreamDriver.Mode="1"
       StreamDriver.AuthMode="anon")
input(type="imtcp" address="{network.ADMIN_IPV4}" port="{PORT}")
*.* /var/log/received.log
"""


def prepare(root: Path) -> None:
    """Make the authority and the server's certificate in the outside's tree."""
    home = "/etc/loghost"
    for name in (home, "/var/spool/rsyslog"):
        (root / name.lstrip("/")).mkdir(exist_ok=True)
    new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt"]
    new += ["ec_paramgen_curve:P-256", "-noenc", "-days", DAYS]
    authority = ["-subj", "/CN=Log authority", "-keyout", f"{home}/ca.key"]
    run(within(root, [*new, *authority, "-out", f"{home}/ca.pem"]))
    issuer = ["-CA", f"{home}/ca.pem", "-CAkey", f"{home}/ca.key"]
    server = ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
    server += ["-addext", "basicConstraints=critical,CA:FALSE"]
    server += ["-keyout", f"{home}/server.key", "-out", f"{home}/server.pem"]
    run(within(root, [*new, *issuer, *server]))
    (root / "etc/loghost/rsyslog.conf").write_text(CONFIGURATION)


def authority(root: Path) -> str:
    """Return the certificate that the mail server is to trust."""
    return (root / "etc/loghost/ca.pem").read_text()


ARGV = ("rsyslogd", "-n", "-f", "/etc/loghost/rsyslog.conf", "-i", "NONE")
