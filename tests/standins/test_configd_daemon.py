"""zmconfigd compares inputs, rewrites what they touch and restarts after that."""

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from lab.zimbra.configd import postconf
from lab.zimbra.configd.daemon import Daemon
from lab.zimbra.configd.rewriter import Rewriter
from lab.zimbra.configd.sections import load
from lab.zimbra.configd.writer import Writer
from tests.standins.configd_twin import Twin

SHIPPED = Path(__file__).parents[2] / "lab/rootfs/opt/zimbra"
# Stands for Postfix' editor where none is installed: keeps the words it was given.
EDITOR = """#!{python}
import sys
with open(sys.argv[2] + "/main.cf", "a") as file:
    file.write("".join(word + "\\n" for word in sys.argv[4:]))
"""


@dataclass
class Server:
    """One home directory, its directory twin and what the daemon did."""

    home: Path
    twin: Twin = field(default_factory=Twin)
    restarts: list[list[str]] = field(default_factory=list)
    answers: Callable[[list[str]], str] = lambda _: ""

    def __post_init__(self) -> None:
        editor = self.home / "postconf"
        editor.write_text(EDITOR.format(python=sys.executable))
        editor.chmod(0o755)
        rewriter = Rewriter(Writer(self.home, None), lambda _: None, editor)
        self.daemon = Daemon(
            load(), rewriter, self.twin.read, lambda _: None, self._tell
        )

    def _tell(self, command: list[str]) -> str:
        self.restarts.append(command)
        return self.answers(command)

    def parameter(self, name: str) -> str:
        """Return the last value that main.cf was given."""
        lines = (self.home / "common/conf/main.cf").read_text().splitlines()
        found = [line for line in lines if line.startswith(f"{name} =")]
        return found[-1].partition("=")[2].strip()


@pytest.fixture
def server(tmp_path: Path) -> Server:
    home = tmp_path / "zimbra"
    ignored = shutil.ignore_patterns(
        "sbin", "libexec", "bin", "lib", "jetty", "mailboxd"
    )
    shutil.copytree(SHIPPED, home, ignore=ignored, symlinks=True)
    return Server(home)


def test_the_first_round_writes_everything_and_restarts_nothing(
    server: Server,
) -> None:
    touched = server.daemon.round()
    assert {"mta", "proxy", "amavis", "sasl", "opendkim"} <= set(touched)
    assert server.restarts == []


def test_a_round_without_changes_does_nothing(server: Server) -> None:
    server.daemon.round()
    assert server.daemon.round() == ()


def test_a_watched_attribute_rewrites_and_reloads(server: Server) -> None:
    server.daemon.round()
    server.twin.own["zimbraMtaTlsAuthOnly"] = ["FALSE"]
    assert server.daemon.round() == ("mta",)
    assert server.parameter("smtpd_tls_auth_only") == "no"
    assert server.restarts == [["systemctl", "reload", "zimbra-mta.service"]]


def test_trusted_networks_reach_all_four_consumers(server: Server) -> None:
    server.daemon.round()
    server.twin.own["zimbraMtaMyNetworks"] = ["127.0.0.0/8 198.51.100.0/24"]
    assert set(server.daemon.round()) == {"amavis", "antispam", "opendkim", "mta"}
    files = (
        "conf/amavisd.conf",
        "data/spamassassin/localrules/salocal.cf",
        "conf/opendkim-localnets.conf",
        "common/conf/main.cf",
    )
    for name in files:
        assert "198.51.100.0/24" in (server.home / name).read_text()


def test_a_changed_output_is_not_noticed(server: Server) -> None:
    server.daemon.round()
    includes = server.home / "conf/nginx/includes/nginx.conf.web"
    includes.write_text("by hand")
    assert server.daemon.round() == ()
    assert includes.read_text() == "by hand"


def test_a_forced_rewrite_removes_what_was_changed_by_hand(server: Server) -> None:
    server.daemon.round()
    includes = server.home / "conf/nginx/includes/nginx.conf.web"
    includes.write_text("by hand")
    server.daemon.force(["proxy"])
    assert includes.read_text() != "by hand"
    assert server.restarts == []


@pytest.mark.parametrize(
    "attribute",
    [
        "zimbraMailboxdSSLProtocols",
        "zimbraAdminPort",
        "zimbraReverseProxyStrictServerNameEnabled",
        "zimbraReverseProxySSLToUpstreamEnabled",
        "zimbraMailMode",
        "zimbraMtaBlockedExtensionWarnRecipient",
    ],
)
def test_attributes_that_nobody_watches_trigger_nothing(
    server: Server, attribute: str
) -> None:
    server.daemon.round()
    server.twin.own[attribute] = ["FALSE"]
    assert server.daemon.round() == ()


def test_warn_recipient_takes_effect_with_the_next_rewrite(server: Server) -> None:
    server.twin.config["zimbraMtaBlockedExtension"] = ["exe", "bat"]
    server.daemon.round()
    assert server.parameter("header_checks") == ""
    server.twin.config["zimbraMtaBlockedExtensionWarnRecipient"] = ["FALSE"]
    server.daemon.round()
    assert server.parameter("header_checks") == ""
    server.daemon.force(["mta"])
    assert server.parameter("header_checks") == (
        "pcre:/opt/zimbra/conf/postfix_header_checks"
    )
    text = (server.home / "conf/postfix_header_checks").read_text()
    assert text.startswith("/^Content-")
    assert "(exe|bat)" in text


def test_the_dead_attribute_changes_nothing(server: Server) -> None:
    server.daemon.round()
    server.twin.own["zimbraMtaSmtpTlsMandatoryProtocols"] = [">=TLSv1.2"]
    assert server.daemon.round() == ()
    server.daemon.force(["mta"])
    assert server.parameter("smtp_tls_mandatory_protocols") == ""


def test_port_465_offers_authentication_whatever_the_attribute_says(
    server: Server,
) -> None:
    server.twin.own["zimbraMtaSaslAuthEnable"] = ["no"]
    server.daemon.round()
    text = (server.home / "common/conf/master.cf").read_text()
    wrapped, _, submission = text.partition("\nsubmission ")
    assert "smtpd_sasl_auth_enable=yes" in wrapped
    assert "smtpd_sasl_auth_enable=no" in submission


def test_restarts_can_be_switched_off(server: Server) -> None:
    server.twin.local["zmconfigd_enable_config_restarts"] = "false"
    server.daemon.round()
    server.twin.own["zimbraMtaTlsAuthOnly"] = ["FALSE"]
    assert server.daemon.round() == ("mta",)
    assert server.restarts == []


def test_a_failed_restart_is_tried_as_often_as_localconfig_says(
    server: Server,
) -> None:
    server.daemon.round()
    server.answers = lambda _: "refused"
    server.twin.own["zimbraMtaTlsAuthOnly"] = ["FALSE"]
    server.daemon.round()
    assert len(server.restarts) == int(
        server.twin.local["zmconfigd_max_failed_restarts"]
    )


def test_sections_of_disabled_services_are_skipped(server: Server) -> None:
    server.twin.own["zimbraServiceEnabled"] = ["mta"]
    assert "proxy" not in server.daemon.round()


def test_generated_files_are_closed_by_default(server: Server) -> None:
    server.daemon.round()
    modes = {
        "conf/amavisd.conf": 0o440,
        "common/conf/master.cf": 0o440,
        "conf/freshclam.conf": 0o600,
        "conf/sasl2/smtpd.conf": 0o640,
        "conf/nginx.conf": 0o644,
    }
    for name, mode in modes.items():
        assert (server.home / name).stat().st_mode & 0o777 == mode


def test_a_line_break_in_a_value_adds_no_parameter(server: Server) -> None:
    main = server.home / "common/conf"
    editor = server.home / "postconf"
    postconf.edit(editor, main, {"relayhost": "a\nmynetworks = 0.0.0.0/0"})
    assert "0.0.0.0/0" not in (main / "main.cf").read_text()


def test_a_section_that_fails_is_tried_again(server: Server) -> None:
    template = server.home / "conf/clamd.conf.in"
    kept = template.read_text()
    template.unlink()
    assert "antivirus" not in server.daemon.round()
    template.write_text(kept)
    assert server.daemon.round() == ("antivirus",)


def test_the_proxy_is_restarted_not_reloaded(server: Server) -> None:
    server.daemon.round()
    server.twin.own["zimbraReverseProxyAdminEnabled"] = ["TRUE"]
    server.daemon.round()
    assert server.restarts == [["systemctl", "restart", "zimbra-proxy.service"]]
