"""Walks through the directory's doors in a process of their own, here or over ssh."""

import json
import os
import subprocess
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from lab.layers import REPOSITORY
from lab.node import Lab

from tests.lab.traced import Watch, behind_sshd, programs, shown, strace
from tests.lab.zimbra_tools import tool

# Carries out steps [verb, arguments…] and says each outcome in a line of JSON.
PROGRAM = """
import json, sys
from zmward.doors.host import Local, Remote
from zmward.doors.open_directory import open_directory
from zmward.doors.zimbra_host import ZimbraHost
from zmward.errors import Fault, Refused

def tuples(values):
    return {n: None if v is None else tuple(v) for n, v in values.items()}

said = []
door = Remote("root@mail") if sys.argv[1] == "remote" else Local()
steps = json.load(sys.stdin)
try:
    opened = open_directory(ZimbraHost(door), said.append)
except Refused as error:
    print(json.dumps({"refused": str(error)}))
    sys.exit(4)
for verb, *words in steps:
    try:
        if verb == "write":
            words[1] = tuples(words[1])
        if verb == "count":
            answer = [opened.requests, opened.logins]
        elif verb == "unflushed":
            answer = opened.unflushed
        elif verb == "said":
            answer = said
        elif verb == "service":
            argv = ["systemctl", words[0], "zimbra-mailboxd"]
            answer = door.run(argv, seconds=120).code
        elif verb == "run":
            answer = door.run(words).code
        elif verb == "reopen":
            opened.close()
            opened = open_directory(ZimbraHost(door), said.append)
            answer = None
        else:
            answer = getattr(opened, verb)(*words)
        print(json.dumps({"answer": answer}))
    except Fault as error:
        print(json.dumps({"fault": error.fault, "text": error.text}))
    except Refused as error:
        print(json.dumps({"refused": str(error)}))
opened.close()
"""
ROUND: list[list[Any]] = [["reopen"], ["read", "global", ["zimbraMtaRelayHost"]]]


def command(lab: Lab, way: str) -> list[str]:
    """Return the argv that runs PROGRAM on the node, or outside over ssh."""
    if way == "local":
        place = ["env", "PYTHONPATH=/opt/zmward", "python3", "-c", PROGRAM, way]
        return lab.argv("mail", place)
    words = [f"PATH={lab.programs}:{os.environ['PATH']}"]
    words += [f"PYTHONPATH={REPOSITORY / 'src'}", sys.executable, "-c", PROGRAM, way]
    return lab.argv("outside", ["env", *words])


def walked(argv: list[str], *steps: list[Any]) -> list[Any]:
    """Carry out steps, all in one process, and return what it said of each."""
    done = subprocess.run(
        argv,
        input=json.dumps(steps),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert not done.stderr, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def answers(found: list[Any]) -> list[Any]:
    return [one.get("answer", one) for one in found]


def secrets(node: Lab) -> list[str]:
    """Return the passwords of LDAP and of the keystore."""
    keys = ("zimbra_ldap_password", "mailboxd_keystore_password")
    run = tool(node, "zmlocalconfig")
    found = [run("-s", "-m", "nokey", key).stdout.strip() for key in keys]
    assert all(found)
    return found


class Watched:
    """Walks of which no start of a program is missed, on either side of ssh.

    Samples alone miss what lives for a moment; a trace alone misses what a process
    makes of its own argv later.
    """

    def __init__(self, node: Lab, way: str, folder: Path) -> None:
        self.node, self.way = node, way
        self.own, self.far = folder / "own", folder / "far"
        # The far side is where curl and ldapsearch run.
        self.there = self.far if way == "remote" else self.own

    def walk(self, wanted: list[str], *steps: list[Any]) -> tuple[list[Any], Watch]:
        """Carry out steps and return what they said, and who watched."""
        argv = command(self.node, self.way)
        if self.way == "remote":
            # ssh's connection stays open after it: strace would wait for its end.
            walked(argv)
        watching = Watch(self.node, wanted)
        watching.start()
        try:
            with self._behind():
                return walked([*strace(self.own), *argv], *steps), watching
        finally:
            watching.ended.set()
            watching.join()

    def _behind(self) -> AbstractContextManager[None]:
        remote = self.way == "remote"
        return behind_sshd(self.node, self.far) if remote else nullcontext()

    def round(self, times: int) -> None:
        """Reopen the directory so many times: nobody shows a secret, and all ran."""
        wanted = secrets(self.node)
        found, watching = self.walk(wanted, *ROUND * times)
        assert answers(found)[1::2] == [{"zimbraMtaRelayHost": None}] * times
        for program in ("/usr/bin/curl", "/usr/bin/ldapsearch"):
            assert programs(self.there, program) >= times
        assert not shown(self.own, wanted)
        assert not shown(self.there, wanted)
        assert watching.looked
        assert not watching.seen
