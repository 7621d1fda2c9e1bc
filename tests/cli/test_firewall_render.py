"""`zmward firewall render`: text for each tool, and what is never rendered."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.firewall_files import NODE, SITE, evidence, recorded, site
from zmward.cli.main import dispatch
from zmward.engine.profiles import load
from zmward.evidence import decode
from zmward.facts import Facts
from zmward.finding import moment
from zmward.firewall.minimum import minimum
from zmward.firewall.openings import Policy
from zmward.firewall.policy import policy
from zmward.firewall.render_iptables import iptables
from zmward.firewall.render_nftables import nftables
from zmward.firewall.render_ufw import ufw
from zmward.profile import Profile

REFUSED = 4
LOCKED = SITE.replace("192.0.2.64/26", "198.51.100.0/24")
Render = Callable[..., tuple[int, str, str]]


@pytest.fixture
def render(capsys: pytest.CaptureFixture[str]) -> Render:
    def render(form: str, *words: str) -> tuple[int, str, str]:
        code = dispatch(["firewall", "render", "--format", form, *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return render


@pytest.fixture
def words(tmp_path: Path) -> tuple[str, ...]:
    return "--evidence", evidence(tmp_path), "--profile", site(tmp_path)


def wanted(path: str) -> Policy:
    found = decode(json.dumps(recorded()).encode(), "sample")
    own: Profile = load(Path(path))
    return policy(Facts(found, own, moment(found.when)), NODE)


def test_each_text_is_the_one_of_its_renderer(
    render: Render, words: tuple[str, ...]
) -> None:
    own = wanted(words[-1])
    assert render("nftables", *words) == (0, nftables(own), "")
    assert render("iptables", *words) == (0, iptables(own, "ipv4"), "")
    assert render("ip6tables", *words) == (0, iptables(own, "ipv6"), "")
    assert render("nftables", "--minimum", *words)[1] == nftables(minimum(own))


def test_rules_that_ask_sets_say_so(render: Render, tmp_path: Path) -> None:
    many = ", ".join(f'"10.{n}.0.0/16"' for n in range(0, 160, 2))
    own = site(tmp_path, SITE.replace('"10.0.0.0/8"', many))
    words = ("--evidence", evidence(tmp_path), "--profile", own)
    _, text, _ = render("iptables", *words)
    assert text.startswith("# It asks sets")
    assert "--match-set zmward-clients4 src" in text
    _, sets, _ = render("ipset", *words)
    assert "create zmward-clients4 hash:net" in sets
    _, six, _ = render("ip6tables", *words)
    assert "asks sets" not in six


def test_without_sets_ipset_gets_a_comment(
    render: Render, words: tuple[str, ...]
) -> None:
    code, text, _ = render("ipset", *words)
    assert code == 0
    assert all(line.startswith("#") for line in text.splitlines())


@pytest.mark.parametrize("form", ["nftables", "iptables", "ip6tables", "ipset", "ufw"])
def test_what_may_not_be_loaded_is_not_rendered(
    render: Render, tmp_path: Path, form: str
) -> None:
    folder = tmp_path / "out"
    output = ("--output", str(folder))
    code, out, err = render(
        form, "--demo", "--profile", site(tmp_path, LOCKED), *output
    )
    assert (code, out) == (REFUSED, "")
    assert "lock-out: 192.0.2.66 works on" in err
    assert not folder.exists()


def test_despite_problems_it_is_for_reading(render: Render, tmp_path: Path) -> None:
    own = site(tmp_path, LOCKED)
    words = ("--demo", "--profile", own, "--despite-problems")
    code, text, err = render("nftables", *words)
    assert code == 0
    first, second, *_ = text.splitlines()
    assert first.startswith("# NOT FOR LOADING")
    assert second.startswith("# lock-out: 192.0.2.66")
    assert "not for loading" in err
    assert render("nftables", *words, "--quiet")[2] == ""


class TestUfw:
    def test_it_wants_a_folder(self, render: Render, words: tuple[str, ...]) -> None:
        code, out, err = render("ufw", *words)
        assert (code, out) == (2, "")
        assert "--output DIR" in err

    def test_a_folder_holds_all_that_ufw_needs(
        self, render: Render, tmp_path: Path
    ) -> None:
        place = tmp_path / "ufw"
        unseen = evidence(tmp_path, {"firewall-files": None})
        words = ("--evidence", unseen, "--profile", site(tmp_path))
        code, out, err = render("ufw", *words, "--output", str(place))
        assert (code, out) == (0, "")
        found = {
            str(path.relative_to(place)): path.read_text("utf-8")
            for path in place.rglob("*")
            if path.is_file()
        }
        own = ufw(wanted(words[-1]))
        assert sorted(found) == [
            *("applications.d/zmward", "before.rules", "before6.rules", "commands")
        ]
        assert found["applications.d/zmward"] == own.applications
        assert found["before.rules"].endswith(own.before)
        assert "was not seen" in found["before.rules"]
        assert "before.rules of mail.example.test was not seen" in err
        lines = [n for n in found["commands"].splitlines() if not n.startswith("#")]
        assert len(lines) == len(own.commands)
        assert lines[-1] == "ufw reload"
        assert lines[0].startswith("ufw allow proto tcp from 192.0.2.64/26 ")

    def test_the_hosts_own_files_are_kept_around_the_blocks(
        self, render: Render, tmp_path: Path
    ) -> None:
        before = "*filter\n:ufw-before-input - [0:0]\n-A ufw-before-input -i lo -j ACCEPT\nCOMMIT\n"
        answer = "".join(
            f"> /etc/ufw/{name}\n"
            + "".join(f" {line}\n" for line in before.splitlines())
            for name in ("before.rules", "before6.rules")
        )
        path = evidence(tmp_path, {"firewall-files": answer})
        place = tmp_path / "ufw"
        words = ("--evidence", path, "--profile", site(tmp_path))
        assert render("ufw", *words, "--output", str(place))[0] == 0
        text = (place / "before.rules").read_text("utf-8")
        head, _, rest = before.partition("-A ")
        assert text.startswith(f"{head}# BEGIN zmward\n")
        assert text.endswith(f"# END zmward\n-A {rest}")

    def test_a_file_that_is_none_of_ufws_is_refused(
        self, render: Render, tmp_path: Path
    ) -> None:
        path = evidence(tmp_path, {"firewall-files": "> /etc/ufw/before.rules\n x\n"})
        words = ("--evidence", path, "--profile", site(tmp_path))
        code, _, err = render("ufw", *words, "--output", str(tmp_path / "ufw"))
        assert code == 2  # usage
        assert "/etc/ufw" in err
        assert not (tmp_path / "ufw").exists()

    def test_ufw_without_ipv6_is_told(self, render: Render, tmp_path: Path) -> None:
        path = evidence(tmp_path, {"firewall-files": "> /etc/default/ufw\n IPV6=no\n"})
        words = ("--evidence", path, "--profile", site(tmp_path))
        _, _, err = render("ufw", *words, "--output", str(tmp_path / "ufw"))
        assert "IPV6=yes" in err


def test_the_text_goes_to_a_file_of_its_owners(
    render: Render, words: tuple[str, ...], tmp_path: Path
) -> None:
    output = tmp_path / "rules.nft"
    assert render("nftables", *words, "--output", str(output)) == (0, "", "")
    assert output.stat().st_mode & 0o777 == 0o600
    assert output.read_text("utf-8") == nftables(wanted(words[-1]))


def test_hostile_words_of_the_profile_stay_comments(
    render: Render, tmp_path: Path
) -> None:
    evil = 'why = "x\\"; flush ruleset\\n\\u001b[31m # "'
    own = site(tmp_path, SITE.replace('why = "storage"', evil))
    _, text, _ = render("nftables", "--demo", "--profile", own)
    (line,) = (one for one in text.splitlines() if "7788" in one)
    assert 'comment "' in line
    assert line.count('"') == 2  # the comment's own
    assert "\x1b" not in text
    assert not any(one.strip().startswith("flush") for one in text.splitlines())
