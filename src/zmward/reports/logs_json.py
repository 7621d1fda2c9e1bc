"""The report on logs as JSON: zmward.logs/1."""

import msgspec

from zmward.logs.report import LogReport

SCHEMA = "zmward.logs/1"


def render(found: LogReport) -> str:
    """Return the report as indented JSON."""
    fields = {"schema": SCHEMA, **msgspec.to_builtins(found)}
    text = msgspec.json.format(msgspec.json.encode(fields)).decode()
    return f"{text}\n"
