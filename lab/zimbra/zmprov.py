"""zmprov: one command, or a file or a terminal full of them."""

import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO
from xml.etree.ElementTree import ParseError

from . import (
    localconfig,
    zmprov_ldap,
    zmprov_read,
    zmprov_reports,
    zmprov_soap,
    zmprov_write,
)
from .errors import ProvisioningError
from .zmprov_backend import Backend
from .zmprov_commands import Command, Session, UsageError, by_word
from .zmprov_lines import words
from .zmprov_options import OptionError, Options, read_options

PROMPT = "prov> "
COMMANDS = (
    *zmprov_read.COMMANDS,
    *zmprov_write.COMMANDS,
    *zmprov_reports.COMMANDS,
)
_BY_WORD = by_word(COMMANDS)
_GENERAL = """zmprov [args] [cmd] [cmd-args ...]

     -h/--help                             display usage
     -f/--file                             use file as input stream
     -s/--server   {host}[:{port}]         server hostname and optional port
     -l/--ldap                             provision via LDAP instead of SOAP
     -L/--logpropertyfile                  log4j property file
     -a/--account  {name}                  account name to auth as
     -p/--password {pass}                  password for account
     -P/--passfile {file}                  read password from file
     -z/--zadmin                    use the admin name and password of localconfig
     -y/--authtoken {authtoken}            auth token string
     -Y/--authtokenfile {file}             file holding the auth token
     -v/--verbose                          verbose mode
     -d/--debug                            debug mode (dumps SOAP messages)
     -m/--master                           use LDAP master (only valid with -l)
     -t/--temp                      write binary values to files in this directory
     -r/--allowMultiValuedAttrReplacement  allow replacing guarded lists
     -fd/--forcedisplay                    force attr display
"""


def _usage(out: TextIO, command: Command | None = None, text: str = "") -> None:
    if text:
        print(text, file=out)
    if command is None:
        print(_GENERAL, file=out)
        _help(out, ["commands"])
    else:
        print(f"usage:  {command.usage()}", file=out)
        print("For general help, type : zmprov --help", file=out)


def _help(out: TextIO, args: Sequence[str]) -> None:
    wanted = args[0] if args else "commands"
    for command in sorted(COMMANDS, key=lambda one: one.name.lower()):
        if wanted in {"commands", command.category}:
            print(f"  {command.usage()}", file=out)
    print(file=out)


def _complain(error: ProvisioningError, session: Session) -> None:
    cause = f" (cause: {error.cause})" if error.cause else ""
    if not session.backend.over_ldap and not error.code.startswith("zclient"):
        cause = ""
    print(f"ERROR: {error.code} ({error.message}){cause}", file=sys.stderr)


def _perform(session: Session, command: Command, args: Sequence[str]) -> None:
    """Run one command; UsageError if its arguments are not what it takes."""
    if not command.least <= len(args) <= command.most:
        raise UsageError
    if command.only_ldap and not session.backend.over_ldap:
        raise UsageError(f'{command.name} can only be used with  "zmprov -l/--ldap"')
    command.act(session, args)


def _once(session: Session, argv: Sequence[str]) -> int:
    command = _BY_WORD.get(argv[0].lower())
    if argv[0] in {"help", "?"}:
        _help(session.out, argv[1:])
        return 0
    if command is None:
        return 1
    try:
        _perform(session, command, argv[1:])
    except UsageError as error:
        _usage(session.out, command, str(error))
        return 1
    except ProvisioningError as error:
        _complain(error, session)
        return 2
    return 0


def _batch(session: Session, lines: TextIO, *, echo: bool) -> int:
    """Run a command a line; errors only count where the last word is exit."""
    failed = False
    while True:
        print(PROMPT, end="", file=session.out)
        session.out.flush()
        line = lines.readline()
        if not line:
            print(file=session.out)
            return 0
        if echo:
            print(line.rstrip("\n"), file=session.out)
        argv = words(line.rstrip("\n"))
        if not argv:
            continue
        if argv[0] in {"exit", "quit"}:
            return 2 if failed else 0
        failed = not _line(session, argv) or failed
        session.out.flush()


def _line(session: Session, argv: Sequence[str]) -> bool:
    """Run one line; wrong arguments and unknown commands are no failure."""
    command = _BY_WORD.get(argv[0].lower())
    if argv[0] in {"help", "?"}:
        _help(session.out, argv[1:])
    elif command is None:
        print("Unknown command. Type: 'help commands' for a list", file=session.out)
    else:
        try:
            _perform(session, command, argv[1:])
        except UsageError as error:
            _usage(session.out, command, str(error))
        except ProvisioningError as error:
            session.out.flush()
            _complain(error, session)
            return False
    return True


def _connect(options: Options, local: localconfig.LocalConfig) -> Backend:
    ldap = options.ldap or local.get("zimbra_zmprov_default_to_ldap") == "true"
    if ldap:
        return zmprov_ldap.connect(local, master=options.master)
    echo = print if options.debug else None
    return zmprov_soap.connect(local, options, echo)


def _known(options: Options) -> bool:
    """Print the usage for a word that is no command; nobody is asked for that."""
    word = options.command[0].lower()
    if word in _BY_WORD or word in {"help", "?"}:
        return True
    _usage(sys.stdout)
    return False


def _session(options: Options) -> Session:
    local = localconfig.load()
    guarded = (local.get("zmprov_safeguarded_attrs") or "").split(",")
    return Session(
        _connect(options, local),
        sys.stdout,
        frozenset(guarded),
        options.replace_safeguarded,
    )


def run(options: Options) -> int:
    """Connect and run what was asked for."""
    try:
        session = _session(options)
    except (OSError, ParseError) as error:
        print(f"ERROR: local configuration: {error}", file=sys.stderr)
        return 2
    except ProvisioningError as error:
        cause = f" (cause: {error.cause})" if error.cause else ""
        print(f"ERROR: {error.code} ({error.message}){cause}", file=sys.stderr)
        return 2
    if options.command:
        return _once(session, options.command)
    if options.file:
        with Path(options.file).open(encoding="utf-8") as lines:
            return _batch(session, lines, echo=False)
    return _batch(session, sys.stdin, echo=not sys.stdin.isatty())


def main(argv: Sequence[str]) -> int:
    """Run zmprov."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    logging.basicConfig(
        stream=sys.stderr,
        format="%(asctime)s [main] %(levelname)s : %(message)s",
        level=logging.WARNING,
    )
    logging.addLevelName(logging.WARNING, "WARN")
    try:
        options = read_options(argv)
    except OptionError as error:
        _usage(sys.stdout, text=str(error))
        return 1
    if options.help:
        _usage(sys.stdout)
        return 0
    if options.temporary or options.force_display or options.log_properties:
        print("ERROR: -t, -fd and -L are not stood in for in the lab", file=sys.stderr)
        return 1
    if options.command and not _known(options):
        return 1
    if options.master and not options.ldap:
        _usage(sys.stdout, text="cannot use --master without --ldap")
        return 1
    return run(options)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
