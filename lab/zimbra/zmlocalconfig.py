"""zmlocalconfig: shows and edits localconfig.xml."""

import os
import secrets
import signal
import sys
import traceback
from collections.abc import Sequence
from xml.etree.ElementTree import ParseError

from . import localconfig
from .errors import ProvisioningError
from .localconfig import LocalConfig, compiled_defaults
from .soap_client import SoapClient, element
from .zmlocalconfig_options import OptionError, Options, read_options
from .zmlocalconfig_print import print_descriptions, print_keys

PROTECTED = frozenset(
    {
        "ldap_root_password",
        "mysql_root_password",
        "zimbra_home",
        "zimbra_ldap_password",
        "zimbra_mysql_password",
    }
)
_RANDOM_BYTES = 12


class EditError(Exception):
    """An edit that is refused; nothing of it is saved."""


def _error(text: str) -> int:
    print(f"Error: {text}", file=sys.stderr)
    return 1


def _load(options: Options) -> LocalConfig:
    """Return the file's keys, none where there is no file to read."""
    try:
        return localconfig.load(options.path)
    except OSError:
        if not options.has("q"):
            text = f"Warning: local config file `{options.path}' is not readable"
            print(text, file=sys.stderr)
        return LocalConfig({})


def _edited(options: Options, own: dict[str, str]) -> dict[str, str]:
    for word in options.words:
        if options.has("r"):
            name, value = word, secrets.token_urlsafe(_RANDOM_BYTES)
        else:
            name, equals, value = word.partition("=")
            if not equals:
                raise EditError(f"argument '{word}' not in key=value form")
        if name in PROTECTED and not options.has("f"):
            raise EditError(f"can not edit key {name}")
        own[name] = value
    return own


def _unset(options: Options, own: dict[str, str]) -> dict[str, str]:
    for name in options.words:
        if name not in own:
            raise EditError(f"key {name} is not set")
        del own[name]
    return own


def _change(options: Options, config: LocalConfig) -> int:
    letter = "e" if options.has("e") else "u"
    if os.geteuid() == 0:
        return _error(f"cannot use -{letter} when running as root")
    if not options.words:
        return _error("insufficient number of arguments")
    act = _edited if letter == "e" else _unset
    try:
        localconfig.save(act(options, dict(config.own)), options.path)
    except EditError as error:
        return _error(str(error))
    except OSError as error:
        return _error(f"save to {options.path} failed: {error.strerror}")
    return 0


def _reload(config: LocalConfig) -> int:
    host = config.get("zimbra_zmprov_default_soap_server")
    port = config.get("zimbra_admin_service_port")
    client = SoapClient(f"https://{host}:{port}/service/admin/soap/")
    try:
        client.log_in(
            config.get("zimbra_ldap_user") or "",
            config.get("zimbra_ldap_password") or "",
        )
        client.call(element("ReloadLocalConfigRequest"))
    except ProvisioningError as error:
        return _error(f"{error.code} ({error.message})")
    return 0


def _names(options: Options, config: LocalConfig) -> list[str]:
    if options.words:
        return list(options.words)
    return config.changed() if options.has("n") else config.names()


def _show(options: Options, config: LocalConfig) -> int:
    if options.has("n") and options.words:
        changed = set(config.changed())
        names = [name for name in options.words if name in changed]
    else:
        names = _names(options, config)
    shown = LocalConfig({}) if options.has("d") else config
    if options.has("d") and not options.words:
        names = sorted(compiled_defaults())
    absent = print_keys(
        sys.stdout,
        shown,
        names,
        options.form,
        show=options.has("s"),
        expand=options.has("x"),
    )
    sys.stdout.flush()
    if not options.has("q"):
        for name in absent:
            print(f"Warning: null valued key '{name}'", file=sys.stderr)
    return 0


def run(options: Options) -> int:
    """Do what was asked for."""
    if options.has("k"):
        return _error("option 'k' is not stood in for in the lab")
    if options.has("h") or options.has("p"):
        usage = "usage: zmlocalconfig [options] [args]"
        print(usage if options.has("h") else options.path)
        return 0
    config = _load(options)
    if options.has("e") or options.has("u"):
        return _change(options, config)
    if options.has("l"):
        return _reload(config)
    if options.has("i"):
        print_descriptions(sys.stdout, _names(options, config))
        return 0
    return _show(options, config)


def main(argv: Sequence[str]) -> int:
    """Run zmlocalconfig."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        return run(read_options(argv))
    except OptionError as error:
        return _error(str(error))
    except ParseError:
        print("Warning: local config file is not well formed", file=sys.stderr)
        traceback.print_exc()
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
