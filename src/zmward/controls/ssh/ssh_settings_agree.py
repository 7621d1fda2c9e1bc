"""No strict setting of sshd stands behind a looser one, or where it is not read."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, sound
from zmward.facts import Facts
from zmward.sources.sshdfiles import SSHD_FILES, Setting

# The older name of an option counts as the newer one.
_ALIASES = {"challengeresponseauthentication": "kbdinteractiveauthentication"}
# Each option with its values, the strictest first.
_OPTIONS = {
    "passwordauthentication": ("no", "yes"),
    "kbdinteractiveauthentication": ("no", "yes"),
    "permitrootlogin": ("no", "forced-commands-only", "prohibit-password", "yes"),
    "pubkeyauthentication": ("yes", "no"),
    "gssapiauthentication": ("no", "yes"),
    "permitemptypasswords": ("no", "yes"),
    "hostbasedauthentication": ("no", "yes"),
}
_OLD_VALUES = {"without-password": "prohibit-password"}
_NO_CURE = (
    "Keep one line for each option, or move the strict one up: the first one read is "
    "in force."
)


def _rank(setting: Setting) -> int:
    option = _ALIASES.get(setting.option, setting.option)
    value = setting.value.lower().strip('"')
    values = _OPTIONS[option]
    value = _OLD_VALUES.get(value, value)
    return values.index(value) if value in values else len(values)


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    found = facts.read(SSHD_FILES, host)
    said: dict[tuple[str, str], list[Setting]] = {}
    for setting in found.settings:
        option = _ALIASES.get(setting.option, setting.option)
        if option in _OPTIONS:
            said.setdefault((setting.match, option), []).append(setting)
    wrong = []
    for (_, option), settings in said.items():
        # A drop-in that comes first and is stricter is how it should be done.
        if any(_rank(setting) < _rank(settings[0]) for setting in settings[1:]):
            places = ", ".join(f"{s.value} ({s.place})" for s in settings)
            wrong.append(f"{option}: {places}")
    wrong += [f"{file} is never read: no Include" for file in found.unread]
    for text in wrong:
        yield deviates(
            Layer.DECLARED,
            host,
            text,
            "the strictest line comes first",
            no_cure=_NO_CURE,
            source="sshd-files",
        )
    if not wrong:
        seen = f"{len(found.settings)} settings, no stricter one comes too late"
        yield sound(Layer.DECLARED, host, source="sshd-files", seen=seen)


_MAIN = "> /etc/ssh/sshd_config\n"

CONTROL = Control(
    id="ssh-settings-agree",
    title="No strict setting of sshd comes too late to be in force",
    why=(
        "The first value wins, so a strict line that somebody adds below another "
        "does nothing, and he believes that it does."
    ),
    impact="None, as long as the line in force stays.",
    severity=Severity.LOW,
    tips=("T08",),
    check=on_hosts(Layer.DECLARED, (SSHD_FILES,), _look),
    refs=("https://man.openbsd.org/sshd_config",),
    note=(
        "A drop-in that comes first and is stricter than what follows is fine. Cloud "
        "images bring a drop-in that allows passwords. Red Hat's version 8 has "
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
        passes(
            raw={
                "sshd-files": f"{_MAIN} Include /etc/ssh/sshd_config.d/*.conf\n"
                " PermitRootLogin yes\n"
                "> /etc/ssh/sshd_config.d/00-keys.conf\n PasswordAuthentication no\n"
                " PermitRootLogin prohibit-password\n"
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
