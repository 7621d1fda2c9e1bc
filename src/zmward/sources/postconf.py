"""Postfix's live parameters, as its own postconf tells them."""

from zmward.sources.source import Command, Source, Unreadable

_PROGRAMS = ("/opt/zimbra/common/sbin/postconf", "/opt/zimbra/postfix/sbin/postconf")


def _rows(answer: str) -> dict[str, str]:
    found = {}
    for line in answer.splitlines():
        name, equals, value = line.partition("=")
        if not equals:
            raise Unreadable(f"postconf: not a parameter: {line[:60]!r}")
        found[name.strip()] = value.strip()
    return found


def parse(answer: str) -> dict[str, str]:
    """Read `name = value` lines; defaults are there too."""
    found = _rows(answer)
    if "myhostname" not in found:
        raise Unreadable("postconf: the answer holds no parameters")
    return found


def parse_own(answer: str) -> dict[str, str]:
    """Read `postconf -n`: what main.cf itself says, which is never nothing."""
    found = _rows(answer)
    if not found:
        raise Unreadable("postconf -n: main.cf says nothing")
    return found


def parse_services(answer: str) -> dict[str, dict[str, str]]:
    """Read `postconf -P`: service/type → its own parameters."""
    found: dict[str, dict[str, str]] = {}
    for line in answer.splitlines():
        name, equals, value = line.partition("=")
        parts = name.strip().split("/")
        if not equals or len(parts) != 3:  # service/type/parameter
            raise Unreadable(f"postconf -P: not a parameter: {line[:60]!r}")
        service = found.setdefault("/".join(parts[:2]), {})
        service[parts[2]] = value.strip()
    return found


def parse_master(answer: str) -> dict[str, str]:
    """Read `postconf -M`: service/type → its line."""
    found = {}
    for line in answer.splitlines():
        words = line.split()
        if len(words) < 8:  # master(5) has eight columns
            raise Unreadable(f"postconf -M: not a service: {line[:60]!r}")
        found[f"{words[0]}/{words[1]}"] = " ".join(words)
    return found


POSTCONF = Source(
    name="postconf",
    about="Postfix's parameters in force.",
    question=Command(_PROGRAMS),
    parse=parse,
)
OWN = Source(
    name="postconf-own",
    about="Parameters that main.cf says itself, without Postfix's own defaults.",
    question=Command(_PROGRAMS, ("-n",)),
    parse=parse_own,
)
SERVICES = Source(
    name="postconf-services",
    about="Parameters that single Postfix services override.",
    question=Command(_PROGRAMS, ("-P",)),
    parse=parse_services,
)
MASTER = Source(
    name="postconf-master",
    about="Postfix's services (master.cf).",
    question=Command(_PROGRAMS, ("-M",)),
    parse=parse_master,
)
