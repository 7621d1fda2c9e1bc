"""A shape for sshd: one judgement over every login that its configuration tells apart.

sshd itself is asked for each user, group and address that a Match names. A Match by
other criteria, by patterns or by two criteria at once cannot be asked for; where
such a block sets an option that is judged, the answer is unknown and names it.
"""

from collections.abc import Callable, Iterator, Mapping

from zmward.control import Check
from zmward.controls.shapes.basic import on_hosts
from zmward.controls.shapes.repair import repair
from zmward.controls.shapes.sshd_drop_in import NEEDS, drop_in
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.sources.sshd import SSHD, Case
from zmward.sources.sshdfiles import SSHD_FILES

# What is wrong with one login: a text, or nothing.
Problem = Callable[[Case], str]
# Which lines, keyword → value, put it right.
Remedy = Callable[[Case], Mapping[str, str]]

# On what it depends whether a password, or something like it, lets a login in.
PASSWORDS = (
    "passwordauthentication",
    "kbdinteractiveauthentication",
    "challengeresponseauthentication",
    "permitemptypasswords",
    "hostbasedauthentication",
    "authenticationmethods",
)


def ways_without_key(case: Case) -> str:
    """Say by what other than a key this login may succeed; empty where by nothing."""
    methods = case.one("authenticationmethods").split()
    if methods not in ([], ["any"]) and all("publickey" in way for way in methods):
        return ""
    wrong = (f"{name} {value}" for name, value in _open(case).items())
    return ", ".join(wrong)


def _open(case: Case) -> dict[str, str]:
    """Return the options by which a login may succeed without a key."""
    # Before 8.7 the two names were two options, of which either one asks.
    asking = {case.one(name) for name in PASSWORDS[1:3]} - {""}
    values = {
        "passwordauthentication": case.one("passwordauthentication"),
        "kbdinteractiveauthentication": "no" if asking <= {"no"} else "yes",
        "permitemptypasswords": case.one("permitemptypasswords") or "no",
        "hostbasedauthentication": case.one("hostbasedauthentication") or "no",
    }
    return {name: value for name, value in values.items() if value != "no"}


_WRITTEN = {
    "passwordauthentication": "PasswordAuthentication",
    "kbdinteractiveauthentication": "KbdInteractiveAuthentication",
    "permitemptypasswords": "PermitEmptyPasswords",
    "hostbasedauthentication": "HostbasedAuthentication",
}


def keys_only(case: Case) -> dict[str, str]:
    """Return the lines that leave a login nothing but its key."""
    lines = {_WRITTEN[option]: "no" for option in _open(case)}
    if "KbdInteractiveAuthentication" in lines and case.one(PASSWORDS[2]):
        lines["ChallengeResponseAuthentication"] = "no"
    return lines


def _unasked(facts: Facts, host: str, options: tuple[str, ...]) -> Iterator[Judgement]:
    blocks: dict[str, list[str]] = {}
    files = facts.read(SSHD_FILES, host)
    for pattern in files.elsewhere:
        reason = f"a Match may stand in {pattern}, which was not collected"
        yield unknown(Layer.RENDERED, host, reason)
    lost = {name for case in facts.read(SSHD, host) for name in case.unasked}
    for setting in files.settings:
        named = set(setting.match.partition(" ")[2].split(","))
        if setting.option in options and (not setting.asked or named & lost):
            text = f"{setting.option} {setting.value} ({setting.place})"
            blocks.setdefault(setting.match, []).append(text)
    for match, texts in blocks.items():
        reason = f"`Match {match}` cannot be asked for: {', '.join(texts)}"
        yield unknown(Layer.RENDERED, host, reason)


def every_login(
    options: tuple[str, ...], problem: Problem, wanted: str, remedy: Remedy
) -> Check:
    """Judge every login; `options` are the settings on which it depends.

    One drop-in cures all logins, with every line that any of them needs.
    """

    def one(facts: Facts, host: str) -> Iterator[Judgement]:
        bad: dict[str, list[str]] = {}
        lines: dict[str, str] = {}
        for case in facts.read(SSHD, host):
            text = problem(case)
            if text:
                bad.setdefault(text, []).append(f"{case.user} from {case.address}")
                lines |= remedy(case)
        for text, logins in bad.items():
            yield deviates(
                Layer.RENDERED,
                host,
                f"{text} for {', '.join(dict.fromkeys(logins))}",
                wanted,
                source="sshd",
                **repair(lambda: drop_in(facts, host, lines)),
            )
        try:
            yield from _unasked(facts, host, options)
        except Unseen as signal:
            yield unknown(Layer.RENDERED, host, signal.missing.reason)
        if not bad:
            seen = facts.excerpt(SSHD, host, options[0], 1) or wanted
            yield sound(Layer.RENDERED, host, source="sshd", seen=seen)

    return on_hosts(Layer.RENDERED, NEEDS, one, cures=True)
