"""sshd's files do not contradict each other, and all of them are read."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, sound
from zmward.facts import Facts
from zmward.sources.sshdfiles import SSHD_FILES, Setting

# The older name of an option counts as the newer one.
_ALIASES = {"challengeresponseauthentication": "kbdinteractiveauthentication"}
_OPTIONS = (
    "passwordauthentication",
    "kbdinteractiveauthentication",
    "permitrootlogin",
    "pubkeyauthentication",
    "gssapiauthentication",
    "permitemptypasswords",
    "hostbasedauthentication",
    "usepam",
)
_NO_CURE = "Keep one line for each option; the first one read is in force."


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    found = facts.read(SSHD_FILES, host)
    said: dict[tuple[str, str], list[Setting]] = {}
    for setting in found.settings:
        option = _ALIASES.get(setting.option, setting.option)
        if option in _OPTIONS:
            said.setdefault((setting.match, option), []).append(setting)
    wrong = []
    for (_, option), settings in said.items():
        if len({setting.value.lower() for setting in settings}) > 1:
            places = ", ".join(f"{s.value} ({s.place})" for s in settings)
            wrong.append(f"{option}: {places}")
    wrong += [f"{file} is never read: no Include" for file in found.unread]
    for text in wrong:
        yield deviates(
            Layer.DECLARED,
            host,
            text,
            "one value for each option",
            no_cure=_NO_CURE,
            source="sshd-files",
        )
    if not wrong:
        seen = f"{len(found.settings)} settings, none contradicts another"
        yield sound(Layer.DECLARED, host, source="sshd-files", seen=seen)


_MAIN = "> /etc/ssh/sshd_config\n"

CONTROL = Control(
    id="ssh-settings-agree",
    title="sshd's files do not contradict each other",
    why=(
        "The first value wins, so a line that somebody adds below another does "
        "nothing; and the day the first goes away, the second is in force."
    ),
    impact="None, as long as the line in force stays.",
    severity=Severity.LOW,
    tips=("T08",),
    check=on_hosts(Layer.DECLARED, (SSHD_FILES,), _look),
    refs=("https://man.openbsd.org/sshd_config",),
    note=(
        "Cloud images bring a drop-in that allows passwords. Red Hat's version 8 has "
        "no Include: files in sshd_config.d are ignored there."
    ),
    examples=(
        passes(raw={"sshd-files": f"{_MAIN} PasswordAuthentication no\n"}),
        passes(
            raw={
                "sshd-files": f"{_MAIN} PasswordAuthentication no\n"
                " Match User backup\n PasswordAuthentication yes\n"
            }
        ),
        fails(
            raw={
                "sshd-files": f"{_MAIN} Include /etc/ssh/sshd_config.d/*.conf\n"
                " PasswordAuthentication no\n"
                "> /etc/ssh/sshd_config.d/50-cloud-init.conf\n"
                " PasswordAuthentication yes\n"
            }
        ),
        fails(
            raw={
                "sshd-files": f"{_MAIN} PermitRootLogin no\n"
                "> /etc/ssh/sshd_config.d/10-keys.conf\n PasswordAuthentication no\n"
            }
        ),
        unsure(missing=("sshd-files",)),
    ),
)
