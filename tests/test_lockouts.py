"""After how many failures a site shuts out, as its evidence tells."""

from typing import Any

import pytest

from tests.examples import facts_of
from zmward.control import Example, Status
from zmward.lockouts import guards
from zmward.scan.login import Guards, risk

LOCKS = {
    "zimbraPasswordLockoutEnabled": "TRUE",
    "zimbraPasswordLockoutMaxFailures": "2",
}
FILTER = "zimbraInvalidLoginFilterMaxFailedLogin"


def found(**given: Any) -> Guards:
    return guards(facts_of(Example(Status.PASS, given)))


def test_nothing_seen_is_not_known() -> None:
    assert found() == Guards()
    assert "not known" in risk(found())


@pytest.mark.parametrize(
    ("cos", "limit"),
    [
        ({"default": LOCKS}, 2),
        ({"default": LOCKS | {"zimbraPasswordLockoutEnabled": "FALSE"}}, 0),
        ({"default": {}}, 0),
        ({"default": {}, "strict": LOCKS}, 2),
        ({"default": {"zimbraPasswordLockoutEnabled": "TRUE"}}, None),
    ],
)
def test_the_strictest_class_of_service_counts(
    cos: dict[str, dict[str, str]], limit: int | None
) -> None:
    assert found(cos=cos).lockout == limit


def test_a_server_overrides_the_global_filter() -> None:
    assert found(config={FILTER: "10"}, server={}).login_filter == 10
    assert found(config={FILTER: "10"}, server={FILTER: "2"}).login_filter == 2
    assert found(config={FILTER: "0"}, server={}).login_filter == 0
    assert found(config={}, server={}).login_filter is None
