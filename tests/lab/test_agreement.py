"""The reach engine says of packets what the kernel does with them."""

from functools import partial

import msgspec
import pytest
from lab import agreement

from zmward.firewall import reach
from zmward.firewall.rules import Flagged, Is

pytestmark = pytest.mark.lab
# The whole proof sends more: `python -m lab.agreement 1000`.
PACKETS = 250


@pytest.mark.parametrize("name", agreement.names())
def test_a_rule_set(name: str) -> None:
    found = agreement.agree(name, PACKETS, seed=4711)
    assert not found.apart
    assert not found.lost
    assert found.packets > PACKETS // 2
    assert len(found.unknown) <= found.packets // 100


def _changed(take: object, field: str) -> object:
    """Return a mistake: matches of one field say the opposite."""

    def wrong(self: Is, probe: object) -> object:
        if self.field == field:
            opposite = Is(self.field, self.values, not self.inverted)
            return take(opposite, probe)  # type: ignore[operator]  # the true one
        return take(self, probe)  # type: ignore[operator]  # the true one

    return wrong


@pytest.mark.parametrize("field", ["source", "destination-port", "state", "protocol"])
def test_a_mistake_in_the_engine_is_caught(
    field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Is, "take", _changed(Is.take, field))
    assert agreement.agree("odd-by-hand", PACKETS, seed=4711).apart


def test_mistakes_in_flags_and_returns_are_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    true = Flagged.take
    with monkeypatch.context() as patch:
        patch.setattr(
            Flagged,
            "take",
            lambda self, probe: true(
                Flagged(self.mask, self.wanted, not self.inverted, self.any_of), probe
            ),
        )
        assert agreement.agree("flags", PACKETS, seed=4711).apart
    with monkeypatch.context() as patch:
        patch.setattr(reach, "_policy", partial(_always_in, reach._policy))
        assert agreement.agree("deep", PACKETS, seed=4711).apart


def _always_in(true: object, walk: object, chain: object, left: object) -> None:
    """Take a dropping policy for an accepting one."""
    accepting = msgspec.structs.replace(chain, policy="accept")  # type: ignore[type-var]
    true(walk, accepting, left)  # type: ignore[operator]
