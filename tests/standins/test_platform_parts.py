"""The lab's platform, as far as it needs neither root nor a node."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from lab import debs, history, logs, outside, ownership, updates
from lab.errors import LabError
from lab.layers import digest
from lab.network import Network, lab_of
from lab.node import Lab
from lab.nodes import SINGLE


def test_a_layer_is_keyed_by_content_and_executable_bit(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("words")
    first = digest([tmp_path])
    file.chmod(0o755)
    second = digest([tmp_path])
    file.write_text("other words")
    assert len({first, second, digest([tmp_path]), digest([tmp_path], "day")}) == 4


def test_patches_move_with_the_release_and_the_base_does_not() -> None:
    found = debs.versions("10.1.20")
    assert found["zimbra-patch"] == "10.1.20.1783418035-2.u22"
    assert found["zimbra-core"] == "10.1.0.GA.4655.UBUNTU22.64"


def test_a_component_can_stay_behind() -> None:
    found = debs.versions("10.1.4", {"zimbra-mta-patch": "10.1.0"})
    assert found["zimbra-mta-patch"].startswith("10.1.0.")
    assert found["zimbra-patch"].startswith("10.1.4.")


def test_the_diary_names_each_patch_after_the_installation() -> None:
    rows = list(history.lines(1000, debs.versions("10.1.20"), [5000] * 4))
    assert rows[0] == "1000: INSTALL SESSION START"
    assert rows[1].endswith(
        "INSTALLED zimbra-core_10.1.0.GA.4655.UBUNTU22.64_amd64.deb"
    )
    assert "5003: CONFIGURED patch 10.1.20.1783418035-2" in rows
    assert "5003: CONFIGURED mta-patch 10.1.20.1783418035-2" in rows


@pytest.mark.parametrize(
    ("origin", "web", "mail"),
    [
        ("forwarded", "oip=", "oip="),
        ("mail-only", "ip=192.0.2.10;", "oip="),
        ("proxy", "ip=192.0.2.10;", "[ip=192.0.2.10;cid"),
    ],
)
def test_logs_show_the_origin_as_the_state_has_it(
    origin: str, web: str, mail: str
) -> None:
    scene = logs.Scene(datetime(2026, 11, 1, tzinfo=UTC), origin, "10.1.20_GA_4655")
    lines = list(logs.audit_log(scene))
    web_logins = [one for one in lines if "https://" in one and "cmd=Auth;" in one]
    seen = [one.split("] [")[1] for one in web_logins]
    assert all(web in context for context in seen)
    assert ("oip=" in seen[0]) == (origin == "forwarded")
    assert any(mail in one for one in lines if "ImapSSLServer" in one)


def test_no_log_line_is_younger_than_the_labs_day() -> None:
    scene = logs.Scene(datetime(2026, 11, 1, tzinfo=UTC), "proxy", "10.1.20")
    assert max(logs.mailbox_log(scene))[:10] == "2026-10-31"


def test_ownership_understands_alternatives() -> None:
    found = set(ownership.alternatives("a/{b,c}/{d,e}"))
    assert found == {"a/b/d", "a/b/e", "a/c/d", "a/c/e"}


def test_owners_follow_the_names_of_the_tree_itself(tmp_path: Path) -> None:
    table = tmp_path / "table.toml"
    table.write_text(
        'directories = ["conf"]\n[[path]]\nglob = "opt/zimbra/conf"\n'
        'owner = "me:us"\nmode = "0750"\n'
    )
    (tmp_path / "etc").mkdir()
    place = tmp_path / "etc"
    user, group = tmp_path.stat().st_uid, tmp_path.stat().st_gid
    (place / "passwd").write_text(f"me:x:{user}:{group}::/:/bin/sh\n")
    (place / "group").write_text(f"us:x:{group}:\n")
    ownership.apply(tmp_path, table)
    assert (tmp_path / "opt/zimbra/conf").stat().st_mode & 0o7777 == 0o750


def test_a_package_list_repeats_what_dpkg_knows(tmp_path: Path) -> None:
    status = tmp_path / "var/lib/dpkg/status"
    status.parent.mkdir(parents=True)
    status.write_text(
        "Package: tzdata\nStatus: install ok installed\nVersion: 1.0\n"
        "Conffiles:\n /etc/timezone 0\nDescription: zones\n\n"
        "Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n"
    )
    assert updates.stanzas(tmp_path) == {
        "tzdata": "Package: tzdata\nVersion: 1.0\nDescription: zones"
    }


def test_the_name_server_answers_for_each_kind_of_blocklist() -> None:
    text = outside.unbound_configuration(SINGLE)
    assert 'local-data: "2.0.0.127.rbl-live.example.test. A 127.0.0.2"' in text
    assert 'local-zone: "rbl-all.example.test." redirect' in text
    assert 'local-data: "rbl-refusing.example.test. A 127.255.255.254"' in text
    assert "dead.example.test. A" not in text


@pytest.mark.parametrize("name", ["", "Two Words", "../up", "a" * 41])
def test_a_lab_name_must_fit_a_namespace(name: str) -> None:
    with pytest.raises(LabError, match="use a-z, 0-9"):
        Lab(name)


def test_a_namespace_tells_its_lab_whatever_its_nodes() -> None:
    for name in ("a", "a-mail", "test-cluster-7"):
        net = Network(name)
        assert (
            lab_of(net.outside) == lab_of(net.node) == lab_of(net.space("mta")) == name
        )


def test_a_node_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(LabError, match="no node 'mail': there are ldap, mailbox, mta"):
        Lab("x", "cluster").node("mail")
