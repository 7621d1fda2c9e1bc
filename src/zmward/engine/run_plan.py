"""The plan of a run, kept as it was applied."""

import msgspec

from zmward.doors.files import look, must, read_bytes
from zmward.doors.host import Door
from zmward.engine.state import Run, put
from zmward.errors import Refused, Usage
from zmward.plan import Plan


def create(door: Door, run: Run, plan: Plan) -> None:
    """Make a run's folders and keep its plan."""
    for folder in (run.folder, f"{run.folder}/store"):
        must(door.run(("mkdir", "-m", "0700", "--", folder)), "mkdir", folder)
    put(door, run.plan, msgspec.json.encode(plan))


def plan_of(door: Door, run: Run) -> Plan:
    """Return the plan of a run."""
    if look(door, run.plan) is None:
        if look(door, run.journal) is not None:
            raise Refused(
                f"The old contents of the run {run.id} are removed, as it was over "
                "long ago: it cannot be taken back any more."
            )
        raise Usage(f"There is no run {run.id} here: `zmward history` lists them.")
    try:
        return msgspec.json.decode(read_bytes(door, run.plan), type=Plan)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise Refused(
            f"{run.plan} is damaged: {error}. On the host, `sh {run.script}` takes "
            "the run back without it."
        ) from error
