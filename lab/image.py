"""The image of a node: Debian's packages, and Zimbra's shape above them."""

import hashlib
import shutil
from pathlib import Path

from lab import debs, ownership, programs
from lab.layers import REPOSITORY, Layer, digest, ensure
from lab.process import run, within

LAB = REPOSITORY / "lab"
CATALOG = REPOSITORY / "src" / "zmward" / "catalog"
INSIDE = "opt/zimbra/lab"
SUITE = "bookworm"
# Debian's own services that run from Zimbra's units and configuration instead.
REPLACED = ("slapd", "postfix", "nginx", "memcached", "unbound", "saslauthd")
# Units that make no sense in a container, and periodic work that would disturb tests.
UNWANTED = (
    *("e2scrub_reap.service", "systemd-pstore.service", "getty@tty1.service"),
    *("e2scrub_all.timer", "fstrim.timer", "apt-daily.timer", "lynis.timer"),
    *("apt-daily-upgrade.timer", "unbound-resolvconf.service"),
)
TOP_INPUTS = (
    *("rootfs", "zimbra", "tree", "ownership.toml", "packages.toml"),
    *("image.py", "debs.py", "ownership.py", "programs.py"),
)
USERS = (
    ("zimbra", "1001", "/opt/zimbra", "/bin/bash"),
    ("syslog", "114", "/home/syslog", "/usr/sbin/nologin"),
)


def packages() -> list[str]:
    """Return the Debian packages of a node."""
    return (LAB / "node-packages.txt").read_text().split()


def base_layer() -> Layer:
    """Return the layer of Debian's packages, without building it."""
    return Layer("base", digest([], SUITE, *packages()))


def top_layer() -> Layer:
    """Return the layer of Zimbra's shape, without building it."""
    inputs = [
        *(LAB / name for name in TOP_INPUTS),
        CATALOG / "attributes.json",
        CATALOG / "localconfig.json",
    ]
    base = base_layer()
    return Layer("top", digest(inputs, base.digest), base)


def ensure_image() -> Layer:
    """Return the built image."""
    ensure(base_layer(), _fill_base)
    return ensure(top_layer(), _fill_top)


def _fill_base(tree: Path) -> None:
    include = ",".join(packages())
    print("lab: mmdebstrap, about a minute", flush=True)
    # mmdebstrap keeps services from starting by its own policy-rc.d, and removes it.
    run(
        ["mmdebstrap", "--variant=minbase", f"--include={include}", SUITE, str(tree)],
        timeout=1800,
    )


def _fill_top(root: Path) -> None:
    copy_tree(LAB / "rootfs", root)
    _own_release(root)
    _add_users(root)
    _add_stand_ins(root)
    print("lab: packages of Zimbra", flush=True)
    debs.install(root, debs.versions(debs.NEWEST))
    _set_units(root)
    programs.copy_programs(root)
    ownership.apply(root, LAB / "ownership.toml")


def _own_release(root: Path) -> None:
    """Make base-files vouch for the os-release that the node presents."""
    name = "usr/lib/os-release"
    sums = root / "var/lib/dpkg/info/base-files.md5sums"
    rows = [row for row in sums.read_text().splitlines() if not row.endswith(name)]
    content = hashlib.md5((root / name).read_bytes(), usedforsecurity=False)
    sums.write_text("\n".join([*rows, f"{content.hexdigest()}  {name}", ""]))


def copy_tree(source: Path, target: Path) -> None:
    """Copy files over a tree as root's, with only the executable bit from git."""
    for path in sorted(source.rglob("*")):
        place = target / path.relative_to(source)
        if path.is_symlink():
            place.parent.mkdir(parents=True, exist_ok=True)
            place.unlink(missing_ok=True)
            place.symlink_to(path.readlink())
        elif path.is_dir():
            place.mkdir(parents=True, exist_ok=True)
        elif path.suffix != ".pyc":
            place.parent.mkdir(parents=True, exist_ok=True)
            if place.is_symlink():
                place.unlink()
            shutil.copyfile(path, place)
            place.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)


def _add_users(root: Path) -> None:
    for name, number, home, shell in USERS:
        run(within(root, ["groupadd", "--gid", number, name]))
        options = ["--uid", number, "--gid", number, "--home-dir", home]
        run(within(root, ["useradd", *options, "--shell", shell, name]))
    for group in ("postfix", "adm"):
        run(within(root, ["usermod", "--append", "--groups", group, "zimbra"]))
    run(within(root, ["usermod", "--append", "--groups", "adm", "syslog"]))
    # sshd takes a locked account ("!") for closed, even to keys; Zimbra uses "*".
    run(within(root, ["usermod", "--password", "*", "zimbra"]))


def _add_stand_ins(root: Path) -> None:
    inside = root / INSIDE
    copy_tree(LAB / "zimbra", inside / "zimbra")
    shutil.copyfile(CATALOG / "attributes.json", inside / "attributes.json")
    shutil.copyfile(CATALOG / "localconfig.json", inside / "localconfig-defaults.json")
    # User zimbra may not write there: every call of his would compile them anew.
    run(within(root, ["python3", "-m", "compileall", "-q", f"/{INSIDE}"]))


def _set_units(root: Path) -> None:
    systemctl = ["systemctl", f"--root={root}", "--quiet"]
    run([*systemctl, "disable", *(f"{name}.service" for name in REPLACED)])
    run([*systemctl, "mask", *UNWANTED])
    found = sorted((root / "etc/systemd/system").glob("zimbra*.*"))
    units = [path for path in found if path.is_file()]
    own = [path.name for path in units if "[Install]" in path.read_text()]
    if own:
        run([*systemctl, "enable", *own])
