"""localconfig: the file, the references, the release string and the addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lab.zimbra import access, localconfig, release, zmserverips
from lab.zimbra.localconfig import LocalConfig
from lab.zimbra.zmlocalconfig_options import OptionError, read_options

# XML has no way to write most control characters.
TEXT = st.text(st.characters(exclude_categories=("Cc", "Cs"), max_codepoint=0xFFFD))


@given(st.dictionaries(TEXT.filter(bool), TEXT))
def test_what_is_written_is_read_again(keys: dict[str, str]) -> None:
    assert localconfig.parse(localconfig.serialize(keys)) == keys


def test_references_are_followed_and_unknown_ones_kept() -> None:
    config = LocalConfig({"a": "${b}/x", "b": "${zimbra_home}", "c": "${nobody}"})
    assert config.get("a") == "/opt/zimbra/x"
    assert config.get("c") == "${nobody}"
    assert config.get("nobody") is None


def test_a_circle_of_references_ends() -> None:
    config = LocalConfig({"a": "${b}", "b": "${a}"})
    assert config.get("a") in {"${a}", "${b}"}


def test_the_file_stands_above_the_compiled_defaults() -> None:
    config = LocalConfig({"alias_login_enabled": "false", "ldap_port": ""})
    assert config.get("alias_login_enabled") == "false"
    assert config.changed() == ["alias_login_enabled"]
    assert LocalConfig({}).get("alias_login_enabled") == "true"


@pytest.mark.parametrize("argv", [["-d", "-n"], ["-r"], ["-m", "csv"], ["-Z"]])
def test_contradicting_options_are_refused(argv: list[str]) -> None:
    with pytest.raises(OptionError):
        read_options(argv)


def _history(*texts: str) -> list[str]:
    return [f"1753300000: {text}" for text in texts]


def test_the_highest_patch_since_the_last_install_counts() -> None:
    lines = _history(
        "CONFIGURED patch 10.1.19.1",
        "INSTALL SESSION START",
        "CONFIGURED patch 10.1.4.1720000000",
        "CONFIGURED mta-patch 10.1.2.1720000000",
        "CONFIGURED patch10.1.30",
    )
    assert release.highest_patch(lines) == 4
    assert release.highest_patch([]) == 0


@pytest.mark.parametrize(
    ("package", "platform", "patch", "line"),
    [
        (
            "10.0.0.GA.4518.UBUNTU20.64",
            "UBUNTU20_64",
            8,
            "Release 10.0.8.GA.4518.UBUNTU20_64 FOSS edition.",
        ),
        (
            "8.8.15.GA.3869.UBUNTU18.64",
            "UBUNTU18_64",
            0,
            "Release 8.8.15.GA.3869.UBUNTU18.64 UBUNTU18_64 FOSS edition.",
        ),
        (
            "9.0.0.GA.4178.UBUNTU20.64",
            "UBUNTU20_64",
            41,
            (
                "Release 9.0.0.GA.4178.UBUNTU20.64 UBUNTU20_64 FOSS edition, "
                "Patch 9.0.0_P41."
            ),
        ),
    ],
    ids=["10.x", "unpatched", "9.0.0"],
)
def test_the_release_line_has_its_forms(
    package: str, platform: str, patch: int, line: str
) -> None:
    assert release.release_line(package, platform, "FOSS", patch) == line


def test_addresses_are_shown_as_my_networks_takes_them() -> None:
    links = [
        {"addr_info": [{"local": "127.0.0.1", "prefixlen": 8}]},
        {"addr_info": [{"local": "192.0.2.10", "prefixlen": 24}]},
        {"addr_info": [{"local": "2001:db8:0:1::10", "prefixlen": 64}]},
        {"addr_info": [{"local": "fe80::1", "prefixlen": 64}, {}]},
    ]
    found = zmserverips.interfaces(links)
    assert [zmserverips.shown(one, networks=True) for one in found] == [
        "127.0.0.0/8",
        "192.0.2.0/24",
        "[2001:db8:0:1::]/64",
    ]
    assert zmserverips.shown(found[1], networks=False) == "192.0.2.10"


def test_opening_a_rule_can_be_taken_back() -> None:
    rule = "to attrs=cn by dn.base=x read by users read"
    wide = access.opened(rule)
    assert wide == f"{rule} by anonymous read"
    assert access.opened(wide) == wide
    assert access.closed(wide) == rule
    assert access.opened("to * by dn.base=x write") == "to * by dn.base=x write"
