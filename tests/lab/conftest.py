"""Running labs for tests: one of each state for a whole session, when asked for."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from lab.errors import LabError
from lab.node import Lab


@contextmanager
def running(name: str, state: str) -> Iterator[Lab]:
    """Give a running lab, taken down afterwards; a lab that cannot start fails."""
    if os.geteuid() != 0 and os.environ.get("CI") != "true":
        pytest.skip("the lab needs root: namespaces and mounts")
    lab = Lab(name, state)
    try:
        lab.up()
    except LabError as failure:
        lab.down()
        pytest.fail(f"the lab does not start: {failure}", pytrace=False)
    try:
        yield lab
    finally:
        lab.down()


def _running(state: str) -> Iterator[Lab]:
    with running(f"test-{state}-{os.getpid()}", state) as lab:
        yield lab


@pytest.fixture(scope="session")
def lab_default() -> Iterator[Lab]:
    """Give a running lab as a normal administrator left it."""
    yield from _running("default")


@pytest.fixture(scope="session")
def lab_careless() -> Iterator[Lab]:
    """Give a running lab that nobody has looked after."""
    yield from _running("careless")


@pytest.fixture(scope="session")
def lab_hardened() -> Iterator[Lab]:
    """Give a running lab that follows every tip."""
    yield from _running("hardened")


@pytest.fixture(scope="session")
def lab_cluster() -> Iterator[Lab]:
    """Give five running servers of one installation."""
    yield from _running("cluster")


@pytest.fixture(scope="session", params=["default", "careless", "hardened"])
def any_lab(request: pytest.FixtureRequest) -> Lab:
    """Give each state's running lab in turn."""
    lab: Lab = request.getfixturevalue(f"lab_{request.param}")
    return lab
