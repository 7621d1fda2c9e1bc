"""Who a host is: its name, its clock, and a machine id that does not leave it."""

from pathlib import Path

import pytest

from zmward.doors.host import Local
from zmward.engine.collect import collect
from zmward.sources.identity import IDENTITY, fingerprint, parse

MACHINE_ID = Path("/etc/machine-id")


@pytest.mark.skipif(not MACHINE_ID.exists(), reason="this machine has no id")
def test_the_script_and_the_code_name_a_machine_alike() -> None:
    evidence = collect(Local(), (IDENTITY,), "0")
    answer = evidence.answer(evidence.hosts[0], IDENTITY.name)
    own = MACHINE_ID.read_text()
    text = getattr(answer, "text", "")
    assert parse(text).machine == fingerprint(own)
    assert own.strip() not in text


def test_a_host_without_an_id_has_no_fingerprint() -> None:
    assert parse("name a\ntime 1\n").machine == ""
