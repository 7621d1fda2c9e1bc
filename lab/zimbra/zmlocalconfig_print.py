"""How zmlocalconfig prints keys."""

from collections.abc import Iterable, Sequence
from typing import TextIO

from .localconfig import LocalConfig, serialize

_MASK = "*"


def is_password(name: str) -> bool:
    """Tell whether the value is masked: the name alone decides."""
    return "password" in name


def _quoted(value: str) -> str:
    """Return the value as the real tool quotes it, which a shell undoes wrongly."""
    return "'" + value.replace("'", "''") + "'"


def _line(form: str, name: str, value: str) -> str:
    return {
        "plain": f"{name} = {value}",
        "nokey": value,
        "shell": f"{name}={_quoted(value)};",
        "export": f"export {name}={_quoted(value)};",
    }[form]


def print_keys(
    out: TextIO,
    config: LocalConfig,
    names: Sequence[str],
    form: str,
    *,
    show: bool,
    expand: bool,
) -> list[str]:
    """Print the keys and return those that have no value.

    The shell forms show passwords and expand references whatever is asked.
    """
    shell = form in {"shell", "export"}
    found: dict[str, str] = {}
    absent = []
    for name in names:
        value = config.get(name) if expand or shell else config.raw(name)
        if value is None:
            absent.append(name)
        else:
            masked = is_password(name) and not show and not shell
            found[name] = _MASK if masked else value
    if form == "xml":
        out.write(serialize(found))
    else:
        _print_lines(out, (_line(form, *pair) for pair in found.items()))
    return absent


def _print_lines(out: TextIO, lines: Iterable[str]) -> None:
    for line in lines:
        print(line, file=out)


def print_descriptions(out: TextIO, names: Sequence[str]) -> None:
    """Print what each key is about."""
    for name in names:
        print(f"{name}:", file=out)
        print(f"  Lab description of {name}.", file=out)
        print("* Changes are in effect after server restart.", file=out)
        print(file=out)
