"""What zmcontrol prints, in the forms that were seen, and what is none of them."""

import pytest

from zmward.sources.source import Unreadable
from zmward.sources.zmcontrol import Release, parse


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "8.8.15.GA.3869.UBUNTU18.64 UBUNTU18_64 FOSS edition.",
            ("8.8.15.GA.3869.UBUNTU18.64", "3869", "UBUNTU18_64", "FOSS", ""),
        ),
        (
            "8.8.15_GA_3869.RHEL7_64_2019091 RHEL7_64 FOSS edition, Patch 8.8.15_P45.",
            (
                *("8.8.15_GA_3869.RHEL7_64_2019091", "3869", "RHEL7_64"),
                *("FOSS", "8.8.15_P45"),
            ),
        ),
        (
            "9.0.0.GA.4178.UBUNTU20.64 UBUNTU20_64 NETWORK edition, Patch 9.0.0_P41.",
            (
                *("9.0.0.GA.4178.UBUNTU20.64", "4178", "UBUNTU20_64"),
                *("NETWORK", "9.0.0_P41"),
            ),
        ),
        (
            "10.0.8.GA.4518.UBUNTU20_64 FOSS edition.",
            ("10.0.8.GA.4518.UBUNTU20_64", "4518", "UBUNTU20_64", "FOSS", ""),
        ),
        (
            "10.1.3.GA.4655.RHEL8_64.20240714123456 NETWORK edition.",
            (
                *("10.1.3.GA.4655.RHEL8_64.20240714123456", "4655", "RHEL8_64"),
                *("NETWORK", ""),
            ),
        ),
        (
            "10.1.18_GA_4890 NETWORK edition, Patch 10.1.18_P4.",
            ("10.1.18_GA_4890", "4890", "", "NETWORK", "10.1.18_P4"),
        ),
        (
            "8.8.15.GA.3869.UBUNTU18.64 FOSS edition, Patch 8.8.15_P3 proxy.",
            (
                *("8.8.15.GA.3869.UBUNTU18.64", "3869", "UBUNTU18_64"),
                *("FOSS", "8.8.15_P3"),
            ),
        ),
        ("8.0.2.beta", ("8.0.2.beta", "", "", "", "")),
    ],
)
def test_every_form_is_read(line: str, expected: tuple[str, ...]) -> None:
    assert parse(f"Release {line}\n") == Release(*expected)


def test_an_appliance_names_its_build_on_a_line_of_its_own() -> None:
    text = "ZCA Release 8.0.2.1\nZCS Build 8.0.2.GA.5569.UBUNTU10.64 NETWORK edition.\n"
    assert parse(text).package == "8.0.2.GA.5569.UBUNTU10.64"


def test_blank_lines_and_warnings_around_it_do_not_count() -> None:
    text = "perl: warning: Setting locale failed.\n\n\nRelease 10.1.0.GA.4655\n\n"
    assert parse(text).build == "4655"


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "Run as the zimbra user!\n",
        "Release\n",
        "Release unknown UBUNTU22_64 FOSS edition.\n",
        "Release 10.1.0.GA.4655\nRelease 10.1.21.GA.4655\n",
        "Release 10.1.0\x1b[31m.GA FOSS edition.\n",
        "Release 10.1.0.GA.4655 FOSS edition, Patch <script>.\n",
        f"Release 10.1.{'9' * 5000} FOSS edition.\n",
        f"Release 10.1.21.{'a' * 5000} FOSS edition.\n",
        "Release \u0661\u0660.1.21 FOSS edition.\n",
        "it says Release 10.1.21.GA.4655 FOSS edition.\n",
    ],
)
def test_what_names_no_release_is_refused(answer: str) -> None:
    with pytest.raises(Unreadable):
        parse(answer)
