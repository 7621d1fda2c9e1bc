"""Log lines as a server of the state would have written them before the lab's today.

Formats: zimbra-facts section 4. The origin of a request is seen in three ways:
`forwarded` (the proxy is trusted: oip=), `mail-only` (the proxy is not trusted, so
HTTP shows its own address, while IMAP and POP still announce the client) and
`proxy` (only the proxy's address everywhere).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from lab.network import ADMIN_IPV4, INTERNET_IPV4, NODE_IPV4

HOST = "mail.example.test"
JETTY = "qtp1068934215"
BROWSER = "ZimbraWebClient - FF132 (Linux)/{version}"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0"
USERS = ("user001", "user002", "user003", "user004", "user005")
CLIENTS = ("203.0.113.45", "203.0.113.80", ADMIN_IPV4, "2001:db8:ffff::23")


@dataclass(frozen=True)
class Scene:
    """What the lines have in common."""

    today: datetime
    origin: str
    version: str

    def web_origin(self, client: str, port: int) -> str:
        """Return the context keys that say where an HTTP request came from."""
        if self.origin == "forwarded":
            return f"oip={client};port={port};"
        return f"ip={NODE_IPV4};port={port};"

    def mail_origin(self, client: str) -> str:
        """Return the context keys that say where an IMAP session came from."""
        if self.origin == "proxy":
            return f"ip={NODE_IPV4};"
        return f"ip={NODE_IPV4};oip={client};via={NODE_IPV4}(nginx/1.24.0);"


@dataclass(frozen=True)
class Login:
    """One attempt to log in."""

    number: int
    when: datetime
    user: str
    client: str
    right: bool
    protocol: str


def logins(scene: Scene) -> Iterator[Login]:
    """Return the attempts of the last day: users at work, and one guesser."""
    start = scene.today - timedelta(hours=20)
    for number in range(120):
        guess = number % 7 == 0
        yield Login(
            number=number,
            when=start + timedelta(minutes=9 * number, milliseconds=37 * number),
            user=USERS[number % len(USERS)],
            client=INTERNET_IPV4 if guess else CLIENTS[number % len(CLIENTS)],
            right=not guess,
            protocol=("soap", "imap", "soap", "smtp")[number % 4],
        )


def _stamp(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M:%S},{when.microsecond // 1000:03d}"


def _line(login: Login, level: str, thread: str, context: str, text: str) -> str:
    return f"{_stamp(login.when)} {level:<5} [{thread}] [{context}] {text}"


def _thread(login: Login) -> str:
    if login.protocol == "imap":
        return f"ImapSSLServer-{login.number}"
    if login.protocol == "smtp":
        return f"{JETTY}-{login.number}:smtp://{HOST}:7073/service/admin/soap/"
    return f"{JETTY}-{login.number}:https://{HOST}/service/soap/AuthRequest"


def _context(scene: Scene, login: Login) -> str:
    soap = f"soapId={0x5D1F0000 + login.number:x};"
    agent = BROWSER.format(version=scene.version)
    if login.protocol == "imap":
        return f"{scene.mail_origin(login.client)}cid={2000 + login.number};"
    if login.protocol == "smtp":
        port = 41000 + login.number
        name = f"name={login.user}@example.test;"
        return f"{name}oip={login.client};oport={port};oproto=smtp;{soap}"
    origin = scene.web_origin(login.client, 51000 + login.number)
    return f"name={login.user}@example.test;{origin}ua={agent};{soap}"


def audit_log(scene: Scene) -> Iterator[str]:
    """Return audit.log: who logged in, and who failed to."""
    for login in logins(scene):
        protocol = "imap" if login.protocol == "imap" else "soap"
        account = f"{login.user}@example.test"
        text = f"security - cmd=Auth; account={account}; protocol={protocol};"
        if not login.right:
            text += (
                f" error=authentication failed for [{login.user}], invalid password;"
            )
        level = "INFO" if login.right else "WARN"
        yield _line(login, level, _thread(login), _context(scene, login), text)
    yield from preauths(scene)


def preauths(scene: Scene) -> Iterator[str]:
    """Return what a portal's logins leave: the REST form tells no address."""
    if scene.origin == "mail-only":
        return
    when = scene.today - timedelta(hours=1)
    for number, client in enumerate(CLIENTS):
        login = Login(
            number=500 + number,
            when=when,
            user=f"user{15 * (number + 1):03}",
            client=client,
            right=True,
            protocol="soap",
        )
        account = f"{login.user}@portal.example.test"
        text = f"security - cmd=PreAuth; account={account}; admin=false;"
        thread = f"{JETTY}-{login.number}:https://{HOST}/service/"
        if scene.origin == "proxy":
            yield _line(login, "INFO", f"{thread}preauth", "", text)
            continue
        port = 51000 + login.number
        context = f"oip={client};port={port};soapId={0x5D1F0000 + login.number:x};"
        yield _line(login, "INFO", f"{thread}soap/AuthRequest", context, text)


def mailbox_log(scene: Scene) -> Iterator[str]:
    """Return mailbox.log: the same attempts, and names that do not exist."""
    for login in logins(scene):
        thread, context = _thread(login), _context(scene, login)
        account = f"{login.user}@example.test"
        failed = f"authentication failed for [{login.user}]"
        match login.protocol, login.right:
            case "imap", True:
                text = f"imap - user {account} authenticated, mechanism=PLAIN [TLS]"
            case "imap", False:
                text = f"imap - {failed} (invalid password)"
            case _, True:
                text = "soap - AuthRequest elapsed=14"
            case _:
                text = f"SoapEngine - handler exception: {failed}, invalid password"
        yield _line(login, "INFO", thread, context, text)
        if not login.right and login.protocol != "imap":
            text = (
                "SoapEngine - handler exception: authentication failed for "
                f"[guess{login.number}], account not found"
            )
            context = context.replace(f"name={account};", "")
            yield _line(login, "INFO", thread, context, text)


def access_log(scene: Scene) -> Iterator[str]:
    """Return nginx.access.log."""
    for login in logins(scene):
        if login.protocol != "soap":
            continue
        status, size = (200, 1874) if login.right else (500, 612)
        yield (
            f"{login.client}:{51000 + login.number} - - "
            f"[{login.when:%d/%b/%Y:%H:%M:%S +0000}]  "
            f'"POST https://{HOST}/service/soap/AuthRequest HTTP/2.0" {status} {size} '
            f'"https://{HOST}/" "{FIREFOX}" "{NODE_IPV4}:8443" "{NODE_IPV4}:443"'
        )


def error_log(scene: Scene) -> Iterator[str]:
    """Return nginx.log: the sessions of the mail proxy."""
    for login in logins(scene):
        if login.protocol == "imap" and login.right:
            yield (
                f"{login.when:%Y/%m/%d %H:%M:%S} [info] 2211#0: *{9000 + login.number} "
                f"client logged in, client: {login.client}:{55000 + login.number}, "
                f'server: 0.0.0.0:993, login: "{login.user}@example.test", '
                f"upstream: {NODE_IPV4}:7993"
            )


def syslog(scene: Scene) -> Iterator[str]:
    """Return /var/log/zimbra.log: Postfix and saslauthd."""
    for login in logins(scene):
        if login.protocol != "smtp":
            continue
        prefix = f"{login.when:%b} {login.when.day:2d} {login.when:%H:%M:%S} mail"
        number = 30000 + login.number
        user = f"{login.user}@example.test"
        if login.right:
            yield f"{prefix} saslauthd[24413]: auth_zimbra: {user} auth OK"
            yield (
                f"{prefix} postfix/submission/smtpd[{number}]: 4F2A11C{number:X}: "
                f"client=unknown[{login.client}], sasl_method=PLAIN, "
                f"sasl_username={user}"
            )
            continue
        why = f"authentication failed for [{user}]"
        yield f"{prefix} saslauthd[24411]: auth_zimbra: {user} auth failed: {why}"
        yield (
            f"{prefix} postfix/submission/smtpd[{number}]: warning: "
            f"unknown[{login.client}]: SASL LOGIN authentication failed: UGFzc3dvcmQ6"
        )


def nothing(_scene: Scene) -> Iterator[str]:
    """Return a log that has just been rotated."""
    yield from ()


FILES = (
    ("opt/zimbra/log/audit.log", "zimbra:zimbra", 0o640, audit_log),
    ("opt/zimbra/log/mailbox.log", "zimbra:zimbra", 0o640, mailbox_log),
    ("opt/zimbra/log/nginx.access.log", "zimbra:zimbra", 0o640, access_log),
    ("opt/zimbra/log/nginx.log", "zimbra:zimbra", 0o640, error_log),
    ("var/log/zimbra.log", "syslog:adm", 0o644, syslog),
    ("var/log/auth.log", "syslog:adm", 0o640, nothing),
    ("var/log/mail.log", "syslog:adm", 0o640, nothing),
    ("var/log/syslog", "syslog:adm", 0o640, nothing),
)
