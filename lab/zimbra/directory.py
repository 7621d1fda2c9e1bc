"""The one connection to slapd, and its refusals in Zimbra's words."""

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import ParseError

import ldap
import ldap.filter
import ldap.modlist

from . import localconfig
from .errors import ProvisioningError, failure

Raw = tuple[str, dict[str, list[bytes]]]

_UNBOUNDID = "com.unboundid.ldap.sdk.LDAPException"


def _told(error: ldap.LDAPError) -> tuple[str, str]:
    details = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
    return details.get("info", ""), details.get("desc", "")


def _secured() -> bool:
    """Tell whether localconfig wants StartTLS between Zimbra's processes."""
    try:
        local = localconfig.load()
    except (OSError, ParseError):
        return False
    supported = local.get("ldap_starttls_supported") == "1"
    return supported and local.get("zimbra_require_interprocess_security") != "0"


class Directory:
    """A connection that is opened at the first question."""

    def __init__(self, url: str, dn: str, password: str) -> None:
        self.url = url
        self._dn = dn
        self._password = password
        self._link: ldap.ldapobject.SimpleLDAPObject | None = None

    @property
    def link(self) -> "ldap.ldapobject.SimpleLDAPObject":
        """Return the bound connection."""
        if self._link is None:
            self._link = ldap.ldapobject.ReconnectLDAPObject(
                self.url, retry_max=3, retry_delay=0.5
            )
            self._link.set_option(ldap.OPT_REFERRALS, 0)
            self._link.set_option(ldap.OPT_NETWORK_TIMEOUT, 10)
            try:
                if self.url.startswith("ldap://") and _secured():
                    self._start_tls(self._link)
                self._link.simple_bind_s(self._dn, self._password)
            except ldap.LDAPError as error:
                self._link = None
                raise self._failed("ZimbraLdapContext", error) from error
        return self._link

    @staticmethod
    def _start_tls(link: "ldap.ldapobject.SimpleLDAPObject") -> None:
        # The lab's clients do not verify: GnuTLS takes no directory of authorities.
        link.set_option(ldap.OPT_X_TLS_REQUIRE_CERT, ldap.OPT_X_TLS_NEVER)
        link.set_option(ldap.OPT_X_TLS_NEWCTX, 0)
        link.start_tls_s()

    def host(self) -> str:
        """Return host:port as messages name the server."""
        parts = urlsplit(self.url.split()[0])
        return f"{parts.hostname or unquote(parts.netloc)}:{parts.port or 389}"

    def search(
        self,
        base: str,
        text: str,
        attrs: Sequence[str] | None = None,
        scope: int = ldap.SCOPE_SUBTREE,
    ) -> Iterator[Raw]:
        """Yield the entries that match."""
        wanted = list(attrs) if attrs is not None else None
        try:
            found = self.link.search_ext_s(base, scope, text, wanted)
        except ldap.NO_SUCH_OBJECT:
            return
        except ldap.FILTER_ERROR as error:
            raise ProvisioningError(
                "service.INVALID_REQUEST", f"invalid request: bad filter {text}"
            ) from error
        except ldap.LDAPError as error:
            raise self._failed("unable to search", error) from error
        yield from ((dn, values) for dn, values in found if dn is not None)

    def modify(self, dn: str, wanted: Mapping[str, Sequence[bytes]]) -> None:
        """Give each attribute these values, all of them or none."""
        changes = [(ldap.MOD_REPLACE, n, list(v) or None) for n, v in wanted.items()]
        try:
            self.link.modify_s(dn, changes)
        except ldap.LDAPError as error:
            raise self._refused("modify attributes", "modify attrs", error) from error

    def add(self, dn: str, values: Mapping[str, Sequence[bytes]]) -> None:
        """Create an entry."""
        try:
            self.link.add_s(dn, [(name, list(v)) for name, v in values.items()])
        except ldap.LDAPError as error:
            raise self._refused("create entry", "create entry", error) from error

    def delete(self, dn: str) -> None:
        """Remove an entry and what is below it."""
        below = sorted(
            (found for found, _ in self.search(dn, "(objectClass=*)", ["1.1"])), key=len
        )
        for one in reversed(below):
            self.link.delete_s(one)

    def _refused(
        self, doing: str, shortly: str, error: ldap.LDAPError
    ) -> ProvisioningError:
        info, desc = _told(error)
        where = f"unable to {doing}: ldap host={self.host()}: {info or desc}"
        cause = f"{_UNBOUNDID} {info or desc}"
        if isinstance(error, ldap.UNDEFINED_TYPE):
            text = f"invalid attr name: invalid attr name - {where}"
            return ProvisioningError("account.INVALID_ATTR_NAME", text, cause=cause)
        if isinstance(error, (ldap.INVALID_SYNTAX, ldap.CONSTRAINT_VIOLATION)):
            text = f"invalid attr value: invalid attr value - {where}"
            return ProvisioningError("account.INVALID_ATTR_VALUE", text, cause=cause)
        if isinstance(error, ldap.OBJECT_CLASS_VIOLATION):
            return failure(
                f"unable to {shortly}: object class violation - {where}", cause
            )
        return failure(f"unable to {shortly}: {where}", cause)

    def _failed(self, doing: str, error: ldap.LDAPError) -> ProvisioningError:
        info, desc = _told(error)
        text = f"{doing}: ldap host={self.host()}: {info or desc}"
        return failure(text, f"{_UNBOUNDID} {info or desc}")


def escaped(text: str) -> str:
    """Return the text as it may stand in a filter."""
    return str(ldap.filter.escape_filter_chars(text))
