"""Words to a person who is not there any more must not stop the work."""

import os
import subprocess
import sys

_TALKS = """
import sys
from zmward.cli.repairing import say
say("one")
print("still at work")
"""


def test_a_terminal_that_is_gone_does_not_stop_the_work() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    argv = [sys.executable, "-c", _TALKS]
    try:
        done = subprocess.run(
            argv, stdout=subprocess.PIPE, stderr=writer, check=False, timeout=60
        )
    finally:
        os.close(writer)
    assert done.stdout == b"still at work\n"
