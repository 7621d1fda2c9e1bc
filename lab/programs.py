"""Programs that Zimbra ships itself: copies of Debian's below /opt/zimbra/common."""

import shutil
from pathlib import Path

PLACES = ("opt/zimbra/common/sbin", "opt/zimbra/common/libexec")
# Postfix complains about links that leave its directory, and these two run with
# the group of the mail queue.
SETGID = ("postdrop", "postqueue")
DEBIAN = (
    *("/usr/lib/postfix/sbin/", "/usr/sbin/post", "/usr/sbin/nginx"),
    "/usr/sbin/sendmail",
)


def copy_programs(root: Path) -> None:
    """Replace links to Debian's Postfix and nginx by copies, with their modes."""
    for place in PLACES:
        for path in sorted((root / place).iterdir()):
            if path.is_symlink() and str(path.readlink()).startswith(DEBIAN):
                _copy(root / str(path.readlink()).lstrip("/"), path)


def _copy(source: Path, path: Path) -> None:
    path.unlink()
    shutil.copy2(source, path)
    if path.name in SETGID:
        kept = source.stat()
        shutil.chown(path, kept.st_uid, kept.st_gid)
        path.chmod(0o2755)
