"""Writes the generated pages of docs and packaging, or checks them."""

import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib import import_module
from pathlib import Path

import click

from docs import documents, manual, questions, repairs
from zmward.catalog.tips import TIPS
from zmward.cli.main import VERBS, main
from zmward.control import Control
from zmward.controls.registry import controls
from zmward.profile import Profile
from zmward.reports import schema
from zmward.starter import starter

ROOT = Path(__file__).parent
_MADE = "<!-- Made by `make docs`; edit the code instead. -->"
_EXIT_CODES = (
    (0, "clean: every control passed or does not apply"),
    (1, "findings: at least one control failed"),
    (2, "usage: the command line, a profile or a file given on it is wrong"),
    (3, "incomplete: something is UNKNOWN, or the host is not a Zimbra server"),
    (4, "refused: the work would be stale, conflicting or unsafe"),
    (5, "failed and rolled back"),
    (6, "rollback incomplete"),
    (70, "a bug in zmward"),
    (130, "interrupted"),
)

# What the codes mean for the verbs that are no audit.
_OF_VERBS: Mapping[str, str] = {
    "plan": "0: made, also where it is empty; 3: not a Zimbra server",
    "apply": (
        "0: applied and verified, or nothing was left to change; 1: applied, and "
        "something is not so before its service restarts; 3: applied, and something "
        "could not be verified; 4: refused, nothing was changed; 5: failed, all is "
        "taken back; 6: failed, and not all could be taken back; 130: stopped by "
        "you, all is taken back"
    ),
    "confirm": "0: kept; 4: refused, the switch goes on",
    "verify": "as an audit of the run's controls: 0, 1 or 3",
    "rollback": (
        "0: all is taken back; 1: what another hand has changed since is left alone; "
        "4: refused; 6: something could not be taken back"
    ),
    "firewall": (
        "show: 0, 4 where the whitelist may not be loaded; render: 0, 4 for such a "
        "one; check: 0 where the rules are the whitelist, 1 where they differ, 3 "
        "where not all could be judged; explain: 0, 3 for an unknown verdict"
    ),
    "patches": (
        "0: no known hole is open; 1: some are, something keeps patches away, or the "
        "catalog is old or not to be believed; 3: some could not be judged; update: "
        "0 taken, 4 refused, nothing was changed; readiness: 0, 1 for anything bad, 3 "
        "for anything unknown"
    ),
    "integrity": (
        "baseline: 0, 1 where code differs from its package; check, explain and "
        "hunt: 0, 1 for an alarm; accept: 0, 1 where alarms are left; each: 3 where "
        "not all could be read, 4 where a baseline is forged, damaged, older than a "
        "known one, or of another host, 2 where there is none or no key is pinned; "
        "watch: 0 once it was ended by SIGTERM, 3 where nothing can be watched"
    ),
    "logs": (
        "report: 0 where no attack and no sign of exploitation was found, 1 where some "
        "was, 3 where not all could be read; follow: 0 once it was ended by SIGTERM; "
        "bans: 0, 4 where the jails may not start, 3 where not all could be read; with "
        "--install as apply"
    ),
    "config": (
        "snapshot: 0, 3 where something could not be had and is kept as it was, 4 for "
        "evidence that is older than the last snapshot; diff: 0 where nothing "
        "differs, 1 where something does, 3 where the later snapshot has not seen "
        "all; log: 0, 3 where no log tells who; "
        "restore-plan: 0: made, also where it is empty; document: 0, 4 for a page with "
        "broken marks, which is left alone"
    ),
    "backup": (
        "check: 0, 1 for anything bad, 3 for anything that is not known; drill: 0 all "
        "of it restored, 1 something did not, 3 something could not be tried, 4 "
        "nothing may be restored there; run: 0 all of it is stored, 3 some is not, or "
        "there was nothing to store, 4 "
        "refused before anything was stored, 5 the engine failed, and the run does "
        "not count as a backup"
    ),
    "history": "0: listed or forgotten; 4: a run that is not over is not forgotten",
}


def _control(control: Control) -> Iterator[str]:
    yield f"### {control.id}"
    yield f"\n{control.title}.\n"
    yield f"**Why.** {control.why}\n"
    yield f"**Repairing it:** {control.impact}\n"
    facts = [f"severity {control.severity}", f"tips {', '.join(control.tips)}"]
    if control.roles:
        facts.append(f"on servers that run {', '.join(control.roles)}")
    facts.append(f"layers {', '.join(control.check.layers) or 'declared'}")
    if control.check.attributes:
        names = ", ".join(f"`{name}`" for name in control.check.attributes)
        facts.append(f"attributes {names}")
    yield "".join(f"- {fact}\n" for fact in facts)
    yield from _repair(control)
    if control.locks_out:
        yield f"Its cure can hurt {control.locks_out}.\n"
    if control.note:
        yield f"{control.note}\n"
    for reference in control.refs:
        yield f"<{reference}>\n"


def _repair(control: Control) -> Iterator[str]:
    """Yield what zmward runs, and what it leaves to a person and why."""
    made = repairs.repair(control)
    for line in made["commands"]:
        yield f"    {line}"
    if made["commands"]:
        yield ""
    if made["by_hand"]:
        cured = control.check.cures
        yield "Left to a person:\n" if cured else "zmward has no repair for it:\n"
        yield "".join(f"- {reason}\n" for reason in made["by_hand"])


def controls_page() -> str:
    """Return the reference of all controls, by topic."""
    found = controls().values()
    parts = ["# Controls", "", _MADE, "", f"{len(found)} controls.", ""]
    topic = ""
    for control in found:
        if control.topic != topic:
            topic = control.topic
            parts += [f"## {topic}", ""]
        parts.append("\n".join(_control(control)))
    return "\n".join(parts) + "\n"


def commands_page() -> str:
    """Return the help of the program and of each verb."""
    parts = ["# Commands", "", _MADE, ""]
    top = click.Context(main, info_name="zmward", **main.context_settings)
    parts += ["```text", main.get_help(top), "```", ""]
    for verb in VERBS:
        command = import_module(f"zmward.cli.{verb}").command
        for name, text in _helps(command, verb, top, "##"):
            parts += [name, "", "```text", text, "```", ""]
    return "\n".join(parts)


def _helps(
    command: click.Command, name: str, above: click.Context, level: str
) -> Iterator[tuple[str, str]]:
    """Yield the heading and help of a verb, and of the verbs within it."""
    context = click.Context(command, info_name=name, parent=above)
    yield f"{level} {context.command_path}", command.get_help(context)
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            if found is not None:
                yield from _helps(found, inner, context, f"{level}#")


def exit_codes_page() -> str:
    """Return the table of exit codes."""
    rows = "".join(f"| {code} | {meaning} |\n" for code, meaning in _EXIT_CODES)
    verbs = "".join(
        f"| `{verb}` | {meaning} |\n" for verb, meaning in _OF_VERBS.items()
    )
    return (
        f"# Exit codes\n\n{_MADE}\n\n| code | meaning |\n|---|---|\n{rows}\n"
        "The higher of 6, 5 and 4 wins, then 3, then 1.\n\n"
        f"## By verb\n\n| verb | codes |\n|---|---|\n{verbs}\n"
        "[When a repair is refused](../guides/when-a-repair-is-refused.md) says what "
        "to do next.\n"
    )


def status_page() -> str:
    """Return the coverage of the mission, tip by tip."""
    rows = []
    for tip, row in TIPS.items():
        ids = [c.id for c in controls().values() if tip in c.tips]
        links = ", ".join(f"[{name}](reference/controls.md#{name})" for name in ids)
        state = "missing" if not ids else "in part" if row.until else "done"
        rows.append(f"| {tip} | {row.title} | {state} | {row.until} | {links} |")
    head = "| tip | | state | UNKNOWN until | controls |\n|---|---|---|---|---|"
    return "\n".join(["# Status of the mission", "", _MADE, "", head, *rows, ""])


def profile_page() -> str:
    """Return the keys of the profile with their defaults."""
    text = starter(Profile(), {})
    return f"# The profile\n\n{_MADE}\n\n```toml\n{text}```\n"


PAGES: Mapping[str, Callable[[], str]] = {
    "../src/zmward/catalog/repairs.json": repairs.catalogue,
    "reference/controls.md": controls_page,
    "reference/commands.md": commands_page,
    "reference/exit-codes.md": exit_codes_page,
    "reference/json.md": lambda: documents.page(_MADE),
    "reference/questions.md": lambda: questions.page(_MADE),
    "reference/profile.md": profile_page,
    "reference/report.schema.json": schema.text,
    "reference/policy.schema.json": lambda: schema.text(schema.policy()),
    "reference/check.schema.json": lambda: schema.text(schema.check()),
    "reference/patches.schema.json": lambda: schema.text(schema.patches()),
    "reference/backups.schema.json": lambda: schema.text(schema.backups()),
    "reference/backup-run.schema.json": lambda: schema.text(schema.backup_run()),
    "reference/drill.schema.json": lambda: schema.text(schema.drill()),
    "reference/catalog.schema.json": lambda: schema.text(schema.catalog()),
    "reference/config-snapshot.schema.json": (
        lambda: schema.text(schema.config_snapshot())
    ),
    "reference/config-log.schema.json": lambda: schema.text(schema.config_log()),
    "reference/config-document.schema.json": (
        lambda: schema.text(schema.config_document())
    ),
    "reference/config-diff.schema.json": lambda: schema.text(schema.config_diff()),
    "status.md": status_page,
    "../packaging/zmward.1": lambda: manual.manual(_EXIT_CODES),
    **{
        f"../packaging/completion/zmward.{shell}": partial(manual.completion, shell)
        for shell in ("bash", "zsh", "fish")
    },
}


def write(*, check: bool) -> int:
    """Write every page, or say which are out of date."""
    stale = []
    for name, page in PAGES.items():
        path = ROOT / name
        text = page()
        if check:
            if not path.exists() or path.read_text("utf-8") != text:
                stale.append(name)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    for name in stale:
        sys.stderr.write(f"docs/{name} is out of date: run `make docs`.\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(write(check="--check" in sys.argv[1:]))
