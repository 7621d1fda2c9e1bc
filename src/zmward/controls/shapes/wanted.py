"""What a value should be: a predicate, its words, and the value that would do."""

import re
from collections.abc import Callable, Iterable

import msgspec

Values = tuple[str, ...]

_DURATION = re.compile(r"(\d+)(ms|[smhd])?")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, None: 1}


class Wanted(msgspec.Struct, frozen=True):
    """`cure` maps the values found to values that hold, or to None: no one value.

    One that `merges` keeps what else stands there, which inheriting would drop.
    """

    text: str
    holds: Callable[[Values], bool]
    cure: Callable[[Values], Values | None]
    merges: bool = False


def seconds(duration: str) -> float | None:
    """Return a Zimbra duration (`2d`, `30m`, `90`) in seconds; None if it is none."""
    match = _DURATION.fullmatch(duration)
    return None if match is None else int(match[1]) * _SECONDS[match[2]]


def exactly(*values: str) -> Wanted:
    """Want this set of values and no other."""
    return Wanted(
        " ".join(values), lambda found: set(found) == set(values), lambda _: values
    )


def one_of(*values: str, cure: str = "") -> Wanted:
    """Want a single value out of these; the first one, or `cure`, is the repair."""
    return Wanted(
        " or ".join(value or "(empty)" for value in values),
        lambda found: len(found) == 1 and found[0] in values,
        lambda _: (cure or values[0],),
    )


def unset() -> Wanted:
    """Want no value at all."""
    return Wanted("not set", lambda found: not any(found), lambda _: ())


def some() -> Wanted:
    """Want any value; which one is the site's to say."""
    return Wanted("set", any, lambda _: None)


def contains(*values: str) -> Wanted:
    """Want all of these among the values, ignoring case."""
    needed = {value.lower() for value in values}

    def holds(found: Values) -> bool:
        return needed <= {value.lower() for value in found}

    def cure(found: Values) -> Values:
        have = {value.lower() for value in found}
        return (*found, *(value for value in values if value.lower() not in have))

    return Wanted(f"among them: {', '.join(values)}", holds, cure, merges=True)


def lacks(*values: str, text: str = "") -> Wanted:
    """Want none of these among the values, ignoring case."""
    forbidden = {value.lower() for value in values}

    def kept(found: Values) -> Values:
        return tuple(value for value in found if value.lower() not in forbidden)

    return Wanted(
        text or f"none of: {', '.join(values)}",
        lambda found: kept(found) == found,
        kept,
        merges=True,
    )


def _number(found: Values) -> int | None:
    if len(found) != 1 or not re.fullmatch(r"-?\d{1,18}", found[0]):
        return None
    return int(found[0])


def at_least(least: int, *, cure: int | None = None) -> Wanted:
    """Want one number that is not smaller."""

    def holds(found: Values) -> bool:
        number = _number(found)
        return number is not None and number >= least

    return Wanted(f"{least} or more", holds, lambda _: (str(cure or least),))


def between(least: int, most: int, *, cure: int) -> Wanted:
    """Want one number within bounds, both included."""

    def holds(found: Values) -> bool:
        number = _number(found)
        return number is not None and least <= number <= most

    return Wanted(f"{least} to {most}", holds, lambda _: (str(cure),))


def lasting(
    most: str, *, least: str = "1s", cure: str = "", zero: bool = False
) -> Wanted:
    """Want one duration of at most `most`; `zero` says whether 0 (off) will do."""
    upper, lower = seconds(most) or 0, seconds(least) or 0

    def holds(found: Values) -> bool:
        length = seconds(found[0]) if len(found) == 1 else None
        if length is None:
            return False
        return zero if length == 0 else lower <= length <= upper

    return Wanted(f"at most {most}", holds, lambda _: (cure or most,))


def matching(pattern: str, text: str, cure: Iterable[str] | None = None) -> Wanted:
    """Want each value to match; nothing at all does not."""
    expression = re.compile(pattern)
    repaired = None if cure is None else tuple(cure)
    return Wanted(
        text,
        lambda found: bool(found) and all(map(expression.fullmatch, found)),
        lambda _: repaired,
    )
