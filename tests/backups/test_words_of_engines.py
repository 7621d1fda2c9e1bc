"""What an engine says in JSON that is no text breaks nothing."""

import pytest

from zmward.backup_places import Copy
from zmward.doors import backup_streams as streams
from zmward.doors.backup_sinks import _stored

RESTIC, BORG = Copy("r", "restic", "/r", password_file="/p"), Copy("b", "borg", "/b")
SUMMARY = b'{"message_type":"summary","total_bytes_processed":7}\n'


@pytest.mark.parametrize("row", [b'{"message_type":"\xff"}\n', b"\xff\n", b"{\n"])
def test_a_row_that_is_no_text_stores_nothing(row: bytes) -> None:
    assert _stored(RESTIC, SUMMARY + row) == 7
    assert _stored(BORG, row) == -1


@pytest.mark.parametrize("row", [b'{"path":"\xff"}\n', b"\xff\n"])
def test_a_list_that_is_no_text_is_lost(
    monkeypatch: pytest.MonkeyPatch, row: bytes
) -> None:
    monkeypatch.setattr(streams, "_lines", lambda _argv: iter([row]))
    with pytest.raises(streams.Lost, match="no file"):
        list(streams._named(BORG, "piece", 0.0))
