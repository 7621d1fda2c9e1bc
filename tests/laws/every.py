"""A law is one test: it goes over all that it binds, and names what breaks it."""

from collections.abc import Callable, Mapping
from typing import TypeVar

import pytest

T = TypeVar("T")


def every(things: Mapping[str, T]) -> Callable[[Callable[[T], None]], object]:
    """Return a decorator: a law of one thing becomes a test of all, by their names."""

    def test_of(law: Callable[[T], None]) -> Callable[[], None]:
        def test() -> None:
            assert things
            broken = {}
            for name, thing in things.items():
                try:
                    law(thing)
                except Exception as error:  # noqa: BLE001  # the test fails with all of them
                    broken[name] = error
            if broken:
                told = "\n".join(f"{n}: {e!r:.2000}" for n, e in broken.items())
                raise pytest.fail.Exception(told) from next(iter(broken.values()))

        test.__name__ = law.__name__
        test.__doc__ = law.__doc__
        test.__module__ = law.__module__
        return test

    return test_of
