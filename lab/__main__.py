"""The command line of the lab: up, down, exec, record, prove, crash, status, prune."""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from lab import crash, image, layers, product, prove, states
from lab.errors import LabError
from lab.node import Lab, labs
from lab.record import record


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab")
    verbs = parser.add_subparsers(dest="verb", required=True)
    up = verbs.add_parser("up", help="boot a lab and wait until it answers")
    up.add_argument("--nodes", choices=["single", "cluster"], default="single")
    up.add_argument("--state", choices=states.NAMES, help="of a single server")
    up.add_argument("--name", help="name of the lab (its state's, when left out)")
    down = verbs.add_parser("down", help="end a lab and leave nothing behind")
    down.add_argument("--name")
    down.add_argument("--all", action="store_true")
    execute = verbs.add_parser("exec", help="run a command on a node or outside")
    execute.add_argument("--name")
    execute.add_argument("node")
    execute.add_argument("argv", nargs=argparse.REMAINDER)
    record = verbs.add_parser("record", help="keep what zmward collects from a lab")
    record.add_argument("--name", help="a lab that is up; else one is booted for it")
    record.add_argument("--state", choices=states.NAMES, default="default")
    record.add_argument("output", type=Path)
    proof = verbs.add_parser("prove", help="repair a node, take it back, compare")
    proof.add_argument("--state", choices=["default", "careless"], action="append")
    death = verbs.add_parser("crash", help="kill apply at every moment, take it back")
    death.add_argument("--sample", type=int, default=0, help="so many points only")
    death.add_argument("--jobs", type=int, default=2, help="so many nodes at once")
    verbs.add_parser("build", help="build the image and every state, boot nothing")
    verbs.add_parser("status", help="list the labs")
    verbs.add_parser("prune", help="remove cached layers that are out of date")
    return parser


def _chosen(name: str | None) -> Lab:
    found = labs()
    if name is not None:
        for lab in found:
            if lab.name == name:
                return lab
        return Lab(name)
    if len(found) == 1:
        return found[0]
    names = ", ".join(lab.name for lab in found) or "none"
    raise LabError(f"say which lab with --name; there are: {names}")


def _up(options: argparse.Namespace) -> None:
    state = options.state or "default"
    if options.nodes == "cluster":
        if options.state is not None:
            raise LabError("a cluster has one state: leave out --state")
        state = states.CLUSTER
    lab = Lab(options.name or state, state)
    start = time.monotonic()
    lab.up()
    print(f"lab: {lab.name} is up after {time.monotonic() - start:.1f} s")
    enter = f"ip netns exec {lab.network.outside} ssh -F {lab.ssh_config}"
    for node in lab.nodes:
        print(f"lab: python -m lab exec --name {lab.name} {node.name} -- hostname")
        print(f"lab: {enter} {node.name} true")


def _exec(options: argparse.Namespace) -> None:
    argv = options.argv[1:] if options.argv[:1] == ["--"] else options.argv
    if not argv:
        raise LabError("exec needs a command: python -m lab exec mail -- COMMAND")
    command = _chosen(options.name).argv(options.node, argv)
    sys.stdout.flush()
    os.execvp(command[0], command)  # noqa: S606 - no shell is wanted


def _down(options: argparse.Namespace) -> None:
    for lab in labs() if options.all else [_chosen(options.name)]:
        lab.down()
        print(f"lab: {lab.name} is down")


def _record(options: argparse.Namespace) -> None:
    if options.name is not None:
        record(_chosen(options.name), options.output)
        return
    lab = Lab(f"record-{os.getpid()}", options.state)
    try:
        lab.up()
        record(lab, options.output)
    finally:
        lab.down()


def _status() -> None:
    for lab in labs():
        for node in lab.nodes:
            try:
                word = f"up, process {lab.leader(node.name)}"
            except LabError:
                word = "left behind; run down"
            print(f"{lab.name}\t{lab.state}\t{node.name}\t{word}")


def _proven(options: argparse.Namespace) -> int:
    if options.verb == "crash":
        return crash.main(options.sample, options.jobs)
    return prove.main(options.state or ["default", "careless"])


def _build() -> None:
    for name in states.NAMES:
        states.ensure_state(name)
    states.ensure_nodes(states.CLUSTER)


def _prune() -> None:
    top = image.top_layer()
    kept = [image.base_layer(), top, product.layer()]
    for name in (*states.NAMES, states.CLUSTER):
        kept += states.layers_of(name, top)
    print("\n".join(layers.prune(kept)))


def main(argv: Sequence[str]) -> int:
    """Run one verb and return the exit code."""
    options = _parser().parse_args(argv)
    try:
        match options.verb:
            case "up":
                _up(options)
            case "down":
                _down(options)
            case "exec":
                _exec(options)
            case "record":
                _record(options)
            case "prove" | "crash":
                return _proven(options)
            case "build":
                _build()
            case "status":
                _status()
            case "prune":
                _prune()
    except LabError as failure:
        print(f"lab: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
