"""One SOAP element, free of the notation it came in or goes out in."""

from dataclasses import dataclass, field

from .faults import invalid

ZIMBRA = "urn:zimbra"
ADMIN = "urn:zimbraAdmin"
ACCOUNT = "urn:zimbraAccount"

Scalar = str | int | bool


@dataclass
class Node:
    """An element: name, namespace, attributes, children and text.

    ``plain`` children are elements in XML and bare scalars in JSON.
    """

    name: str
    namespace: str
    attributes: dict[str, Scalar] = field(default_factory=dict)
    children: list["Node"] = field(default_factory=list)
    text: Scalar = ""
    plain: bool = False
    single: bool = False

    def add(self, name: str, text: Scalar = "", /, **attributes: Scalar) -> "Node":
        """Append a child in the same namespace and return it."""
        child = Node(name, self.namespace, dict(attributes), text=text)
        self.children.append(child)
        return child

    def add_plain(self, name: str, text: Scalar) -> None:
        """Append a child that JSON shows as a bare scalar."""
        self.children.append(Node(name, self.namespace, text=text, plain=True))

    def get(self, name: str) -> str | None:
        """Give an attribute, or the text of the child that stands for it."""
        if name in self.attributes:
            return _text(self.attributes[name])
        child = self.child(name)
        return None if child is None else child.value

    def child(self, name: str) -> "Node | None":
        """Give the first child of this name."""
        return next((c for c in self.children if c.name == name), None)

    def named(self, name: str) -> list["Node"]:
        """Give every child of this name."""
        return [c for c in self.children if c.name == name]

    def flag(self, name: str, *, default: bool) -> bool:
        """Read a boolean attribute."""
        value = self.get(name)
        return default if value is None else value.lower() in {"1", "true"}

    def number(self, name: str, default: int) -> int:
        """Read an integer attribute."""
        value = self.get(name)
        if not value:
            return default
        if not value.lstrip("-").isdecimal():
            raise invalid(f"invalid value for {name}: {value}")
        return int(value)

    @property
    def value(self) -> str:
        """Give the text as XML writes it."""
        return _text(self.text)


def _text(value: Scalar) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value)
