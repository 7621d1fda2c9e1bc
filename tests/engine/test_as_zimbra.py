"""What runs as user zimbra has nothing of root's environment, which that user reads."""

import os
import shutil

import pytest

from zmward.doors.host import LOCK, Local
from zmward.doors.produced import produced
from zmward.doors.zimbra_host import ZimbraHost

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("runuser") is None, reason="needs root"
)


def test_secrets_of_root_do_not_go_along(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BORG_PASSPHRASE", "s3cr3t")
    monkeypatch.setenv("https_proxy", "http://me:s3cr3t@proxy.example:3128")
    monkeypatch.setenv(LOCK, "whose")
    words = ZimbraHost(Local(), user="nobody").as_zimbra("sh", "-c", "id -un; env")
    with produced(words) as stream:
        made = stream.read()
        assert stream.read() == b""
    for said in (made, Local().run(words).out):
        assert said.startswith(b"nobody\n")
        assert b"s3cr3t" not in said
        assert f"{LOCK}=whose\n".encode() in said
