"""The real ufw: what zmward loads without its files is what ufw loads from them."""

import shlex
import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.firewall.test_render import SITE, STORE
from tests.firewall.test_render_tools import POLICIES, agrees, inside, needs
from tests.firewall.test_render_tools import pytestmark as pytestmark  # noqa: PLC0414
from tests.firewall.test_ufw_rules import RUN, rules
from zmward.doors.packet_filter import program
from zmward.firewall import iptables as reader
from zmward.firewall.openings import FAMILIES, Policy
from zmward.firewall.own_rules import PARTS, Listing, essence, frames, marked
from zmward.firewall.render_ufw import ufw
from zmward.ruleset import Rules

OTHERS = """
ufw limit from 192.0.2.66 to any port 22 proto tcp comment 'it is "mine"'
ufw deny from 198.51.100.9
ufw allow out 53
ufw reject log 113/tcp
"""


class Host:
    """A ufw of its own: its files in a folder, its rules in a new kernel each time."""

    def __init__(self, folder: Path, kind: str = "nft") -> None:
        self.folder = folder
        self.kind = kind
        shutil.copytree("/etc/ufw", folder / "ufw")
        shutil.copytree("/etc/default", folder / "default")
        for name in ("user.rules", "user6.rules", "before.rules", "before6.rules"):
            shutil.copy(f"/usr/share/ufw/iptables/{name}", folder / "ufw" / name)
        self.set("ufw/ufw.conf", "ENABLED=no", "ENABLED=yes")
        self.set("default/ufw", "IPV6=no", "IPV6=yes")
        (folder / "program").write_text(program(), "utf-8")

    def set(self, name: str, old: str, new: str) -> None:
        path = self.folder / name
        path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")

    def given(self, name: str, found: Rules) -> str:
        """Write texts into a file; return its name."""
        path = self.folder / name
        path.write_text(frames(found.backend, found.texts), "utf-8")
        return shlex.quote(str(path))

    def run(self, script: str) -> list[str]:
        """Run a script where ufw is as it is after a boot; part what it prints."""
        where = shlex.quote(str(self.folder))
        functions = f"""
            rules() {{ sh {where}/program "$@"; }}
            proved() {{ unshare --net --mount -- sh {where}/program prove ufw; }}
            part() {{ echo =====; }}
            saved() {{ iptables-save -t filter; part; ip6tables-save -t filter; }}
            mount --bind {where}/ufw /etc/ufw
            mount --bind {where}/default /etc/default
            mount --bind /usr/sbin/xtables-{self.kind}-multi /usr/sbin/xtables-nft-multi
            ip link set lo up
            /lib/ufw/ufw-init start >&2 || :
        """
        return inside(functions + script).split("=====\n")

    def files(self) -> dict[str, bytes]:
        """Return what ufw has on its disk."""
        found = [*(self.folder / "ufw").rglob("*"), self.folder / "default/ufw"]
        return {str(p): p.read_bytes() for p in found if p.is_file()}


@pytest.fixture(params=["nft", pytest.param("legacy", marks=pytest.mark.proof)])
def host(tmp_path: Path, request: pytest.FixtureRequest) -> Host:
    needs("ufw", f"iptables-{request.param}")
    made = Host(tmp_path, request.param)
    said = {"nft": "nf_tables", "legacy": "legacy"}[request.param]
    assert f"({said})" in made.run("iptables --version")[0]
    made.run(f"{{ {OTHERS.strip().replace(chr(10), ';')}; }} >&2")
    return made


def bare(saved: str) -> list[str]:
    return [line for line in saved.splitlines() if not line.startswith("#")]


@POLICIES
def test_it_lets_in_what_the_policy_says(host: Host, found: Policy) -> None:
    alone = Host(host.folder / "alone", host.kind)
    four, six = alone.run(f"rules put ufw <{alone.given('given', rules(found))}; saved")
    for family, saved in zip(FAMILIES, (four, six), strict=True):
        agrees(found, family, reader.parse(saved, family))


def test_others_stay_and_a_second_load_changes_nothing(host: Host) -> None:
    given = host.given("given", marked(rules(SITE), RUN))
    before = host.files()
    chain = "iptables -N f2b-sshd; iptables -I INPUT -j f2b-sshd; "
    docker = "iptables -N DOCKER-USER; iptables -I FORWARD -j DOCKER-USER; "
    parts = host.run(
        f"{chain}{docker} saved; part; rules put ufw <{given}; saved; part;"
        f"rules put ufw <{given}; saved; part; rules mine ufw {RUN}; rules list ufw;"
        "part; rules take ufw; saved; part; ! rules mine ufw other"
    )
    zero, once, twice, out = parts[0:2], parts[2:4], parts[4:6], parts[7:9]
    for first, second, third, last in zip(zero, once, twice, out, strict=True):
        assert bare(second) == bare(third)
        assert bare(first) == bare(last)
        own = [line for line in bare(second) if "zmward" in line]
        assert own
        assert [line for line in bare(second) if line not in own] == bare(first)
    listing = Listing.read("ufw", parts[6])
    assert listing is not None
    assert all(listing.texts[1:])
    assert host.files() == before


def test_what_is_kept_is_what_was_loaded_and_is_given_back(host: Host) -> None:
    found = marked(rules(SITE), RUN)
    given = host.given("given", found)
    keep = host.folder / "kept"
    texts = keep / RUN
    texts.mkdir(parents=True)
    for part, text in zip(PARTS["ufw"], found.texts, strict=True):
        (texts / part).write_text(text, "utf-8")
    was = host.files()
    call = f"sh -c \"$(sed '/^verb=/,$d' {host.folder}/program)"
    where = f"{texts} {keep}/ufw-{RUN}"
    host.run(f"proved <{given} >&2")
    assert host.files() == was
    loaded, booted, added = host.run(
        f"rules put ufw <{given}; rules list ufw; part; "
        f'{call}\nufw_keep {where}"; {call}\nufw_keep {where}";'
        "/lib/ufw/ufw-init force-reload >&2; rules list ufw; part; ufw show added"
    )
    assert loaded == booted
    for line in OTHERS.strip().splitlines():
        assert line.partition(" comment")[0] in added
    now = host.files()
    assert now != was
    # The same entries as ufw writes for its own commands.
    assert now == _rewritten(host)
    host.run(f'{call}\nufw_forget {keep}/ufw-{RUN}"')
    assert host.files() == was
    assert not (keep / f"ufw-{RUN}").exists()


def _rewritten(host: Host) -> dict[str, bytes]:
    """Return the files once ufw has read and written them itself."""
    host.run("{ ufw allow 9; ufw delete allow 9; } >&2")
    return host.files()


def test_what_others_change_meanwhile_stays_changed(host: Host) -> None:
    found = marked(rules(SITE), RUN)
    keep = host.folder / "kept"
    texts = keep / RUN
    texts.mkdir(parents=True)
    for part, text in zip(PARTS["ufw"], found.texts, strict=True):
        (texts / part).write_text(text, "utf-8")
    call = f"sh -c \"$(sed '/^verb=/,$d' {host.folder}/program)"
    host.run(f'{call}\nufw_keep {texts} {keep}/ufw-{RUN}"')
    host.run("{ ufw insert 1 deny from 203.0.113.7; ufw deny 8080; } >&2")
    (told,) = host.run(f'{call}\nufw_forget {keep}/ufw-{RUN}"')
    assert told.splitlines() == [
        f"only ours are taken back, changed by another hand since: /etc/ufw/{name}"
        for name in ("user.rules", "user6.rules")
    ]
    left = host.files()
    assert not [path for path, text in left.items() if b"zmward-" in text]
    added = host.run("ufw show added")[0]
    assert "ufw deny from 203.0.113.7" in added
    assert "ufw deny 8080" in added
    assert "192.0.2.66" in added


@pytest.mark.parametrize("settings", ["IPV6=no", 'DEFAULT_INPUT_POLICY="ACCEPT"'])
def test_a_ufw_that_is_open_or_half_is_closed_and_whole(
    tmp_path: Path, settings: str
) -> None:
    needs("ufw")
    host = Host(tmp_path)
    old = {"I": "IPV6=yes", "D": 'DEFAULT_INPUT_POLICY="DROP"'}[settings[0]]
    host.set("default/ufw", old, settings)
    given = host.given("given", rules(SITE))
    parts = host.run(
        f"saved; part; proved <{given} >&2; rules put ufw <{given}; saved;"
        "part; rules take ufw; saved"
    )
    for family, saved in zip(FAMILIES, parts[2:4], strict=True):
        agrees(SITE, family, reader.parse(saved, family))
    assert [bare(text) for text in parts[4:6]] == [bare(text) for text in parts[0:2]]


def test_files_that_ufw_cannot_have_written_are_refused(host: Host) -> None:
    given = host.given("given", rules(STORE))
    for name, old, new in (
        ("ufw/before.rules", "*filter", "*filter-not"),
        ("ufw/user.rules", "### RULES ###", ""),
    ):
        whole = (host.folder / name).read_text("utf-8")
        host.set(name, old, new)
        done = host.run(f"proved <{given} && echo fine || echo refused")
        assert done[0].endswith("refused\n")
        (host.folder / name).write_text(whole, "utf-8")
    assert "refused" not in host.run(f"proved <{given}")[0]
    broken = replace(
        rules(STORE), texts=("", "-A ufw-before-input -j pigs\n", "", "", "")
    )
    (told,) = host.run(
        f"rules put ufw <{host.given('broken', broken)} || iptables-save | grep -c zmward || :"
    )
    assert told == "0\n"


def test_the_commands_for_hand_are_understood_too(host: Host) -> None:
    """Rules that somebody has given ufw by hand are his, but those on our profiles."""
    wanted = ufw(SITE)
    (host.folder / "ufw/applications.d/zmward").write_text(wanted.applications, "utf-8")
    commands = "; ".join(
        shlex.join(argv) for argv in wanted.commands if argv[1] in ("allow", "app")
    )
    given = host.given("given", rules(SITE))
    loaded, booted, added = host.run(
        f"{{ {commands}; }} >&2; rules put ufw <{given}; rules list ufw; part;"
        f"rules put ufw <{given}; rules list ufw; part; ufw show added"
    )
    assert loaded == booted
    one = Listing.read("ufw", loaded)
    (alone,) = Host(host.folder / "alone", host.kind).run(
        f"rules put ufw <{given}; rules list ufw"
    )
    two = Listing.read("ufw", alone)
    assert one is not None
    assert two is not None
    assert essence(one) == essence(two)
    assert "10.1.0.0/24 to any port 22" in added
