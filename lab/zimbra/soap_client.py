"""An admin SOAP client that speaks as zmprov does."""

import http.client
import re
import ssl
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

from .errors import ProvisioningError

SOAP = "http://www.w3.org/2003/05/soap-envelope"
ZIMBRA = "urn:zimbra"
ADMIN = "urn:zimbraAdmin"
AGENT = {"name": "zmprov", "version": "10.1.0_GA_4655"}
_TIMEOUT = 60

ET.register_namespace("soap", SOAP)


def element(name: str, text: str | None = None, /, **attributes: str) -> ET.Element:
    """Return an element of the admin namespace."""
    made = ET.Element(f"{{{ADMIN}}}{name}", attributes)
    made.text = text
    return made


def pairs(changes: Sequence[tuple[str, str]]) -> list[ET.Element]:
    """Return the <a n=> elements of changes."""
    return [element("a", value, n=name) for name, value in changes]


def attributes_of(found: ET.Element) -> dict[str, list[str]]:
    """Return the <a n=> children, values of a name together."""
    values: dict[str, list[str]] = {}
    for one in found.iter(f"{{{ADMIN}}}a"):
        values.setdefault(one.get("n", ""), []).append(one.text or "")
    return values


class SoapClient:
    """One conversation with a server's admin service."""

    def __init__(self, url: str, echo: Callable[[str], None] | None = None) -> None:
        self.url = url
        self.token = ""
        self._echo = echo

    def log_in(self, name: str, password: str) -> None:
        """Fetch a token."""
        request = element("AuthRequest")
        request.append(element("name", name))
        request.append(element("password", password))
        self.token = self.call(request).findtext(f"{{{ADMIN}}}authToken") or ""

    def call(self, request: ET.Element) -> ET.Element:
        """Return the response's element, or raise the fault."""
        root = ET.Element(f"{{{SOAP}}}Envelope")
        head = ET.SubElement(ET.SubElement(root, f"{{{SOAP}}}Header"), _context())
        if self.token:
            ET.SubElement(head, f"{{{ZIMBRA}}}authToken").text = self.token
        ET.SubElement(head, f"{{{ZIMBRA}}}nosession")
        ET.SubElement(head, f"{{{ZIMBRA}}}userAgent", AGENT)
        control = {"voidOnExpired": "0"}
        ET.SubElement(head, f"{{{ZIMBRA}}}authTokenControl", control)
        ET.SubElement(root, f"{{{SOAP}}}Body").append(request)
        name = request.tag.partition("}")[2]
        answer = self._post(name, ET.tostring(root))
        body = answer.find(f"{{{SOAP}}}Body")
        if body is None or not len(body):
            raise _io_error(f"no body in the answer to {name}")
        if body[0].tag == f"{{{SOAP}}}Fault":
            raise _fault(body[0])
        return body[0]

    def _post(self, name: str, payload: bytes) -> ET.Element:
        if self._echo:
            self._echo(f"========== SOAP SEND: {self.url}{name} ==========")
            self._echo(payload.decode())
        parts = urlsplit(self.url)
        # zmprov takes the server's own certificate, as ssl_allow_* tells it.
        context = ssl._create_unverified_context()  # noqa: S323, SLF001
        link = http.client.HTTPSConnection(
            parts.hostname or "", parts.port, timeout=_TIMEOUT, context=context
        )
        headers = {"Content-Type": "application/soap+xml; charset=utf-8"}
        try:
            link.request("POST", f"{parts.path}{name}", payload, headers)
            text = link.getresponse().read()
            answer = ET.fromstring(text)  # noqa: S314 - the lab's own server
        except ConnectionRefusedError as error:
            raise _refused(parts.hostname or "") from error
        except (TimeoutError, OSError, http.client.HTTPException) as error:
            raise _io_error(f"invoke {error}, server: {parts.hostname}") from error
        except ET.ParseError as error:
            raise _io_error(f"no XML in the answer to {name}") from error
        finally:
            link.close()
        if self._echo:
            self._echo("========== SOAP RECEIVE ==========")
            self._echo(text.decode("utf-8", "replace"))
        return answer


def _context() -> str:
    return f"{{{ZIMBRA}}}context"


def _refused(host: str) -> ProvisioningError:
    text = "Connection refused (Connection refused)"
    return ProvisioningError(
        "zclient.IO_ERROR",
        f"invoke {text}, server: {host}",
        cause=f"java.net.ConnectException {text}",
    )


def _io_error(text: str) -> ProvisioningError:
    return ProvisioningError("zclient.IO_ERROR", text)


def _fault(found: ET.Element) -> ProvisioningError:
    code = found.findtext(f".//{{{ZIMBRA}}}Code") or "service.FAILURE"
    text = found.findtext(f".//{{{SOAP}}}Text") or ""
    # zmprov shows the runs of blanks of a fault as one.
    return ProvisioningError(code, re.sub(r" {2,}", " ", text))
