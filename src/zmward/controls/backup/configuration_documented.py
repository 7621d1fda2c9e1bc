"""The configuration and the way to recover it are written down."""

from collections.abc import Iterator
from datetime import UTC

import msgspec

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attestation import attestation, said
from zmward.controls.shapes.basic import on_directory
from zmward.deviation import Judgement, Layer, State, deviates, sound, unknown
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.sources.configuration_page import (
    CONFIGURATION_PAGE,
    SCHEMA,
    Documented,
    Page,
)

_SUBJECT = "wiki"
_VERB = "zmward config document --output FILE"
# Without these blocks, nobody learns from the page how to recover.
_NEEDED = frozenset({"nodes", "backups", "procedures"})


def _last(facts: Facts) -> tuple[str, Documented] | None:
    """Return the newest page that any node remembers, and that node."""
    found = []
    for host in facts.evidence.hosts:
        try:
            found.append((host, facts.read(CONFIGURATION_PAGE, host)))
        except Unseen:
            # The page is written on one node, or elsewhere.
            continue
    return max(found, key=lambda one: one[1].page.seen, default=None)


def _judged(facts: Facts, host: str, found: Documented) -> Judgement:
    page, limits = found.page, facts.profile.thresholds
    written = page.seen.astimezone(UTC).date()
    days = (facts.now.astimezone(UTC).date() - written).days
    kept = found.snapshot.astimezone(UTC).date() if found.snapshot else written
    text = f"{page.path}, as seen on {written}"
    wanted = f"at most {limits.document_days} days old"
    if days < 0:
        return unknown(Layer.DECLARED, host, f"{text}: still to come, by the clock")
    if (kept - written).days > limits.document_lag_days:
        text += f"; the newest snapshot is of {kept}"
        wanted = f"at most {limits.document_lag_days} days older than that snapshot"
    elif days <= limits.document_days:
        lacks = sorted(_NEEDED & set(page.left_out))
        if lacks:
            reason = f"{text}: it has no block for {', '.join(lacks)}"
            return unknown(Layer.DECLARED, host, reason)
        source = CONFIGURATION_PAGE.name
        return sound(Layer.DECLARED, host, source=source, seen=text)
    return deviates(
        *(Layer.DECLARED, host, text, wanted),
        no_cure=f"Write it anew with `{_VERB}`; your own text in it stays.",
        source=CONFIGURATION_PAGE.name,
    )


def _look(facts: Facts) -> Iterator[Judgement]:
    last = _last(facts)
    if last is None:
        yield attestation(facts, _SUBJECT, _VERB)
        return
    judged = _judged(facts, *last)
    word = facts.profile.attested(_SUBJECT, facts.now.astimezone(UTC).date())
    # Who keeps another page than ours says so; that ours is old is no doubt of it.
    good = judged.state is State.OK or word is None
    yield judged if good else attestation(facts, _SUBJECT)


def _page(day: str, *left_out: str, snapshot: int = 0) -> dict[str, str]:
    page = Page(SCHEMA, f"{day}T02:00:00+00:00", "/root/site.md", left_out)
    text = f"> 600 root regular file\n{msgspec.json.encode(page).decode()}\n"
    moved = f"{'0' * 40} {'a' * 40} zmward <zmward@localhost> {snapshot} +0000\tx\n"
    diary = f"\n> 600 root regular file\n{moved}" if snapshot else ""
    return {"configuration-page": text + diary}


_SNAPSHOT = 1795000000  # 2026-11-18

CONTROL = Control(
    id="configuration-documented",
    title="The configuration and the recovery are written down",
    why="Who rebuilds a server at night needs its settings, and they are gone with it.",
    impact="None.",
    severity=Severity.LOW,
    tips=("T14",),
    check=on_directory(Layer.DECLARED, (CONFIGURATION_PAGE,), _look),
    refs=(),
    note=(
        "On the server itself, zmward config document --output FILE writes the page "
        "and remembers when; document-days and document-lag-days of the profile's "
        "thresholds say how old it may be, by itself and against the newest snapshot "
        "in /var/lib/zmward/config.git. A page that is kept elsewhere is attested as "
        "wiki."
    ),
    examples=(
        passes(profile=said("wiki", until="2027-05-01")),
        passes(raw=_page("2026-11-01")),
        passes(raw=_page("2026-11-01", snapshot=_SNAPSHOT)),
        passes(raw=_page("2026-11-01", "cos")),
        passes(raw=_page("2026-01-01"), profile=said("wiki", until="2027-05-01")),
        fails(profile=said("wiki", until="2026-11-20")),
        fails(raw=_page("2026-01-01")),
        fails(raw=_page("2026-01-01"), profile=said("wiki", until="2026-11-20")),
        fails(raw=_page("2026-10-01", snapshot=_SNAPSHOT)),
        unsure(raw=_page("2026-11-01", "procedures")),
        unsure(raw=_page("2027-01-01")),
        unsure(raw={"configuration-page": "> 646 root regular file\n{}\n"}),
        unsure(),
    ),
)
