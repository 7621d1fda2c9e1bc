"""Lines of auditd's log in its own format, as kernels 5.14 and 6.x write them.

Lines of this form were recorded on hosts with auditd 3; here each holds the paths and
numbers that a test wants. `ausearch -if FILE` reads them.
"""

from pathlib import Path

from tests.integrity.site import WEB

PUBLIC = f"/{WEB}/zimbra/public"
JAVA = "/opt/zimbra/common/lib/jvm/openjdk-17/bin/java"
ENRICHED = (
    "\x1dARCH=x86_64 SYSCALL=openat AUID={auid} UID={user} GID={user} EUID={user} "
    "SUID={user} FSUID={user} EGID={user} SGID={user} FSGID={user}"
)
MOMENT = 1796112000


def coded(text: str) -> str:
    """Return a text as the kernel writes one that may be anything."""
    raw = text.encode("utf-8", "surrogateescape")
    plain = all(0x21 <= byte <= 0x7E and byte != 0x22 for byte in raw)
    return f'"{text}"' if plain else raw.hex().upper()


def call(
    number: int,
    *,
    syscall: int = 257,
    flags: str = "241",
    success: str = "yes",
    exe: str = JAVA,
    comm: str = "qtp1537772520-1",
    uid: int = 999,
    auid: int = 4294967295,
    tty: str = "(none)",
    key: str = '"zmward"',
    seconds: int = MOMENT,
    more: str = "",
) -> str:
    """Return a line SYSCALL; flags are those of openat, in hexadecimal digits."""
    ids = " ".join(
        f"{name}={uid}" for name in ("uid", "gid", "euid", "suid", "fsuid", "egid")
    )
    return (
        f"type=SYSCALL msg=audit({seconds}.{number:03}:{number}): arch=c000003e "
        f"syscall={syscall} success={success} exit=217 a0=ffffff9c a1=7f3c9c0c5b70 "
        f"a2={flags} a3=1b6 items=2 ppid=2211 pid=4711 auid={auid} {ids} sgid={uid} "
        f"fsgid={uid} tty={tty} ses=4294967295 comm={coded(comm)} exe={coded(exe)} "
        f"subj=unconfined key={key}{more}\n"
    )


def cwd(number: int, folder: str = "/opt/zimbra", seconds: int = MOMENT) -> str:
    """Return a line CWD."""
    at = f"{seconds}.{number:03}:{number}"
    return f"type=CWD msg=audit({at}): cwd={coded(folder)}\n"


def path(
    number: int,
    name: str,
    kind: str = "CREATE",
    *,
    item: int = 1,
    inode: int = 33363,
    seconds: int = MOMENT,
) -> str:
    """Return a line PATH, with the capital letters that auditd adds to it."""
    return (
        f"type=PATH msg=audit({seconds}.{number:03}:{number}): item={item} "
        f"name={coded(name)} inode={inode} dev=fd:00 mode=0100640 ouid=999 ogid=999 "
        f"rdev=00:00 nametype={kind} cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 "
        'cap_frootid=0\x1dOUID="zimbra" OGID="zimbra"\n'
    )


def created(number: int, name: str, **more: object) -> str:
    """Return the event of a file that is written for the first time."""
    folder = name.rpartition("/")[0]
    title = "6A6176610000"
    return (
        call(number, **more)  # type: ignore[arg-type]  # as call's own
        + cwd(number)
        + path(number, f"{folder}/", "PARENT", item=0, inode=18)
        + path(number, name)
        + f"type=PROCTITLE msg=audit({MOMENT}.{number:03}:{number}): "
        f"proctitle={title}\n"
    )


def kept(root: Path, text: str, name: str = "audit.log") -> None:
    """Put lines where auditd keeps them."""
    place = root / "var/log/audit" / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(text.encode("utf-8", "surrogateescape"))
