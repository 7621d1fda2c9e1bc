"""Rules for the next boot: kept when a run is confirmed, forgotten when it is not.

FOLDER/RUN/        the texts of a confirmed run, their digests, what was there before
FOLDER/current     points to the run confirmed last
FOLDER/previous    points to the one before it
FOLDER/load        loads current, else previous, else the least that a server needs;
its unit runs a copy, since the folder may lie on a disk that comes late
"""

import shlex
from importlib.resources import files

from zmward.doors.files import must
from zmward.doors.host import Door
from zmward.doors.packet_filter import bans_program, run_rules
from zmward.engine.state import Run, open_base
from zmward.engine.undo_script import UNITS
from zmward.firewall.own_rules import PARTS, marked
from zmward.ruleset import Backend, Rules

_UNIT = """\
[Unit]
Description=Packet filter rules of zmward
DefaultDependencies=no
# It waits for no disk of the network, which comes after it.
# These flush or replace what is loaded, so ours come after them, each time.
After=systemd-modules-load.service local-fs.target {others}
ReloadPropagatedFrom={others}
Before=network-pre.target shutdown.target
# Where the network is there from the start, nothing else would wait.
Before=ssh.service sshd.service zimbra.service
Wants=network-pre.target
Conflicts=shutdown.target
[Service]
Type=oneshot
RemainAfterExit=yes
# Without it what hangs there would keep the host from starting.
TimeoutStartSec=120
ExecStart=/bin/sh {loader} once
ExecReload=/bin/sh {loader}
[Install]
WantedBy=multi-user.target
"""
_OTHERS = (
    *("nftables.service", "netfilter-persistent.service", "iptables.service"),
    *("ip6tables.service", "ufw.service"),
)
# It does not remain, so that each start of one of the others starts it too. At boot it
# comes once more when the folder is there.
_AGAIN = """\
[Unit]
Description=Packet filter rules of zmward, after those that flush them
DefaultDependencies=no
RequiresMountsFor={folder}
After=zmward-firewall.service remote-fs.target {others}
[Service]
Type=oneshot
TimeoutStartSec=120
ExecStart=/bin/sh {loader} once
[Install]
WantedBy=multi-user.target {others}
"""
_LAST = {
    "nft": "nft -f /dev/stdin",
    "ipset": "ipset restore",
    "v6": "[ ! -e /proc/net/if_inet6 ] || ipt ip6tables-restore --noflush",
    "v4": "ipt iptables-restore --noflush",
}
_END = "END-OF-RULES"
_LOADER = f"{UNITS}/zmward-firewall.load"


def folder(base: str) -> str:
    """Return where the rules for the next boot lie."""
    return f"{base}/firewall"


def kept_texts(rules: Rules, run: Run) -> dict[str, str]:
    """Return what is kept, by the names of the files."""
    place = folder(run.base)
    load = (files("zmward.engine") / "load_rules.sh").read_text("utf-8")
    load = load.replace("@FOLDER@", shlex.quote(place))
    load = load.replace("@BACKEND@", rules.backend)
    names, others = PARTS[rules.backend], " ".join(_OTHERS)
    return {
        "load": load.replace("@BANS@\n", bans_program()).replace(
            "@LAST@", _last(rules, run.id)
        ),
        "unit": _UNIT.format(loader=_LOADER, others=others),
        "again": _AGAIN.format(folder=place, loader=_LOADER, others=others),
        "backend": f"{rules.backend}\n",
        "run": f"{run.id}\n",
        **dict(zip(names, marked(rules, run.id).texts, strict=True)),
        **_fallback(rules, run.id),
    }


def _last(rules: Rules, run: str) -> str:
    """Return shell that loads the least from its own text."""
    texts = {
        name.removeprefix("minimum-"): text
        for name, text in _fallback(rules, run).items()
        if name.startswith("minimum-")
    }
    lines = [
        f"{command} <<'{_END}' || return 1\n{texts[name]}{_END}"
        for name, command in _LAST.items()
        if texts.get(name)
    ]
    return "\n".join(lines)


def _fallback(rules: Rules, run: str) -> dict[str, str]:
    """Return what is loaded where the texts cannot be; for ufw, in another table."""
    found: dict[str, tuple[Backend, tuple[str, ...]]] = {
        "minimum-": (rules.backend, rules.minimum or rules.texts)
    }
    if rules.backend == "ufw":
        half = len(rules.minimum) // 2
        found = {
            "whole-": ("iptables", rules.minimum[:half]),
            "minimum-": ("iptables", rules.minimum[half:]),
        }
    return {
        f"{prefix}{name}": text
        for prefix, (backend, texts) in found.items()
        for name, text in zip(
            PARTS[backend], marked(Rules(backend, texts), run).texts, strict=True
        )
    }


def keep_rules(door: Door, run: Run, rules: Rules) -> None:
    """Have the host load these rules at each boot."""
    open_base(door)
    given = "".join(
        f"%% {name}\n{text}" for name, text in kept_texts(rules, run).items()
    )
    done = run_rules(door, "keep", folder(run.base), run.id, UNITS, given=given)
    must(done, "keep", "rules for the next boot")


def forget_rules(door: Door, run: Run) -> str:
    """Take back what a run has kept for the next boot; say what another hand did."""
    done = run_rules(door, "forget", folder(run.base), run.id, UNITS)
    must(done, "forget", "rules for the next boot")
    return "; ".join(done.out.decode("utf-8", "replace").split("\n")[:-1])
