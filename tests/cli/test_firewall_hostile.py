"""The verbs of the firewall with answers that no honest server gives: never a bug."""

import json
from pathlib import Path

import pytest

from tests.cli.firewall_files import NODE, evidence, recorded, site, written
from zmward.cli.firewall_place import ASKED
from zmward.cli.main import dispatch

VERBS = (
    ("show",),
    ("check", "--json"),
    ("explain", "--planned", "--src", "2001:db8::1", "--dst-port", "22"),
)
ODD = (
    "",
    "\n",
    "\x00\x1b]0;x\x07\n",
    "x\n" * 3,
    "> \n",
    "> nft\n{}\n",
    '> nft\n{"nftables": [{"rule": 1}]}\n',
    "tcp LISTEN 0 5 [::ffff:1.2.3.4]:99999 *:*\n",
    "tcp LISTEN 0 5 *:22 *:*\nsctp LISTEN 0 5 *:9 *:*\n",
    "1: \u202eeth0 inet 1.2.3.4/24\n",
    "ESTAB 0 0 [fe80::1%eth0]:22 [fe80::2%eth0]:5\n",
    "ESTAB 0 0 192.0.2.10:22 999.1.1.1:5\n",
    "dn: cn=mail.example.test,cn=servers,cn=zimbra\ncn: mail.example.test\n",
    "dn: cn=x\nzimbraMailSSLProxyPort: -1\n",
    "port 0\nport x\n",
    "> user=root addr=1\nport 70000\n",
    f"> {NODE}\n::1\n> \u202e\n",
    "<localconfig><key name='x'><value>" + "y" * 9 + "</value></key></localconfig>",
    "a" * 10_000,
)


# Every third; `make proofs` takes all of them.
SOURCES = [
    pytest.param(one.name, marks=[pytest.mark.proof] if number % 3 else [])
    for number, one in enumerate(ASKED)
]


@pytest.mark.parametrize("source", SOURCES)
def test_no_answer_of_one_source_is_a_bug(
    source: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = ("--profile", site(tmp_path))
    for text in (None, *ODD):
        if source.startswith("ldap-"):
            document = recorded()
            kept: dict[str, object] = {"type": "answer", "text": text}
            if text is None:
                kept = {"type": "missing", "reason": "it was not asked"}
            document["answers"]["directory"][source] = kept
            path = written(tmp_path, document)
        else:
            path = evidence(tmp_path, {source: text})
        for words in VERBS:
            code = dispatch(["firewall", *words, "--evidence", path, *own])
            said = capsys.readouterr()
            assert code in (0, 1, 2, 3, 4), (text, words, said.err)
            assert "\x1b" not in said.out + said.err
            assert "\u202e" not in said.out + said.err
            if "--json" in words and code != 2 and said.out:
                json.loads(said.out)


@pytest.mark.parametrize("words", [*VERBS[:2], ("render", "--format", "iptables")])
def test_a_nodes_own_name_steers_nothing(
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "ma\x1b]0;x\x07il\u202e<script>\n$(id)"
    text = json.dumps(recorded()).replace(NODE, json.dumps(name)[1:-1])
    path = written(tmp_path, json.loads(text))
    own = ("--profile", site(tmp_path))
    assert dispatch(["firewall", *words, "--evidence", path, *own]) in (0, 1, 3, 4)
    said = capsys.readouterr()
    assert "script" in said.out + said.err
    assert "\n$(id)" not in said.out + said.err
    assert not {"\x1b", "\x07", "\u202e"} & set(said.out + said.err)
