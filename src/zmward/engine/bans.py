"""Jails as a plan: files of ours, tried by fail2ban itself, and its unit."""

from collections.abc import Iterator

import msgspec

from zmward.bans.render import FILES, MARK, rendered
from zmward.bans.wanted import Bans
from zmward.change import Change, FileText, WriteFile
from zmward.controls.shapes.repair import (
    Uncurable,
    manager,
    package,
    standing,
    started,
)
from zmward.errors import Refused
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.i18n import mark
from zmward.plan import Host, Plan, Step, described, order
from zmward.reports.plain import plain
from zmward.sources.identity import IDENTITY
from zmward.sources.units import UNITS, unit

# What the files are for, and what is audited again once they are there.
CONTROLS = (
    *("fail2ban-runs", "fail2ban-watches-zimbra", "fail2ban-filters-match"),
    "fail2ban-spares-own-nodes",
)
_TITLE = mark("Who guesses passwords is banned, and nobody whom he names")
_IMPACT = mark("An address that fails too often is shut out for a while.")
_AFFECTS = mark("users who mistype often, and everyone behind one address")
_UNIT = "fail2ban.service"


def _require(found: Bans) -> None:
    """Refuse jails that must not start, and name every reason."""
    if found.refused:
        lines = "\n".join(f"  {plain(one.text, 800)}" for one in found.refused)
        raise Refused(
            f"The jails of {found.host} may not start, nothing was changed:\n{lines}"
        )


def _files(facts: Facts, found: Bans, reloads: tuple[str, ...]) -> Iterator[Change]:
    """Yield the files that are not yet as they should be."""
    host = found.host
    texts = rendered(found, facts.profile.bans)
    for path in FILES:
        before = standing(facts, host, path)
        if before is not None and not before.text.startswith(MARK):
            raise Refused(
                f"{path} is not zmward's: it does not begin with {MARK!r}. Move it "
                "away under another name, then try again. Nothing was changed."
            )
        # One that is no longer wanted stays: an older file of jails may name it.
        if path not in texts:
            continue
        mode = before.mode if before else 0o644
        after = FileText(texts[path], mode)
        if before != after:
            yield WriteFile(host, path, before, after, "fail2ban", reloads)


def _changes(facts: Facts, found: Bans) -> Iterator[Change]:
    host = found.host
    own = unit(facts.read(UNITS, host), "fail2ban")
    if not own.exists:
        if manager(facts, host) == "dnf":
            raise Uncurable(
                "fail2ban comes from EPEL here: enable that repository, `dnf install "
                "fail2ban`, then try again."
            )
        yield package(facts, host, "fail2ban")
    yield from _files(facts, found, (own.name,) if own.runs else ())
    if not (own.runs and own.lasts):
        yield started(facts, host, own.name or _UNIT, new=not own.exists)


def _step(change: Change) -> Step:
    return msgspec.structs.replace(
        described(change, (), (change.target,)),
        controls=CONTROLS,
        titles=(_TITLE,),
        impact=(_IMPACT,),
        affects=(_AFFECTS,),
        effort="decision",
    )


def planned(facts: Facts, found: Bans, version: str) -> Plan:
    """Return the plan that has jails work on a server, or refuse it."""
    _require(found)
    try:
        changes = tuple(_changes(facts, found))
        machine = facts.read(IDENTITY, found.host).machine
    except Uncurable as reason:
        raise Refused(f"{reason} Nothing was changed.") from reason
    except Unseen as signal:
        raise Refused(
            f"What stands on {found.host} is not known: {signal.missing.reason}. "
            "Nothing was changed."
        ) from signal
    steps = sorted(map(_step, changes), key=order)
    return Plan(
        host=Host(found.host, machine),
        when=facts.evidence.when,
        zmward=version,
        steps=tuple(steps),
        reloads=(),
        left=(),
        hosts_seen=(found.host,),
    )
