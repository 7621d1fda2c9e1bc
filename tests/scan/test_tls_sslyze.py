"""What the program sslyze says, read with distrust and laid beside our own look."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from zmward.doors.sslyze import Opinion, ask, differences, parse
from zmward.errors import Unreachable
from zmward.scan.tls_shown import Spoken, TlsShown

SAID = Path(__file__).with_name("sslyze.json").read_bytes()
_MODERN = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
_STATIC = "TLS_RSA_WITH_AES_128_CBC_SHA"
OURS = TlsShown(
    "127.0.0.1",
    443,
    protocols=(
        Spoken("TLS 1.3", "accepted", ciphers=("TLS_AES_128_GCM_SHA256",), every=True),
        Spoken("TLS 1.2", "accepted", ciphers=(_STATIC, _MODERN), every=True),
        Spoken("TLS 1.1", "accepted", ciphers=(_STATIC,), every=True),
        Spoken("TLS 1.0", "accepted", ciphers=(_STATIC,), every=True),
        Spoken("SSLv3", "refused"),
    ),
    compression=False,
    safe_renegotiation=True,
)


def test_its_verdicts_are_read() -> None:
    found = parse(SAID)
    assert found.version == "6.3.1"
    assert found.ciphers["SSLv3"] == ()
    assert set(found.ciphers["TLS 1.2"]) == {_MODERN, _STATIC}
    assert "TLS_RSA_WITH_RC4_128_SHA" in found.refused["SSLv3"]
    assert found.compression is False
    assert found.safe_renegotiation is True


def test_what_it_could_not_find_out_is_absent() -> None:
    found = parse(SAID)
    assert "TLS 1.1" not in found.ciphers
    assert found.flaws == {
        "heartbleed": False,
        "session_renegotiation": False,
        "robot": False,
    }


@pytest.mark.parametrize(
    ("result", "flaw"),
    [
        ("VULNERABLE_STRONG_ORACLE", True),
        ("NOT_VULNERABLE_RSA_NOT_SUPPORTED", False),
        ("UNKNOWN_INCONSISTENT_RESULTS", None),
    ],
)
def test_only_a_clear_word_is_a_flaw_or_none(result: str, flaw: object) -> None:
    said = SAID.replace(b"NOT_VULNERABLE_NO_ORACLE", result.encode())
    assert parse(said).flaws.get("robot") is flaw


class TestBesideOurs:
    def test_the_same_is_no_difference(self) -> None:
        assert differences(OURS, parse(SAID)) == ()

    def test_what_one_does_not_judge_is_no_difference(self) -> None:
        unknown = tuple(
            replace(one, state="unknown", ciphers=()) for one in OURS.protocols
        )
        ours = replace(
            OURS, protocols=unknown, compression=None, safe_renegotiation=None
        )
        assert differences(ours, parse(SAID)) == ()

    def test_another_verdict_is_one(self) -> None:
        (told,) = differences(
            replace(OURS, protocols=(Spoken("TLS 1.0", "refused"),)), parse(SAID)
        )
        assert told.startswith("TLS 1.0: refused here")
        (told,) = differences(replace(OURS, compression=True), parse(SAID))
        assert "compression" in told

    @pytest.mark.parametrize(
        ("ciphers", "every", "odd"),
        [
            ((_MODERN,), True, _STATIC),
            ((_MODERN,), False, ""),
            ((_MODERN, "TLS_RSA_WITH_NULL_SHA"), False, ""),
            ((_STATIC, _MODERN, "TLS_RSA_WITH_RC4_128_SHA"), False, "RC4"),
        ],
    )
    def test_ciphers_differ_where_both_know_them(
        self, ciphers: tuple[str, ...], every: object, odd: str
    ) -> None:
        spoken = Spoken("TLS 1.2", "accepted", ciphers=ciphers, every=bool(every))
        told = differences(replace(OURS, protocols=(spoken,)), parse(SAID))
        assert bool(told) == bool(odd)
        assert odd in "".join(told)


def _program(place: Path, text: str) -> str:
    path = place / "sslyze"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


class TestTheProgram:
    def test_it_is_called_with_whole_words(self, tmp_path: Path) -> None:
        (tmp_path / "said").write_bytes(SAID)
        text = f'printf "%s\\n" "$@" > {tmp_path}/heard; cat {tmp_path}/said'
        program = _program(tmp_path, text)
        found = ask("2001:db8::1", 25, "mail.example.test", "smtp", program)
        words = (tmp_path / "heard").read_text().splitlines()
        assert found == parse(SAID)
        assert "--starttls=smtp" in words
        assert "--sni=mail.example.test" in words
        assert words[-1] == "[2001:db8::1]:25"

    @pytest.mark.parametrize("text", ["true", "echo no >&2; exit 1", "echo '{'"])
    def test_who_says_nothing_has_no_opinion(self, tmp_path: Path, text: str) -> None:
        with pytest.raises(Unreachable, match="sslyze"):
            ask("127.0.0.1", 1, "", program=_program(tmp_path, text))

    def test_where_it_is_not_installed_that_is_said(self) -> None:
        with pytest.raises(Unreachable, match="not installed"):
            ask("127.0.0.1", 1, "", program="sslyze-that-is-not-there")

    def test_protocols_that_it_does_not_know_are_not_asked(self) -> None:
        with pytest.raises(Unreachable, match="lmtp"):
            ask("127.0.0.1", 24, "", "lmtp")


def test_a_port_that_it_did_not_reach_has_no_opinion() -> None:
    said = json.loads(SAID)
    said["server_scan_results"][0]["scan_result"] = None
    nobody: list[object] = []
    for servers in (nobody, said["server_scan_results"]):
        with pytest.raises(Unreachable, match="could not speak"):
            parse(json.dumps({**said, "server_scan_results": servers}).encode())


@given(noise=st.binary(max_size=60), place=st.integers(0, len(SAID)))
def test_noise_is_unreachable_and_nothing_else(noise: bytes, place: int) -> None:
    try:
        found = parse(SAID[:place] + noise + SAID[place + 9 :])
    except Unreachable:
        return
    assert isinstance(found, Opinion)
