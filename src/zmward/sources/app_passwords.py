"""How many accounts have a password of an application, without the passwords."""

from collections.abc import Iterable

from zmward.sources.source import Search, Source, Unreadable

_END = "counted "


def reduce(lines: Iterable[str]) -> str:
    """Count the entries of an LDIF while they stream; their names are not kept."""
    count = 0
    seen = False
    for line in lines:
        seen = seen or bool(line.strip())
        count += line.startswith(("dn: ", "dn:: "))
    return f"{_END}{count}\n" if seen else ""


def parse(answer: str) -> int:
    """Read the count."""
    number = answer.strip().removeprefix(_END)
    if not answer.startswith(_END) or not (number.isascii() and number.isdecimal()):
        raise Unreadable(f"app passwords: no count: {answer[:60]!r}")
    return int(number[:12])


APP_PASSWORDS = Source(
    name="ldap-app-passwords",
    about="How many accounts have a password of an application.",
    question=Search("", "sub", "(zimbraAppSpecificPassword=*)", ("1.1",)),
    parse=parse,
    reduce=reduce,
    directory=True,
)
