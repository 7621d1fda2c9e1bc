"""Whose word is taken, by the evidence of a node, and what to set where it hides."""

import json
from pathlib import Path

import pytest

from tests.examples import facts_of
from tests.logs.files import CALLER, failed
from tests.logs.told import told
from zmward.cli.main import dispatch
from zmward.control import passes
from zmward.demo.sample import recorded
from zmward.evidence import encode
from zmward.facts import Facts
from zmward.finding import moment
from zmward.logs.event import Event
from zmward.logs.trust import trusted, written
from zmward.profile import Profile
from zmward.reports import logs_text

PROXY = "192.0.2.10"
OWN = ("127.0.0.1", PROXY, "2001:db8::5")


def of(**given: object) -> tuple[tuple[str, ...], str]:
    return trusted(facts_of(passes(**given)))


class TestTrusted:
    def test_it_is_what_the_server_believes_and_the_nodes_themselves(self) -> None:
        values = ("192.0.2.30", "[2001:db8:0:0:0:0:0:9]", "10.0.0.0/8", "a.example")
        found, note = of(config={"zimbraMailTrustedIP": values}, addresses=OWN)
        assert set(found) == {"192.0.2.30", "2001:db8::9", *OWN}
        assert note == ""

    def test_a_server_with_values_of_its_own_has_those_alone(self) -> None:
        found, _ = of(
            config={"zimbraMailTrustedIP": ("192.0.2.30",)},
            server={"zimbraMailTrustedIP": ("192.0.2.31",)},
            addresses=OWN,
        )
        assert set(found) == {"192.0.2.31", *OWN}

    def test_silence_is_told(self) -> None:
        found, note = of(addresses=OWN, missing=("ldap-servers",))
        assert set(found) == set(OWN)
        assert "whom the servers trust is not known" in note

    @pytest.mark.parametrize(
        ("address", "forms"),
        [
            ("192.0.2.10", ("192.0.2.10",)),
            ("2001:db8::5", ("[2001:db8:0:0:0:0:0:5]", "2001:db8:0:0:0:0:0:5")),
            ("[::1]", ("[0:0:0:0:0:0:0:1]", "0:0:0:0:0:0:0:1")),
        ],
    )
    def test_it_is_written_as_java_prints_it(
        self, address: str, forms: tuple[str, ...]
    ) -> None:
        assert written(address) == forms


def login(number: int, protocol: str, peer: str = "") -> Event:
    return Event(
        *(1_730_808_000.0 + number, "success", "audit", "" if peer else CALLER),
        *("anna@example.com", protocol, "proxy-only" if peer else "proxy"),
        peer=peer,
    )


class TestOrigin:
    def test_a_protocol_that_hides_is_not_made_up_for(self) -> None:
        some = [login(n, "imap") for n in range(2000)]
        some += [login(n, "soap", PROXY) for n in range(20)]
        origin = told(some).origin_ip
        assert origin.verdict == "bad"
        assert [(one.protocol, one.verdict) for one in origin.protocols] == [
            ("imap", "ok"),
            ("soap", "bad"),
        ]
        assert (origin.hiding, origin.hiding_mail) == ((PROXY,), ())
        assert told(some[:-1]).origin_ip.verdict == "ok"

    def test_the_web_is_mended_by_trust(self) -> None:
        shown = logs_text.render(told([login(0, "soap", "2001:db8::5")]), width=500)
        assert "+zimbraMailTrustedIP '[2001:db8:0:0:0:0:0:5]'" in shown
        assert "+zimbraMailTrustedIP '2001:db8:0:0:0:0:0:5'" in shown
        assert "SendImapId" not in shown

    def test_mail_is_mended_at_the_proxy(self) -> None:
        shown = logs_text.render(told([login(0, "imap", PROXY)]), width=500)
        assert "zimbraReverseProxySendImapId TRUE" in shown
        assert "zimbraMailTrustedIP" not in shown

    def test_a_share_that_will_do_needs_nothing(self) -> None:
        shown = logs_text.render(told([login(n, "soap") for n in range(30)]))
        assert "100.0 % of 30 logins show their client" in shown
        assert "zimbraMailTrustedIP" not in shown


def test_recorded_evidence_says_whom_to_trust(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = recorded()
    (tmp_path / "evidence.json").write_bytes(encode(found))
    facts = Facts(found, Profile(), moment(found.when))
    proxy = next(one for one in trusted(facts)[0] if not one.startswith(("127.", "::")))
    line = failed(f"ip={proxy};oip={CALLER}, {proxy};soapId=1;")
    (tmp_path / "audit.log").write_text(f"{line}\n")
    argv = ["logs", "report", "--dir", str(tmp_path), "--json"]
    now = ["--now", "2024-11-06", "--timezone", "UTC"]
    dispatch([*argv, *now])
    assert json.loads(capsys.readouterr().out)["sources"][0]["address"] == proxy
    dispatch([*argv, *now, "--evidence", str(tmp_path / "evidence.json")])
    assert json.loads(capsys.readouterr().out)["sources"][0]["address"] == CALLER
