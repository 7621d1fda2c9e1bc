"""Admin SOAP as text: requests in XML, answers in JSON.

XML keeps the order of a batch; JSON keeps carriage returns, which an XML parser turns
into line feeds, so that a value is read back exactly.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

import msgspec

from zmward.doors.directory import Own, Values
from zmward.errors import Fault

ADMIN: Final = "urn:zimbraAdmin"
# What stands in place of a value that Zimbra does not show.
BLOCKED: Final = "VALUE-BLOCKED"
_CODE = re.compile(r"<(?:\w+:)?Code>\s*([A-Za-z]+\.[A-Z_]+)\s*</")


def element(
    name: str, content: str = "", attributes: Mapping[str, str] | None = None
) -> str:
    """Return an element; the content is XML already."""
    given = "".join(f" {key}={quoteattr(v)}" for key, v in (attributes or {}).items())
    return f"<{name}{given}>{content}</{name}>"


def text(value: str) -> str:
    """Return a value as XML that no parser normalises."""
    return escape(value, {"\r": "&#13;"})


def request(name: str, content: str, number: int, **more: str) -> str:
    """Return an admin request that bears a number."""
    return element(
        f"{name}Request", content, {"xmlns": ADMIN, "requestId": str(number), **more}
    )


def changes(values: Mapping[str, Values]) -> str:
    """Return the elements that replace attributes by whole sets; () unsets."""
    return "".join(
        element("a", text(value), {"n": name})
        for name, wanted in values.items()
        for value in wanted or ("",)
    )


def batch(requests: Iterable[str]) -> str:
    """Return several requests as one, answered in order."""
    return element(
        "BatchRequest", "".join(requests), {"xmlns": "urn:zimbra", "onerror": "stop"}
    )


def envelope(body: str, token: str) -> bytes:
    """Return the whole message."""
    context = (
        f'<nosession/><format type="js"/><userAgent name="zmward"/>'
        f"<authToken>{escape(token)}</authToken>"
    )
    return (
        '<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope">'
        f'<soap:Header><context xmlns="urn:zimbra">{context}</context></soap:Header>'
        f"<soap:Body>{body}</soap:Body></soap:Envelope>"
    ).encode()


def body(answer: bytes, where: str) -> dict[str, Any]:
    """Return the answer's body by response name; a Fault in it is raised."""
    try:
        found = msgspec.json.decode(answer)
        inner: dict[str, Any] = dict(found["Body"])
    except (msgspec.DecodeError, KeyError, TypeError, ValueError) as error:
        said = answer[:3000].decode("utf-8", "replace")
        known = _CODE.search(said)
        code = known[1] if known else "answer.unreadable"
        raise Fault(code, "the answer is not what mailboxd says", where) from error
    for one in _several(inner.get("Fault")):
        raise fault(one, where)
    return inner


def fault(found: Any, where: str) -> Fault:
    """Return the typed error of a SOAP fault."""
    try:
        code = str(found["Detail"]["Error"]["Code"])
        reason = str(found["Reason"]["Text"])
    except (KeyError, TypeError):
        return Fault("answer.unreadable", "a fault without a code", where)
    return Fault(code, reason, where)


def replies(inner: Mapping[str, Any], where: str) -> dict[int, dict[str, Any]]:
    """Return a batch's answers by number; the first fault among them is raised."""
    answered = _several(inner.get("BatchResponse"))
    content = answered[0] if answered else {}
    for one in _several(content.get("Fault")):
        raise fault(one, where)
    found = {}
    for name, items in content.items():
        if not name.endswith("Response"):
            continue
        for item in _several(items):
            found[_number(item, where)] = item
    return found


def reply(inner: Mapping[str, Any], name: str, number: int, where: str) -> Any:
    """Return the one answer, which must bear the request's number."""
    found = _several(inner.get(f"{name}Response"))
    if not found or _number(found[0], where) != number:
        raise Fault("answer.mixed", f"no answer to {name}", where)
    return found[0]


def entry(answer: Mapping[str, Any], kind: str, where: str) -> Mapping[str, Any]:
    """Return the object that an answer holds."""
    found = _several(answer.get(kind))
    if len(found) != 1:
        raise Fault("answer.mixed", f"{len(found)} objects instead of one", where)
    return found[0]


def own(holder: Mapping[str, Any], names: Sequence[str], where: str) -> Own:
    """Return the values of the attributes that were asked for."""
    values: dict[str, list[str]] = {}
    for name, value in _pairs(holder):
        values.setdefault(name.lower(), []).append(value)
    found: Own = {}
    for name in names:
        held = values.get(name.lower())
        if held and BLOCKED in held:
            raise Fault("answer.blocked", f"{name} is not shown by mailboxd", where)
        found[name] = tuple(held) if held else None
    return found


def _pairs(holder: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for item in _several(holder.get("a")):
        yield str(item.get("n", "")), str(item.get("_content", ""))
    # Some answers of Zimbra's give pairs of names and values as an object.
    for name, value in dict(holder.get("_attrs") or {}).items():
        for one in value if isinstance(value, list) else [value]:
            yield str(name), str(one)


def _number(item: Mapping[str, Any], where: str) -> int:
    try:
        return int(item["requestId"])
    except (KeyError, TypeError, ValueError) as error:
        raise Fault("answer.mixed", "an answer without a number", where) from error


def _several(item: Any) -> list[dict[str, Any]]:
    items = item if isinstance(item, list) else [item]
    return [one for one in items if isinstance(one, dict)]
