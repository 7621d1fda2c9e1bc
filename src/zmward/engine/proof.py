"""A plan's values proved on the host before the first write: in scratch, by its own.

What is tried: packet filter rules in a network of their own, the host's schema
(conf/attrs), Postfix's postconf and smtpd on a copy of
main.cf, nginx on a small configuration with the host's certificate. What cannot be
tried there is said and stops nothing.
"""

import secrets
from collections.abc import Iterable, Mapping
from importlib.resources import files

from zmward.change import Change, SetAttr, SetParameter
from zmward.doors.host import Door
from zmward.doors.packet_filter import proven
from zmward.engine.read_texts import read_texts
from zmward.engine.site import Site
from zmward.errors import Refused
from zmward.plan import Plan
from zmward.provable import Rule, Unreadable, directives, objections, rules
from zmward.ruleset import LoadRuleset

_SCHEMA = "conf/attrs/"
_MOST_FILES = 20
_REFUSED = 3
_ONE_BY_ONE = 60


def _known(door: Door) -> tuple[Mapping[str, Rule], bool]:
    """Return the host's rules, and whether all of its schema was read."""
    listed = (read_texts(door, (_SCHEMA,))[_SCHEMA].text or "").splitlines()
    names = [name for name in listed if name.endswith(".xml") and "/" not in name]
    if not names:
        return {}, False
    found: dict[str, Rule] = {}
    paths = [f"{_SCHEMA}{name}" for name in names[:_MOST_FILES]]
    texts = read_texts(door, paths)
    whole = len(names) <= _MOST_FILES
    for path in paths:
        text = texts[path].text if path in texts else None
        try:
            found |= rules(text or "")
        except Unreadable:
            whole = False
    return found, whole


def _by_schema(site: Site, changes: Iterable[Change]) -> None:
    own = [change for change in changes if isinstance(change, SetAttr)]
    if not own:
        return
    known, whole = _known(site.door)
    if not known:
        site.talk("no schema in conf/attrs here: the values are not proved by it")
        return
    wrong = tuple(objections(own, known, whole=whole))
    if wrong:
        raise _unfit(wrong, "its schema")


def _unfit(wrong: Iterable[str], by: str) -> Refused:
    return Refused(
        f"The plan does not fit this host, by {by}: {'; '.join(wrong)}. "
        "Nothing was changed."
    )


def _tried(site: Site, what: str, words: Iterable[str], given: bytes = b"") -> None:
    """Try values in a scratch folder, which is gone whatever happens."""
    program = (files("zmward.engine") / "prove_values.sh").read_text("utf-8")
    scratch = f"/tmp/zmward-proof-{secrets.token_hex(8)}"  # noqa: S108  # mkdir refuses what is there
    argv = ("sh", "-c", program, "zmward", f"try-{what}", scratch, *words)
    seconds = _ONE_BY_ONE + 20 * len(argv)
    try:
        done = site.door.run(argv, given=given, user="zimbra", seconds=seconds)
    finally:
        site.door.run(("rm", "-rf", "--", scratch), user="zimbra")
    if done.code == _REFUSED:
        said = " ".join(done.out.decode("utf-8", "replace").split())[:800]
        raise _unfit((said.replace(scratch, "scratch"),), f"its {what}")
    if done.code:
        site.talk(f"the values could not be tried with {what}: {done.said}")


def prove_values(site: Site, plan: Plan, parameters: Mapping[str, str]) -> None:
    """Refuse a plan whose values the host's own programs and schema do not take.

    `parameters` are those of Postfix that come out of the plan's attributes.
    """
    changes = [step.change for step in plan.steps]
    for change in changes:
        if isinstance(change, LoadRuleset) and change.after is not None:
            site.talk("trying the rules in a network of their own")
            proven(site.door, change.after)
    _by_schema(site, changes)
    own = {
        c.parameter: c.after for c in changes if isinstance(c, SetParameter) and c.after
    }
    wanted = [f"{name}={value}" for name, value in {**parameters, **own}.items()]
    if wanted:
        site.talk("trying the values with Postfix in a scratch copy")
        _tried(site, "postfix", wanted)
    lines = directives(changes)
    if lines:
        site.talk("trying the values with nginx in a scratch configuration")
        text = "\n".join(("#begin", *lines, "#end", ""))
        _tried(site, "nginx", (), text.encode())
