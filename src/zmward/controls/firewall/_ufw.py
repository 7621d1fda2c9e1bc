"""A host with ufw for the examples of its control: its files, what it has loaded."""

from typing import Final

SSH: Final = "-p tcp --dport 22 -s 10.9.0.0/24 -j ACCEPT"
PUBLIC: Final = "-p tcp -m multiport --dports 25,443 -j ACCEPT"
_ANSWERS: Final = "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"


def _file(path: str, *lines: str) -> str:
    return f"> {path}\n" + "".join(f" {line}\n" for line in lines)


def _chain(name: str, *rules: str) -> tuple[str, ...]:
    own = (f"-A {name} {rule}" for rule in rules)
    return ("*filter", f":{name} - [0:0]", *own, "COMMIT")


def off(*more: str) -> str:
    """Return the files of an ufw that is not enabled, and more of them."""
    return _file("/etc/ufw/ufw.conf", "ENABLED=no") + "".join(more)


def profile(ports: str) -> str:
    """Return a file with an application profile of Zimbra's."""
    path = "/etc/ufw/applications.d/zimbra"
    return _file(path, "[Zimbra]", "title=Zimbra", f"ports={ports}")


def files(*rules: str, on: bool = True, policy: str = "DROP") -> str:
    """Return ufw's files with rules of both families, which are given to it."""
    words = (f"DEFAULT_INPUT_POLICY={policy}", "IPV6=yes")
    found = [
        _file("/etc/ufw/ufw.conf", f"ENABLED={'yes' if on else 'no'}"),
        _file("/etc/default/ufw", *words),
    ]
    for digit in ("", "6"):
        where, chain = "/etc/ufw/{}" + digit + ".rules", f"ufw{digit}-"
        own = [rule for rule in rules if not digit or "." not in rule]
        user = _chain(f"{chain}user-input", *own)
        told = [f"### tuple ### {rule}" for rule in own]
        before = _chain(f"{chain}before-input", "-i lo -j ACCEPT", _ANSWERS)
        found += [
            _file(where.format("before"), *before),
            _file(where.format("after"), *_chain(f"{chain}after-input")),
            _file(where.format("user"), *told, *user),
        ]
    return "".join(found)


def loaded(*rules: str) -> str:
    """Return the rules in the kernel where ufw has loaded some."""
    found = ""
    for digit in ("", "6"):
        own = [rule for rule in rules if not digit or "." not in rule]
        chain = f"ufw{digit}-user-input"
        lines = (
            *("*filter", ":INPUT DROP [0:0]", f":{chain} - [0:0]"),
            *("-A INPUT -i lo -j ACCEPT", f"-A INPUT {_ANSWERS}"),
            *(f"-A INPUT -j {chain}", *(f"-A {chain} {rule}" for rule in own)),
            "COMMIT",
        )
        found += f"> ip{digit}tables legacy\n" + "".join(f"{x}\n" for x in lines)
    return found
