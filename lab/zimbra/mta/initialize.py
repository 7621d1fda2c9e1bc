"""zmmtainit of the lab: Postfix' LDAP tables, directories and alias database."""

import shutil
import subprocess
import tomllib
from collections.abc import Mapping
from pathlib import Path

from ..configd.local import local_values  # noqa: TID252 -- two names for one package
from ..configd.writer import HOME, Writer  # noqa: TID252 -- the same

ROWS = Path(__file__).with_name("maps.toml")
MODE = 0o640
LONGEST = 60
BIND = "uid=zmpostfix,cn=appaccts,cn=zimbra"
# Files that attributes may name: empty ones keep Postfix from stopping.
LOOKUP_TABLES = ("slm-exceptions-db", "postfix_reject_sender", "postfix_blacklist")
MORE_TABLES = ("postfix_recipient_access", "postfix_rbl_override")


def table(row: Mapping[str, str], local: Mapping[str, str]) -> str:
    """Return the text of one LDAP table."""
    tls = "yes" if local.get("ldap_starttls_supported") == "1" else "no"
    lines = {
        "server_host": local["ldap_url"],
        "server_port": local.get("ldap_port") or "389",
        "search_base": "",
        "query_filter": row["filter"],
        "result_attribute": row["result"],
        **({"result_format": row["format"]} if "format" in row else {}),
        "version": "3",
        "start_tls": tls,
        "tls_ca_cert_dir": "/opt/zimbra/conf/ca",
        "bind": "yes",
        "bind_dn": BIND,
        "bind_pw": local["ldap_postfix_password"],
        "timeout": "30",
    }
    return "".join(f"{name} = {value}\n" for name, value in lines.items())


def write_tables(writer: Writer, local: Mapping[str, str]) -> None:
    """Write every ldap-NAME.cf, readable by Postfix' group only."""
    for name, row in tomllib.loads(ROWS.read_text()).items():
        path = writer.write(f"conf/ldap-{name}.cf", table(row, local), MODE)
        if writer.owner is not None:
            shutil.chown(path, writer.owner, "postfix")


def _own_directories(home: Path) -> None:
    spool, state = home / "data/postfix/spool", home / "data/postfix/data"
    for path in (spool, spool / "pid", state):
        path.mkdir(parents=True, exist_ok=True)
    for path in (home / "data/postfix", spool, spool / "pid"):
        shutil.chown(path, "root", "root")
    shutil.chown(state, "postfix", "postfix")


def _index(home: Path) -> None:
    for name in (*LOOKUP_TABLES, *MORE_TABLES):
        source = home / "conf" / name
        if source.with_name(f"{name}.lmdb").exists():
            continue
        source.touch()
        _run([str(home / "common/sbin/postmap"), f"lmdb:{source}"])
        for path in (source, source.with_name(f"{name}.lmdb")):
            shutil.chown(path, "zimbra", "zimbra")
    if not Path("/etc/aliases.lmdb").exists():
        _run([str(home / "common/sbin/postalias"), "lmdb:/etc/aliases"])


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=LONGEST)


def main() -> int:
    """Prepare what Postfix needs before it starts."""
    write_tables(Writer(HOME), local_values())
    _own_directories(HOME)
    _index(HOME)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
