"""A shape for two-factor authentication: without a program for it nothing is judged."""

from collections.abc import Iterator

from zmward.control import Check
from zmward.controls.shapes.basic import look, names
from zmward.deviation import Judgement, Layer, not_concerned
from zmward.evidence import Missing, Unseen
from zmward.facts import Facts
from zmward.sources.directory import SERVERS
from zmward.sources.extensions import EXTENSIONS
from zmward.sources.packages import PACKAGES

FOLDER = "/opt/zimbra/lib/ext"
SOURCES = (EXTENSIONS, SERVERS, PACKAGES)
_WORDS = ("twofactor", "two-factor", "2fa", "totp")


def _on(facts: Facts, host: str) -> bool:
    """Say whether one node has a program for it; raise Unseen if unsure."""
    found = facts.read(EXTENSIONS, host)
    jars = (path.lower() for path in found if path.endswith(".jar"))
    if any(word in jar for jar in jars for word in _WORDS):
        return True
    if FOLDER not in found:
        raise Unseen(Missing(f"{host}: {FOLDER} was not seen"))
    return False


def implemented(facts: Facts) -> bool:
    """Say whether a mailbox node has a program for it; raise Unseen if unsure."""
    unsure = None
    for host in facts.hosts("mailbox"):
        try:
            if _on(facts, host):
                return True
        except Unseen as signal:
            unsure = signal
    if unsure:
        raise unsure
    return False


def lacking(facts: Facts) -> tuple[str, ...]:
    """Return the mailbox nodes without a program for it; raise Unseen if unsure."""
    hosts = facts.hosts("mailbox")
    if not hosts:
        raise Unseen(Missing("no mailbox node is known"))
    return tuple(host for host in hosts if not _on(facts, host))


def with_two_factor(check: Check) -> Check:
    """Judge where two-factor authentication works and the site does not refuse it."""

    def judge(facts: Facts) -> Iterator[Judgement]:
        if facts.profile.services.two_factor == "unwanted":
            reason = "the profile names two_factor as unwanted"
        elif implemented(facts):
            yield from check.judge(facts)
            return
        else:
            reason = f"no extension below {FOLDER} implements it"
        yield not_concerned(Layer.DECLARED, "directory", reason)

    def guarded(facts: Facts) -> Iterator[Judgement]:
        yield from look(Layer.DECLARED, "directory", lambda: judge(facts))

    needs = (*check.needs, *names(SOURCES))
    return Check(needs, guarded, check.cures, check.attributes, check.layers)
