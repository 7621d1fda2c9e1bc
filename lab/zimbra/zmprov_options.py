"""The options of zmprov, up to its command."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


class OptionError(Exception):
    """An option that zmprov does not know, or one without its argument."""


@dataclass(frozen=True)
class Options:
    """What stands before the command."""

    ldap: bool = False
    master: bool = False
    server: str = ""
    account: str = ""
    password: str = ""
    password_file: str = ""
    token: str = ""
    token_file: str = ""
    file: str = ""
    temporary: str = ""
    verbose: bool = False
    debug: bool = False
    replace_safeguarded: bool = False
    force_display: bool = False
    zadmin: bool = False
    help: bool = False
    log_properties: str = ""
    command: tuple[str, ...] = ()


_FLAGS = {
    ("-l", "--ldap"): "ldap",
    ("-m", "--master"): "master",
    ("-v", "--verbose"): "verbose",
    ("-d", "--debug"): "debug",
    ("-D", "--debughigh"): "debug",
    ("-r", "--allowMultiValuedAttrReplacement"): "replace_safeguarded",
    ("-fd", "--forcedisplay"): "force_display",
    ("-z", "--zadmin"): "zadmin",
    ("-h", "--help"): "help",
}
_VALUES = {
    ("-s", "--server"): "server",
    ("-a", "--account"): "account",
    ("-p", "--password"): "password",
    ("-P", "--passfile"): "password_file",
    ("-y", "--authtoken"): "token",
    ("-Y", "--authtokenfile"): "token_file",
    ("-f", "--file"): "file",
    ("-t", "--temp"): "temporary",
    ("-L", "--logpropertyfile"): "log_properties",
}
_FLAG_NAMES = {word: name for words, name in _FLAGS.items() for word in words}
_VALUE_NAMES = {word: name for words, name in _VALUES.items() for word in words}


def read_options(argv: Sequence[str]) -> Options:
    """Return the options; everything from the first other word is the command."""
    found: dict[str, Any] = {}
    rest = list(argv)
    while rest and rest[0].startswith("-"):
        word, _, attached = rest.pop(0).partition("=")
        if word in _FLAG_NAMES:
            found[_FLAG_NAMES[word]] = True
        elif word in _VALUE_NAMES:
            if not attached and not rest:
                raise OptionError(f"Missing argument for option: {word.lstrip('-')}")
            found[_VALUE_NAMES[word]] = attached or rest.pop(0)
        else:
            raise OptionError(f"Unrecognized option: {word}")
    # The real parser drops this word wherever it stands.
    return Options(**found, command=tuple(word for word in rest if word != "--"))
