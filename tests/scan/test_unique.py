"""Which addresses name one machine in the world."""

import pytest

from zmward.scan.unique import unique


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("203.0.113.10", True),
        ("100.63.255.255", True),
        ("100.128.0.1", True),
        ("172.32.0.1", True),
        ("2001:db8::10", True),
        ("::ffff:203.0.113.10", True),
        ("10.255.0.1", False),
        ("172.17.0.1", False),
        ("192.168.1.10", False),
        ("100.64.0.1", False),
        ("192.0.0.2", False),
        ("169.254.3.4", False),
        ("127.0.0.1", False),
        ("fd12::1", False),
        ("fe80::1", False),
        ("fe80::1%eth0", False),
        ("::1", False),
        ("::ffff:10.0.0.1", False),
        ("mail.example.test", False),
        ("", False),
    ],
)
def test_an_address_is_of_one_machine_or_of_many(
    address: str,
    expected: bool,  # noqa: FBT001  # a row of the table
) -> None:
    assert unique(address) is expected
