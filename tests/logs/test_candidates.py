"""However lines are looked for, those are found that hold a word, and no other."""

from hypothesis import given, settings
from hypothesis import strategies as some

from zmward.logs.candidates import LONGEST, candidates

WORDS = (b"Auth;", b"uthentication", b"qxqx", b"`", b"$(", b"ab", b"bbb", b"z")
# What no word has a byte of, so that each is rare in a sample of it.
QUIET = b"0123 " * 15 + b"\n"


def plainly(
    block: bytes, words: tuple[bytes, ...], begin: int, end: int
) -> list[bytes]:
    """Return the same, line by line."""
    lines = block[begin:end].split(b"\n")
    return [
        line[:LONGEST]
        for line in lines
        if any(0 <= line.find(word) < LONGEST for word in words)
    ]


_LINE = some.lists(
    some.sampled_from(
        (*WORDS, b"a", b"b", b"Aut", b"qx", b"h;", b" ", b"$", b"x" * 90)
    ),
    max_size=6,
).map(b"".join)
_FEW = some.lists(_LINE, max_size=20).map(lambda lines: b"\n".join(lines) + b"\n")


@given(
    first=_FEW,
    quiet=some.sampled_from((0, 200)),
    rest=_FEW,
    times=some.sampled_from((1, 30, 700)),
    words=some.lists(some.sampled_from(WORDS), min_size=1, max_size=4, unique=True),
    cut=some.integers(0, 60),
)
@settings(max_examples=300, deadline=None)
def test_lines_are_found_as_one_by_one(
    *, first: bytes, quiet: int, rest: bytes, times: int, words: list[bytes], cut: int
) -> None:
    """With many hits and few, behind a begin that has none, and in a part of a block."""
    begin = len(first) if cut % 3 == 0 else 0
    block = first + QUIET * quiet + rest * times
    end = block.rfind(b"\n", begin, max(len(block) - cut, begin)) + 1 or begin
    wanted = plainly(block, tuple(words), begin, end)
    assert candidates(block, tuple(words), begin, end) == wanted


def test_a_huge_line_among_many_is_cut() -> None:
    huge = b"y" * (LONGEST - 2) + b"Auth;" + b"y" * 99
    late = b"y" * LONGEST + b"Auth;"
    lines = [*[b"Auth; uthentication"] * 3000, huge, late, b"uthentication", b"x"]
    found = candidates(b"\n".join(lines), (b"Auth;", b"uthentication"))
    cut = [huge[:LONGEST], late[:LONGEST]]
    assert found == [*lines[:3000], *cut, b"uthentication"]
