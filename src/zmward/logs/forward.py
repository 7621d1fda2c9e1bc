"""rsyslog's drop-ins for a central log server: what sends, what receives, who may read.

Lines travel as RFC 5425 says: syslog inside TLS, and each end knows the other by its
certificate. They wait in a queue of their own, in memory first, then on disk; what
finds it full is thrown away at once, the least important first. So nothing that logs,
the MTA before all, is ever held up by a log host that is down. rsyslog says at its
start that few wait in memory: those that do are not sent if it is killed, and systemd
kills it where it does not end in time, which 8.2302 now and then does not.

RELP would answer for each line, but rsyslog gives it up for good, until it is started
anew, at the first certificate that is not right: whoever is on the way could end all
forwarding by one forged answer. TLS is tried again, and the lines wait.

Before it sends, rsyslog looks whether the log host has closed the connection, and sees
it only where nothing is left to read. A log host that gives tickets for later sessions
leaves just that, since rsyslog never reads: then a whole batch, 128 lines, goes to
nobody. So no tickets are asked for.
"""

import re

import msgspec

PORT = 6514
"""The port of syslog inside TLS (RFC 5425)."""
FOLDER = "/etc/rsyslog.d"
AUTHORITY = f"{FOLDER}/00-zmward-ca.pem"
CERTIFICATE = f"{FOLDER}/00-zmward-certificate.pem"
KEY = f"{FOLDER}/00-zmward-key.pem"
FORWARD = f"{FOLDER}/10-zmward-forward.conf"
RECEIVE = f"{FOLDER}/10-zmward-receive.conf"
ACCESS = "zmward-log-access.service"
ACCESS_FILE = f"/etc/systemd/system/{ACCESS}"
RECEIVED = "/var/log/zmward-received"
DISK_GIB = 1
_LOGS = "/opt/zimbra/log"
_NAME = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    r"(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)
_USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")


class LogFile(msgspec.Struct, frozen=True):
    """One file that no syslog gets: what it is called there, and who writes it."""

    name: str
    role: str
    wanted: bool

    @property
    def path(self) -> str:
        """Return where it is."""
        return f"{_LOGS}/{self.name}.log"

    @property
    def tag(self) -> str:
        """Return by what its lines are known at the log host."""
        return f"zimbra-{self.name.replace('.', '-')}"


FILES = (
    LogFile("audit", "mailbox", wanted=True),
    LogFile("nginx.access", "proxy", wanted=True),
    LogFile("nginx", "proxy", wanted=True),
    LogFile("mailbox", "mailbox", wanted=False),
    LogFile("sync", "mailbox", wanted=False),
)


class Peer(msgspec.Struct, frozen=True):
    """A log host, by the name that its certificate must have."""

    name: str
    port: int = PORT


class Sending(msgspec.Struct, frozen=True):
    """Where a node's lines go, and which files are sent besides what it logs."""

    to: Peer
    files: tuple[LogFile, ...]


class Taking(msgspec.Struct, frozen=True):
    """Whose lines a log host takes, and on which port."""

    senders: tuple[Peer, ...]
    port: int = PORT


class Malformed(Exception):  # its text is a sentence's end
    """A name that no configuration may hold."""


def peer(text: str) -> Peer:
    """Read `NAME` or `NAME:PORT`; Malformed where it is neither."""
    name, colon, port = text.partition(":")
    number = int(port) if port.isascii() and port.isdigit() and len(port) < 6 else 0  # noqa: PLR2004  # digits of a port
    if not _NAME.fullmatch(name) or (colon and not 0 < number < 1 << 16):
        raise Malformed("is no name of a host, nor NAME:PORT")
    return Peer(name.lower(), number or PORT)


def files(roles: tuple[str, ...], also: tuple[str, ...]) -> tuple[LogFile, ...]:
    """Return the files that a node with these roles writes and somebody wants."""
    return tuple(
        one for one in FILES if one.role in roles and (one.wanted or one.name in also)
    )


def _module(name: str, loaded: tuple[str, ...], more: str = "") -> str:
    return "" if name in loaded else f'module(load="{name}"{more})\n'


# TLS 1.2 and 1.3, and no tickets.
_TLS = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%PROFILE_MEDIUM:%NO_TICKETS"
# What the way's ends show and believe, for one action or input, or for all of them.
_OWN = (
    f'streamDriver.caFile="{AUTHORITY}"\n'
    f'    streamDriver.certFile="{CERTIFICATE}"\n'
    f'    streamDriver.keyFile="{KEY}"'
)
_GLOBAL = (
    f'global(defaultNetstreamDriverCAFile="{AUTHORITY}"\n'
    f'  defaultNetstreamDriverCertFile="{CERTIFICATE}"\n'
    f'  defaultNetstreamDriverKeyFile="{KEY}")\n'
)


def forward(what: Sending, loaded: tuple[str, ...] = (), *, old: bool = False) -> str:
    """Return the drop-in that sends; `loaded` modules are loaded elsewhere before.

    An `old` rsyslog, before 8.2108, has one set of certificates for all of itself.
    """
    inputs = "".join(
        f'input(type="imfile" file="{one.path}" tag="{one.tag}"\n'
        '  facility="local5" severity="notice" ruleset="zmward-forward")\n'
        for one in what.files
    )
    to = what.to
    return f"""\
# Written by zmward logs forward; zmward rollback takes it away.
{_module("imfile", loaded)}{_GLOBAL if old else ""}\
ruleset(name="zmward-forward") {{
  action(name="zmward-forward" type="omfwd" target="{to.name}" port="{to.port}"
    protocol="tcp" tcp_framing="octet-counted" template="RSYSLOG_SyslogProtocol23Format"
    streamDriver="gtls" streamDriverMode="1" streamDriverAuthMode="x509/name"
    streamDriverPermittedPeers="{to.name}" gnutlsPriorityString="{_TLS}"
    {"" if old else _OWN}
    keepAlive="on" keepAlive.time="30" keepAlive.interval="10" keepAlive.probes="3"
    action.resumeRetryCount="-1" action.resumeInterval="5"
    action.resumeIntervalMax="60"
    queue.type="LinkedList" queue.filename="zmward-forward"
    queue.maxDiskSpace="{DISK_GIB}g" queue.saveOnShutdown="on"
    queue.size="20000" queue.highWatermark="2000" queue.lowWatermark="500"
    queue.checkpointInterval="200" queue.timeoutShutdown="2000"
    queue.discardMark="18000" queue.discardSeverity="6" queue.timeoutEnqueue="0")
}}
# Of what other nodes send here, each sends its own.
if $fromhost-ip == "127.0.0.1" then call zmward-forward
{inputs}"""


def receive(what: Taking, loaded: tuple[str, ...] = ()) -> str:
    """Return the drop-in of a log host that takes lines of these senders only."""
    names = ", ".join(f'"{one.name}"' for one in what.senders)
    return f"""\
# Written by zmward logs receive, with the three files 00-zmward-*.pem.
{_module("imtcp", loaded)}\
# By the address, since the name in a line is whatever the sender says.
template(name="zmward-received" type="string"
  string="{RECEIVED}/%fromhost-ip%/%$year%-%$month%-%$day%.log")
ruleset(name="zmward-receive" queue.type="LinkedList" queue.size="20000") {{
  action(type="omfile" dynaFile="zmward-received" template="RSYSLOG_FileFormat"
    fileCreateMode="0640" dirCreateMode="0750")
}}
input(type="imtcp" port="{what.port}" ruleset="zmward-receive" keepAlive="on"
  streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="x509/name"
  permittedPeer=[{names}]
    {_OWN})
"""


def access(user: str) -> str:
    """Return the unit that lets rsyslog's user read the logs while it is started.

    It runs as the files' owner: who can swap a file there is that user, and gains
    nothing. Logs made later inherit; others than owner and group stay shut out.
    """
    if not _USER.fullmatch(user):
        raise Malformed(f"{user!r} is no user")
    inherited = f"d:u::rwx,d:g::r,d:o::-,d:m::r,d:u:{user}:r"
    every = f"find {_LOGS} -maxdepth 1 -type f -user zimbra"
    alone = "^(default:)?(user|group):[^:]+:"
    return f"""\
# Written by zmward logs forward; zmward rollback takes it away.
[Unit]
Description=rsyslog may read Zimbra's log files
Before=rsyslog.service
RequiresMountsFor={_LOGS}
[Service]
Type=oneshot
RemainAfterExit=yes
User=zimbra
Environment=LC_ALL=C
ExecStart=setfacl -m u:{user}:rx,{inherited} {_LOGS}
ExecStart={every} -name *.log -exec setfacl -m u:{user}:r {{}} +
ExecStop={every} -exec setfacl -n -x u:{user} {{}} +
ExecStop=setfacl -n -x u:{user},d:u:{user} {_LOGS}
ExecStop=sh -c 'for f in {_LOGS} {_LOGS}/*; do [ -O "$$f" ] && [ ! -h "$$f" ] || \
continue; getfacl -cp -- "$$f" | grep -Eq "{alone}" || setfacl -b -- "$$f"; done'
[Install]
WantedBy=multi-user.target
"""
