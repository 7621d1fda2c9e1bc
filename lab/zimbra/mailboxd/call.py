"""One SOAP call: who calls, from where, and what the answer carries along."""

from dataclasses import dataclass, field

from .core import Mailboxd
from .directory import first
from .faults import auth_required, denied
from .http_protocol import Request
from .logs import LogContext
from .node import Node
from .origin import Origin
from .sessions import Session
from .store import Entry
from .tokens import Token

ADMIN_FLAGS = (
    "zimbraIsAdminAccount",
    "zimbraIsDelegatedAdminAccount",
    "zimbraIsDomainAdminAccount",
)


@dataclass
class Call:
    """What a request function may look at and leave behind."""

    mailboxd: Mailboxd
    http: Request
    origin: Origin
    context: Node
    log: LogContext
    token: Token | None = None
    caller: Entry | None = None
    session: Session | None = None
    headers: list[tuple[str, str]] = field(default_factory=list)
    failed_login: bool = False

    @property
    def is_admin(self) -> bool:
        """Tell whether the caller holds an administrator's token."""
        return self.token is not None and self.token.admin

    def open_session(self, account: Entry, *, admin: bool) -> None:
        """Open or find the session, if the context asks for one."""
        wanted = self.context.child("session") or self.context.child("sessionId")
        if wanted is None or self.context.child("nosession") is not None:
            return
        number = wanted.get("id") or wanted.value or None
        sessions = self.mailboxd.sessions
        self.session = sessions.open(account.id, number, admin=admin)

    def need_caller(self) -> Entry:
        """Give the caller, who must have come with a token."""
        if self.caller is None:
            raise auth_required()
        return self.caller

    def need_global_admin(self) -> Entry:
        """Give the caller, who must be a global administrator."""
        caller = self.need_caller()
        if first(caller.attrs, "zimbraIsAdminAccount") != "TRUE":
            raise denied("need sufficient rights")
        return caller

    def audit(self, command: str, /, **fields: str) -> None:
        """Write a ``cmd=`` line to audit.log."""
        pairs = "".join(f" {name}={value};" for name, value in fields.items())
        self.mailboxd.logs.audit(self.log, f"cmd={command};{pairs}")


def answer(request: Node) -> Node:
    """Begin the response that belongs to a request."""
    name = request.name.removesuffix("Request") + "Response"
    return Node(name, request.namespace)


def is_admin_account(account: Entry) -> bool:
    """Tell whether an account administers anything."""
    return any(first(account.attrs, flag) == "TRUE" for flag in ADMIN_FLAGS)
