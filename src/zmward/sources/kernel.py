"""What the running kernel says of itself: version, entropy, IPv6."""

import re

import msgspec

from zmward.sources.source import Snippet, Source, Unreadable

_PARTS = re.compile(r"\d+|[a-z]+")


class Kernel(msgspec.Struct, frozen=True):
    """The kernel in use, those in /boot, and what a reboot waits for."""

    running: str
    installed: tuple[str, ...] = ()
    reboot: tuple[str, ...] | None = None
    entropy: int | None = None
    ipv6_disabled: bool | None = None

    @property
    def newest(self) -> str:
        """Return the newest kernel in /boot; empty where there is none."""
        return max(self.installed, key=order, default="")

    @property
    def version(self) -> tuple[int, ...]:
        """Return the running kernel's first two numbers."""
        return tuple(int(part) for part in re.findall(r"\d+", self.running)[:2])


def order(release: str) -> tuple[tuple[int, int, str], ...]:
    """Return what sorts kernel releases by age, numbers as numbers."""
    return tuple(
        (1, int(part), "") if part.isdecimal() else (0, 0, part)
        for part in _PARTS.findall(release.lower())
    )


def _number(word: str) -> int:
    if not word.isascii() or not word.isdecimal():
        raise Unreadable(f"kernel: not a number: {word[:40]!r}")
    return int(word)


def parse(answer: str) -> Kernel:
    """Read `key value` lines."""
    found: dict[str, list[str]] = {}
    for line in answer.splitlines():
        key, space, value = line.partition(" ")
        if not space:
            raise Unreadable(f"kernel: not a fact: {line[:60]!r}")
        found.setdefault(key, []).append(value.strip())
    if not any(found.get("running", ())):
        raise Unreadable("the kernel does not say its version")
    entropy = [_number(word) for word in found.get("entropy", ())]
    disabled = [word == "1" for word in found.get("disable_ipv6", ())]
    return Kernel(
        running=found["running"][0],
        installed=tuple(found.get("image", ())),
        reboot=tuple(found["reboot"]) if "reboot" in found else None,
        entropy=entropy[0] if entropy else None,
        ipv6_disabled=disabled[0] if disabled else None,
    )


KERNEL = Source(
    name="kernel",
    about="The running kernel, those installed, entropy and IPv6.",
    question=Snippet(
        r"""
printf 'running %s\n' "$(uname -r)"
for file in /boot/vmlinuz-*; do
    case $file in
        *'*'* | *-rescue-*) ;;
        *) printf 'image %s\n' "${file#/boot/vmlinuz-}" ;;
    esac
done
if [ -e /run/reboot-required ] || [ -e /var/run/reboot-required ]; then
    printf 'reboot %s\n' required
    sort -u /run/reboot-required.pkgs 2>/dev/null | sed 's/^/reboot /'
fi
if [ -r /proc/sys/kernel/random/entropy_avail ]; then
    printf 'entropy %s\n' "$(cat /proc/sys/kernel/random/entropy_avail)"
fi
if [ -r /proc/sys/net/ipv6/conf/all/disable_ipv6 ]; then
    printf 'disable_ipv6 %s\n' "$(cat /proc/sys/net/ipv6/conf/all/disable_ipv6)"
else
    printf 'disable_ipv6 1\n'
fi
"""
    ),
    parse=parse,
)
