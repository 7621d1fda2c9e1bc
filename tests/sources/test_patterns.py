"""Patterns of files, as a shell and glob(3) read them."""

import pytest

from zmward.sources.source import matches


@pytest.mark.parametrize(
    ("path", "pattern", "held"),
    [
        ("/opt/zimbra/log/audit.log", "/opt/zimbra/log/*.log", True),
        ("/opt/zimbra/log/audit.log", "/opt/*/log/audit.log", True),
        ("/opt/zimbra/log/audit.log", "/opt/zimbra/*.log", False),
        ("/opt/zimbra/log/audit.log", "*.log", False),
        ("/opt/zimbra/log/audit.log", "log/audit.log", False),
        ("/opt/zimbra/log/audit.log", "", False),
    ],
)
def test_no_star_goes_past_a_folder(path: str, pattern: str, *, held: bool) -> None:
    assert matches(path, pattern) is held
