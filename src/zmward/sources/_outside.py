"""What `zmward scan` saw of a host: evidence that no host is asked for.

The module begins with an underscore, so that no collection asks it.
"""

from zmward.errors import BadFile
from zmward.scan.gaps import filled
from zmward.scan.seen import Seen, decode
from zmward.sources.source import File, Source, Unreadable


def parse(answer: str) -> tuple[Seen, ...]:
    """Read one look a line: a host may be looked at from several places."""
    try:
        # JSON escapes line feeds alone: of the other ends of lines that Python knows,
        # servers may say any.
        return tuple(filled(decode(line)) for line in answer.split("\n") if line)
    except BadFile as error:
        raise Unreadable(str(error)) from error


OUTSIDE = Source(
    name="outside",
    about="The host as others see it: what `zmward scan` saw.",
    question=File(""),
    parse=parse,
)
