"""A daemon is ready when it takes connections, not when its socket is a file."""

import socket
import subprocess
import threading
import time
from pathlib import Path

from zmward.engine.drill_part import ready


def test_a_socket_that_nobody_listens_at_is_waited_for(tmp_path: Path) -> None:
    place = tmp_path / "s"
    with (
        socket.socket(socket.AF_UNIX) as server,
        subprocess.Popen(["cat"], stdin=-1) as cat,
    ):
        server.bind(str(place))
        assert place.exists()
        assert not ready(place, cat, 0.3)
        later = threading.Timer(0.5, server.listen)
        later.start()
        began = time.monotonic()
        assert ready(place, cat, 30)
        assert time.monotonic() - began > 0.3
        later.join()


def test_a_daemon_that_has_gone_is_not_waited_for(tmp_path: Path) -> None:
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
        began = time.monotonic()
        assert not ready(tmp_path / "s", gone, 30)
        assert time.monotonic() - began < 10
