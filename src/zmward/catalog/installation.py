"""What each place of a Zimbra server holds, as rows: the first that matches counts.

A pattern is a whole path: `*` stands for part of one name, `**` at the end for the
place itself and all below it. Classes and places are those of zmfixperms and of the
packaging scripts.
"""

import re
from enum import StrEnum
from functools import cache, lru_cache
from typing import Final

import msgspec

from zmward.i18n import mark

Z: Final = "/opt/zimbra"
WEB: Final = f"{Z}/jetty_base/webapps"
# Links to jetty_base, by which packages name its files; a folder where a server is old.
_JETTY: Final = (f"{Z}/jetty/", f"{Z}/mailboxd/")


class Class(StrEnum):
    """What a file is, and so who may change it, and when."""

    CODE = "code"
    TEMPLATE = "template"
    GENERATED = "generated"
    KEY = "key"
    ZIMLET = "zimlet"
    SYSTEM = "system"
    DATA = "data"
    FOREIGN = "foreign"


ABOUT: Final[dict[Class, str]] = {
    Class.CODE: mark("code that packages bring; nothing else changes it"),
    Class.TEMPLATE: mark("a template; packages bring it, and the site may edit it"),
    Class.GENERATED: mark("written by Zimbra itself whenever a setting changes"),
    Class.KEY: mark("a key, a certificate or a secret; it changes when it is renewed"),
    Class.ZIMLET: mark("deployed zimlets; they change when one is deployed"),
    Class.SYSTEM: mark("what the operating system runs or trusts, by root's hand"),
    Class.DATA: mark("mail, databases and logs; it is not recorded"),
    Class.FOREIGN: mark("nothing that Zimbra's packages or programs put there"),
}


class Place(msgspec.Struct, frozen=True):
    """A pattern of paths, the class of what it matches.

    `home` are endings of programs that belong there.
    """

    pattern: str
    kind: Class
    home: tuple[str, ...] = ()

    def matches(self, path: str) -> bool:
        """Say whether a path is meant."""
        return _expression(self.pattern).fullmatch(path) is not None


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    below = pattern.endswith("/**")
    bare = pattern.removesuffix("/**")
    words = "[^/]*".join(re.escape(part) for part in bare.split("*"))
    return re.compile(f"{words}(?:/.*)?" if below else words, re.DOTALL)


def _rows(kind: Class, *patterns: str, home: tuple[str, ...] = ()) -> list[Place]:
    return [Place(pattern, kind, home) for pattern in patterns]


# Hashes of passwords: with a plain digest of such a file somebody can try passwords.
SHADOWS: Final = ("/etc/shadow", "/etc/gshadow")
_READ_AT_LOGIN: Final = (
    *("bash_login", "bash_logout", "bash_aliases", "inputrc", "vimrc", "my.cnf"),
    *("netrc", "curlrc", "wgetrc"),
)
# What logs somebody in, or runs when somebody does, in a folder of their own.
_LOGINS: Final = ("authorized_keys", "authorized_keys2", "rc", "environment")
_HOMES: Final = ("/home", "/srv", "/var/lib")
# Where the looking begins. What lies below data is looked at where programs are served.
# A star stands for each real folder in the one above.
TREES: Final = (
    Z,
    f"{Z}/data/httpd/htdocs",
    f"{Z}/data/nginx/html",
    "/etc/sudoers",
    "/etc/sudoers.d",
    "/etc/crontab",
    "/etc/cron.d",
    "/etc/cron.hourly",
    "/etc/cron.daily",
    "/etc/cron.weekly",
    "/etc/cron.monthly",
    "/var/spool/cron",
    "/etc/ld.so.preload",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/security/limits.d",
    "/etc/anacrontab",
    "/var/spool/at",
    "/etc/rsyslog.d",
    "/etc/logrotate.d",
    "/etc/init.d",
    "/etc/rc.local",
    "/etc/rc.d",
    "/etc/systemd/system",
    "/etc/systemd/user",
    "/etc/systemd/system-generators",
    "/etc/systemd/user-generators",
    "/usr/local/lib/systemd",
    "/usr/lib/systemd/system",
    *(
        f"/usr/lib/systemd/system-{name}"
        for name in ("generators", "shutdown", "sleep")
    ),
    "/etc/default",
    "/etc/sysconfig",
    "/etc/modprobe.d",
    "/etc/modules-load.d",
    "/etc/tmpfiles.d",
    "/etc/binfmt.d",
    "/etc/polkit-1",
    "/etc/dbus-1",
    "/etc/sudo.conf",
    "/etc/doas.conf",
    "/etc/rsyslog.conf",
    "/etc/nsswitch.conf",
    "/usr/local/bin",
    "/usr/local/sbin",
    "/etc/udev/rules.d",
    "/etc/NetworkManager/dispatcher.d",
    "/etc/network",
    "/etc/update-motd.d",
    "/etc/apt/apt.conf.d",
    "/etc/dpkg/dpkg.cfg",
    "/etc/dpkg/dpkg.cfg.d",
    "/etc/kernel",
    "/etc/environment.d",
    "/etc/pam.d",
    "/etc/pam.conf",
    "/etc/security/pam_env.conf",
    "/etc/ssh",
    "/root/.ssh",
    *(f"/root/.{name}" for name in ("bashrc", "bash_profile", "profile")),
    *(f"/root/.{name}" for name in ("pam_environment", *_READ_AT_LOGIN)),
    "/etc/profile",
    "/etc/profile.d",
    "/etc/bash.bashrc",
    "/etc/bashrc",
    "/etc/environment",
    "/etc/passwd",
    "/etc/group",
    *SHADOWS,
    *(f"{home}/*/.ssh/{name}" for home in _HOMES for name in _LOGINS),
)

PLACES: Final[tuple[Place, ...]] = (
    *_rows(Class.CODE, f"{Z}/data/httpd/htdocs/**"),
    *_rows(Class.TEMPLATE, f"{Z}/data/nginx/html/**"),
    *_rows(
        Class.DATA,
        *(f"{Z}/{name}/**" for name in ("data", "db", "index", "store", "redolog")),
        *(f"{Z}/{name}/**" for name in ("backup", "log", "logger", "zmstat")),
        *(f"{Z}/{name}/**" for name in ("fbqueue", ".saveconfig")),
        *(f"{Z}/jetty_base/{name}/**" for name in ("logs", "temp")),
        *(f"{Z}/.{name}_history" for name in ("zmprov", "zmmailbox", "bash")),
        *(f"{Z}/.{name}" for name in ("viminfo", "lesshst", "mysql_history")),
    ),
    *_rows(Class.GENERATED, f"{Z}/.ssh/known_hosts*", "/root/.ssh/known_hosts*"),
    # Keys and trust.
    *_rows(
        Class.KEY,
        *(f"{Z}/ssl/**", f"{Z}/.ssh/**", f"{Z}/common/etc/java/cacerts"),
        *(f"{Z}/conf/*.key", f"{Z}/conf/*.crt", f"{Z}/conf/*.keystore"),
        *(f"{Z}/conf/*.pem", f"{Z}/conf/ca/**", f"{Z}/conf/domaincerts/**"),
        *(f"{Z}/jetty_base/etc/keystore", f"{Z}/conf/localconfig.xml"),
        *("/root/.ssh/**", "/etc/ssh/ssh_host_*", *SHADOWS),
        *(f"{home}/*/.ssh/**" for home in _HOMES),
    ),
    # Templates, and what the site is meant to edit.
    *_rows(
        Class.TEMPLATE,
        *(f"{Z}/conf/*.in", f"{Z}/conf/*/*.in", f"{Z}/conf/*/*/*.in"),
        *(f"{Z}/common/conf/*.in", f"{Z}/jetty_base/*/*.in", f"{WEB}/*/WEB-INF/*.in"),
        *(f"{Z}/conf/nginx/templates/**", f"{Z}/conf/nginx/templates_custom/**"),
        *(f"{Z}/conf/zmconfigd/**", f"{Z}/conf/zmconfigd.cf", f"{Z}/conf/crontabs/**"),
        *(f"{Z}/conf/swatchrc*", f"{Z}/conf/sudoers.d/**", f"{Z}/conf/rights/**"),
        *(f"{Z}/.bashrc", f"{Z}/.bash_profile", f"{Z}/.profile", f"{Z}/.ldaprc"),
        *(f"{Z}/.{name}" for name in ("exrc", "forward", "pam_environment")),
        # Read by shells and tools whenever somebody becomes zimbra.
        *(f"{Z}/.{name}" for name in _READ_AT_LOGIN),
    ),
    *_rows(Class.CODE, f"{Z}/conf/attrs/**", f"{Z}/conf/msgs/**"),
    # What zmconfigd and its programs write; the packages leave it out of their sums.
    *_rows(
        Class.GENERATED,
        *(f"{Z}/conf/**", f"{Z}/common/conf/**", f"{Z}/.install_history"),
        *(f"{WEB}/*/WEB-INF/web.xml", f"{WEB}/*/WEB-INF/jetty-env.xml"),
        *(f"{Z}/jetty_base/modules/setuid.mod", f"{Z}/jetty_base/etc/**"),
        *(f"{WEB}/zimbraAdmin/tmp/**", f"{Z}/.platform", f"{Z}/.install_time"),
        "/etc/rsyslog.d/60-zimbra.conf",
    ),
    *_rows(Class.GENERATED, f"{Z}/jetty_base/work/**", home=(".class", ".java")),
    *_rows(Class.ZIMLET, f"{Z}/zimlets-deployed/**", f"{WEB}/zimlet/**"),
    *_rows(Class.CODE, f"{Z}/jetty_base/**"),
    *_rows(
        Class.CODE,
        *(f"{Z}/{name}/**" for name in ("bin", "libexec", "contrib", "lib")),
        *(f"{Z}/{name}/**" for name in ("common", "docs", "zimlets", "jetty")),
        *(f"{Z}/{name}/**" for name in ("zimlets-network", "zimlets-admin-extra")),
        *(f"{Z}/{name}/**" for name in ("extensions-extra", "mailboxd")),
        f"{Z}/extensions-network-extra/**",
        home=(".sh", ".py", ".pl", ".pm", ".jar", ".class", ".so", ".war"),
    ),
    *_rows(Class.CODE, Z),
    *_rows(Class.FOREIGN, f"{Z}/**"),
    *_rows(Class.SYSTEM, "/**", home=(".sh",)),
)


def _beginning(pattern: str) -> str:
    """Return what all paths of a pattern begin with."""
    return pattern.removesuffix("/**").partition("*")[0]


# For each row: how its paths begin, whether it means all below, and what lies above.
_ROWS: Final = tuple(
    (
        _beginning(row.pattern),
        row.pattern.endswith("/**"),
        _expression(row.pattern.removesuffix("/**").rpartition("/")[0]),
        row,
    )
    for row in PLACES
)


@lru_cache(maxsize=1 << 16)
def _candidates(folder: str) -> tuple[Place, ...]:
    """Return the rows that something right below a folder may match, up to the last."""
    found: list[Place] = []
    inside = f"{folder}/"
    for begins, below, above, row in _ROWS:
        if not inside.startswith(begins) and not begins.startswith(inside):
            continue
        if below and row.matches(folder):
            return (*found, row)
        if above.fullmatch(folder):
            found.append(row)
    return tuple(found)


def real(path: str) -> str:
    """Return a path without the links that Zimbra itself makes for Jetty's folder."""
    for link in _JETTY:
        if path.startswith(link):
            return f"{Z}/jetty_base/{path.removeprefix(link)}"
    return path


def place_of(path: str) -> Place:
    """Return the row of an absolute path."""
    rows = _candidates(path.rpartition("/")[0])
    return next(row for row in rows if row.matches(path))


def in_tree(path: str, tree: str) -> bool:
    """Say whether a path is looked at because of a tree."""
    if "*" in tree:
        return _expression(tree).fullmatch(path) is not None
    return path == tree or path.startswith(f"{tree.rstrip('/')}/")


_DATA_FILES: Final = frozenset(
    row.pattern
    for row in PLACES
    if row.kind is Class.DATA and not row.pattern.endswith("/**")
)
_DATA_PARENTS: Final = frozenset(one.rpartition("/")[0] for one in _DATA_FILES)


def skipped(folder: str) -> bool:
    """Say whether a folder holds data that is not recorded."""
    row = place_of(folder)
    # A folder in the place of a file of data holds none.
    return row.kind is Class.DATA and row.pattern.endswith("/**")


def recorded(folder: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names in a folder that are no data."""
    if folder not in _DATA_PARENTS:
        return names
    return tuple(name for name in names if f"{folder}/{name}" not in _DATA_FILES)
