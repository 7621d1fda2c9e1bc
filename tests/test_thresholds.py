"""A threshold that Zimbra would refuse never becomes a cure."""

import msgspec
import pytest

from zmward.profile import Profile


@pytest.mark.parametrize("name", ["session", "admin-session", "idle"])
@pytest.mark.parametrize("value", ["0", "0d", "two days", "1w", "12", "-1d", ""])
def test_a_session_that_is_no_duration_is_refused(name: str, value: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"thresholds": {name: value}}, Profile)


@pytest.mark.parametrize("value", ["2d", "12h", "30m", "90s"])
def test_a_session_is_a_duration_as_zimbra_takes_it(value: str) -> None:
    profile = msgspec.convert({"thresholds": {"session": value}}, Profile)
    assert profile.thresholds.session == value
