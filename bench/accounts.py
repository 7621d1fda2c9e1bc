"""All account-level controls on 100,000 accounts, against one plain ldapsearch."""

import json
import re
import subprocess

from lab.node import Lab
from lab.product import install

from bench.directory import accounts
from bench.measure import Result, medians, peak, seconds
from zmward.controls.registry import controls
from zmward.engine.script import collector
from zmward.sources.accounts import ACCOUNTS
from zmward.sources.source import Search

NUMBER = 100_000
RUNS = 5
ANY = (0, 1, 3)
RATIO = 1.5
MEMORY = 150 * 2**20
SLAPADD = "/usr/sbin/slapadd"


def _fill(lab: Lab) -> None:
    lab.run("mail", ["systemctl", "stop", "zimbra-ldap"])
    argv = ["slapadd", "-q", "-F", "/opt/zimbra/data/ldap/config", "-n", "2"]
    loader = subprocess.Popen(lab.argv("mail", argv), stdin=subprocess.PIPE, text=True)
    if loader.stdin is None:
        raise RuntimeError("slapadd takes no input")
    for entry in accounts(NUMBER):
        loader.stdin.write(entry + "\n")
    loader.stdin.close()
    if loader.wait():
        raise RuntimeError("slapadd refused the accounts")
    owner = ["chown", "-R", "zimbra:zimbra", "/opt/zimbra/data/ldap"]
    lab.run("mail", owner)
    lab.run("mail", ["systemctl", "start", "zimbra-ldap"], timeout=120)


def _union() -> tuple[str, ...]:
    """Return the attributes that the account-level question asks for."""
    if isinstance(ACCOUNTS.question, Search):
        return ACCOUNTS.question.attributes
    script = collector((ACCOUNTS,), "0")
    return tuple(dict.fromkeys(re.findall(r"\bzimbra[A-Z]\w+", script)))


def _plain(lab: Lab) -> list[str]:
    """Return one plain search for all accounts with the union of the attributes."""
    key = ["/opt/zimbra/bin/zmlocalconfig", "-s", "-m", "nokey"]
    url = lab.run("mail", [*key, "ldap_url"]).stdout.strip()
    secret = lab.run("mail", [*key, "zimbra_ldap_password"]).stdout.strip()
    lab.run("mail", ["sh", "-c", "umask 077; cat > /root/secret"], given=secret)
    search = ["/opt/zimbra/common/bin/ldapsearch", "-LLL", "-x", "-o", "ldif-wrap=no"]
    who = ["-H", url, "-D", "uid=zimbra,cn=admins,cn=zimbra", "-y", "/root/secret"]
    return lab.argv("mail", [*search, *who, "(objectClass=zimbraAccount)", *_union()])


def _matched(lab: Lab, program: str) -> int:
    """Return how many accounts the audit's question met."""
    argv = [program, "collect", "--quiet"]
    answers = json.loads(lab.run("mail", argv, timeout=300).stdout)["answers"]
    return ACCOUNTS.parse(answers["directory"][ACCOUNTS.name]["text"]).matched


def measure() -> list[Result]:
    """Boot a node, fill its directory, measure."""
    only = ",".join(c.id for c in controls().values() if ACCOUNTS.name in c.check.needs)
    lab = Lab("bench-accounts", "default")
    lab.up()
    try:
        _fill(lab)
        program = install(lab)
        audit = [program, "audit", "--quiet", "--only", only]
        whole = lab.argv("mail", audit)
        plain = _plain(lab)
        seconds(whole, ANY)
        own, bare = medians(RUNS, lambda: seconds(whole, ANY), lambda: seconds(plain))
        most = peak(whole)
        matched = _matched(lab, program)
    finally:
        lab.down()
    count = len(only.split(","))
    return [
        Result(
            f"{count} account-level controls on {NUMBER:,} accounts",
            f"{own:.2f} s against {bare:.2f} s of one ldapsearch: {own / bare:.2f} x; "
            f"{matched:,} entries met",
            "≤ 1.5 x",
            own / bare <= RATIO,
        ),
        Result(
            "their memory, children included",
            f"{most / 2**20:.0f} MB at the peak",
            "≤ 150 MB",
            most <= MEMORY,
        ),
    ]
