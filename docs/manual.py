"""Writes packaging: the man page and the completion of three shells, from click."""

import re
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import version

import click
from click.shell_completion import BashComplete, FishComplete, ZshComplete

from zmward.cli.main import VERBS, main

_FILES = (
    ("/etc/zmward/profile.toml", "The site's profile, read where zmward runs."),
    ("/etc/zmward/profile.d/*.toml", "Further pieces of it, in the order of names."),
)
_VARIABLES = (
    ("ZMWARD_ETC", "Where the profile is, instead of /etc/zmward."),
    ("ZMWARD_DEBUG", "Show the trace of a bug."),
    ("NO_COLOR", "No colours, whatever its value."),
)
_NAME = "zmward \\- find out how a Zimbra server is exposed, and why that matters"
_COMPLETE = "_ZMWARD_COMPLETE"
_SHELLS = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}


def _roff(text: str) -> str:
    """Return a text in which nothing is a command of roff."""
    escaped = text.replace("\\", "\\\\").replace("-", "\\-")
    escaped = re.sub(r"[^ -~]", lambda match: f"\\[u{ord(match[0]):04X}]", escaped)
    return f"\\&{escaped}" if escaped[:1] in (".", "'") else escaped


def _parameter(parameter: click.Parameter, context: click.Context) -> Iterator[str]:
    record = parameter.get_help_record(context)
    if record is None:
        return
    yield ".TP"
    yield f"\\fB{_roff(record[0])}\\fR"
    yield _roff(record[1])


def _verb(command: click.Command, name: str, above: click.Context) -> Iterator[str]:
    """Yield a verb, and the verbs within it."""
    context = click.Context(command, info_name=name, parent=above)
    usage = " ".join(command.collect_usage_pieces(context))
    yield f".SS {context.command_path} {_roff(usage)}"
    yield _roff(command.help or "")
    for parameter in command.get_params(context):
        if parameter.name != "help":
            yield from _parameter(parameter, context)
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            if found is not None:
                yield from _verb(found, inner, context)


def _rows(rows: tuple[tuple[str, str], ...]) -> Iterator[str]:
    for name, meaning in rows:
        yield ".TP"
        yield f"\\fB{_roff(name)}\\fR"
        yield _roff(meaning)


def manual(codes: tuple[tuple[int, str], ...]) -> str:
    """Return the man page; `codes` are the exit codes with their meanings."""
    top = click.Context(main, info_name="zmward", **main.context_settings)
    lines = [
        f'.TH ZMWARD 1 "" "zmward {version("zmward")}" "User Commands"',
        ".SH NAME",
        _NAME,
        ".SH SYNOPSIS",
        "\\fBzmward\\fR [\\fIOPTIONS\\fR] \\fIVERB\\fR [\\fIARGUMENTS\\fR]",
        ".SH DESCRIPTION",
        "zmward asks a Zimbra server a fixed list of questions, judges the answers,",
        "and prints one report. It changes nothing on the server.",
        "What it could not find out is UNKNOWN.",
        ".SH OPTIONS",
    ]
    for parameter in main.get_params(top):
        lines += _parameter(parameter, top)
    lines.append(".SH VERBS")
    for name in VERBS:
        command = import_module(f"zmward.cli.{name}").command
        lines += _verb(command, name, top)
    lines += [".SH EXIT STATUS"]
    lines += _rows(tuple((str(code), meaning) for code, meaning in codes))
    lines += [".SH FILES", *_rows(_FILES)]
    lines += [".SH ENVIRONMENT", *_rows(_VARIABLES)]
    lines += [".SH SEE ALSO", "\\fBssh\\fR(1), \\fBssh_config\\fR(5)"]
    return "\n".join(lines) + "\n"


def completion(shell: str) -> str:
    """Return the script with which a shell completes zmward's words."""
    made = _SHELLS[shell](main, {}, "zmward", _COMPLETE)
    text: str = made.source_template % made.source_vars()
    return f"{text.strip()}\n"
