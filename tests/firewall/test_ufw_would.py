"""What ufw would load from its files is what the real ufw loads from them."""

from pathlib import Path

import pytest

from tests.firewall.test_render_tools import needs
from tests.firewall.test_ufw_tools import OTHERS, Host
from zmward.firewall import iptables
from zmward.firewall.live import Entrants, Live
from zmward.firewall.loaded import Loaded, joined
from zmward.firewall.openings import FAMILIES
from zmward.firewall.rules import Ruleset
from zmward.firewall.ufw_would import would_load
from zmward.sources.firewallfiles import FirewallFiles
from zmward.sources.source import Unreadable

GIVEN = """
ufw allow 25,443/tcp
ufw limit 22/tcp
ufw insert 1 deny from 203.0.113.0/24
ufw allow from 192.168.1.0/24
ufw route allow to 10.0.0.1 port 80 proto tcp
"""
PORTS = (21, 22, 25, 53, 113, 137, 443, 445, 5353, 7071, 60_000)
SHIPPED = Path("/usr/share/ufw/iptables")


def files_of(folder: Path) -> FirewallFiles:
    found = {f"/etc/ufw/{p.name}": p for p in (folder / "ufw").glob("*.rules")}
    found["/etc/default/ufw"] = folder / "default/ufw"
    texts = {path: file.read_text("utf-8") for path, file in found.items()}
    return FirewallFiles(texts)


def asked(found: Ruleset) -> dict[tuple[str, int, int], Entrants]:
    live = Live(Loaded(found))
    return {
        (family, protocol, port): live.reached(protocol, port, family)
        for family in FAMILIES
        for protocol in (6, 17)
        for port in PORTS
    }


@pytest.mark.parametrize("policy", ["DROP", "REJECT", "ACCEPT"])
@pytest.mark.parametrize("ipv6", ["yes", "no"])
def test_the_same_packets_come_in(tmp_path: Path, policy: str, ipv6: str) -> None:
    needs("ufw", "iptables-nft")
    host = Host(tmp_path)
    for name in ("after.rules", "after6.rules"):
        (tmp_path / "ufw" / name).write_text((SHIPPED / name).read_text("utf-8"))
    text = (OTHERS + GIVEN).strip().replace("\n", ";").replace(";;", ";")
    host.run(f"{{ {text}; }} >&2")
    host.set("default/ufw", 'POLICY="DROP"', f'POLICY="{policy}"')
    host.set("default/ufw", "IPV6=yes", f"IPV6={ipv6}")
    saved = host.run("saved")
    kernel = joined(
        iptables.parse(one, family) for one, family in zip(saved, FAMILIES, strict=True)
    )
    known = asked(kernel)
    told = asked(would_load(files_of(tmp_path)))
    assert {key: (one.accepted, one.unknown) for key, one in told.items()} == {
        key: (one.accepted, one.unknown) for key, one in known.items()
    }
    # Neither is empty, neither is everything.
    assert known["ipv4", 6, 22].accepted
    assert policy == "ACCEPT" or not known["ipv4", 17, 7071].accepted.count() > 256


FRAME = "*filter\n:ufw{}-{}-input - [0:0]\n{}COMMIT\n"


def plain(**changed: str) -> FirewallFiles:
    """Return small files of ufw's; `before`, `policy` and so on change one."""
    policy = changed.pop("policy", "DROP")
    found = {"/etc/default/ufw": f"DEFAULT_INPUT_POLICY={policy}\nIPV6=yes\n"}
    for digit in ("", "6"):
        for name in ("before", "after", "user"):
            text = FRAME.format(digit, name, "")
            path = f"/etc/ufw/{name}{digit}.rules"
            found[path] = changed.pop(f"{name}{digit}", text)
    assert not changed
    return FirewallFiles({path: text for path, text in found.items() if text})


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (plain(after=""), "after.rules was not seen"),
        (plain(user6=""), "user6.rules was not seen"),
        (plain(policy="MAYBE"), "DEFAULT_INPUT_POLICY"),
        (
            plain(before="*filter\n-I ufw-before-input 2 -j ACCEPT\nCOMMIT\n"),
            "no place 2",
        ),
        (plain(user="*filter\n-A nobody -j ACCEPT\nCOMMIT\n"), "no chain 'nobody'"),
        (plain(user="*filter\n-D ufw-user-input 1\nCOMMIT\n"), "not understood"),
        (plain(user=f"*filter\n-I a {'9' * 5000} -j DROP\nCOMMIT\n"), "line 2"),
        (plain(user="*filter\n-A\nCOMMIT\n"), "line 2"),
        (plain(user="*filter\n:ufw-user-input - [0:0]\n"), "no COMMIT"),
    ],
)
def test_what_is_not_understood_is_named(files: FirewallFiles, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        would_load(files)


def test_rules_before_others_are_met_first() -> None:
    deny = "-A ufw-before-input -p tcp --dport 22 -j DROP\n"
    allow = "-A ufw-user-input -p tcp --dport 22 -j ACCEPT\n"
    files = plain(
        before=FRAME.format("", "before", deny), user=FRAME.format("", "user", allow)
    )
    assert not asked(would_load(files))["ipv4", 6, 22].accepted
    files = plain(user=FRAME.format("", "user", allow))
    assert asked(would_load(files))["ipv4", 6, 22].accepted


def test_an_inserted_rule_is_met_before_the_others() -> None:
    rule = "ufw-user-input -p tcp --dport 22 -j"
    text = f"-A {rule} ACCEPT\n-I {rule} DROP\n"
    files = plain(user=FRAME.format("", "user", text))
    assert not asked(would_load(files))["ipv4", 6, 22].accepted
    text = f"-A {rule} ACCEPT\n-I ufw-user-input 2 -p tcp --dport 22 -j DROP\n"
    files = plain(user=FRAME.format("", "user", text))
    assert asked(would_load(files))["ipv4", 6, 22].accepted


def test_other_tables_of_before_rules_count() -> None:
    nat = (
        "*nat\n:PREROUTING ACCEPT [0:0]\n"
        "-A PREROUTING -p tcp --dport 443 -j REDIRECT --to-ports 7071\nCOMMIT\n"
    )
    allow = "-A ufw-user-input -p tcp --dport 7071 -j ACCEPT\n"
    files = plain(
        before=nat + FRAME.format("", "before", ""),
        user=FRAME.format("", "user", allow),
    )
    tables = {table for table, _ in would_load(files).chains}
    assert tables == {"ip filter", "ip nat", "ip6 filter"}
