"""A run is kept only from a session that began after its last change."""

import pytest

from zmward.engine.confirm import proves


@pytest.mark.parametrize(
    ("note", "began", "expected"),
    [
        ("boot-1 100.25", 100.5, True),
        ("boot-1 100.25", 100.0, False),
        ("boot-0 900.00", 5.0, True),
        ("", 1e9, False),
        ("boot-1 soon", 1e9, False),
    ],
)
def test_only_the_time_since_the_boot_decides_no_clock(
    note: str, began: float, *, expected: bool
) -> None:
    assert proves(note, "boot-1", began) is expected
