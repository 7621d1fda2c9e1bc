"""Which services a node runs, and where: followed through settings and sockets."""

import pytest

from tests.firewall.site import NODE, SERVICES, cluster, single
from zmward.catalog.attributes import attributes
from zmward.catalog.flows import EVERY, FLOWS
from zmward.catalog.foreign_ports import FOREIGN, PORTLESS, by_program, foreign
from zmward.catalog.localconfig import keys
from zmward.catalog.ports import PORTS, ports
from zmward.firewall.rules import PROTOCOLS
from zmward.firewall.services import Service, services
from zmward.profile import Services
from zmward.sources.listeners import Listener
from zmward.sources.localconfig import Localconfig

# Out of the schema for long; only a socket on it would be told.
_GONE = {"zimbraNotifyBindPort", "zimbraNotifySSLBindPort"}


def found(*args: object, **given: object) -> dict[str, Service]:
    facts = single(*args, **given)  # type: ignore[arg-type]  # passed on as it is
    return {service.name: service for service in services(facts, NODE)}


# Every port of Zimbra that is documented, by protocol.
TCP_PORTS = (
    *(25, 465, 587, 80, 443, 110, 995, 143, 993, 9071, 3443),
    *(8080, 8443, 7071, 7072, 7073, 7074, 9443, 7025, 7110, 7995, 7143, 7993),
    *(8143, 8993, 7026, 7285, 7306, 7307, 7308, 5222, 5223, 5269, 7335),
    *(8735, 8736, 8742, 8743, 7047, 7780, 7084, 7085, 5672, 25672, 4369, 9980),
    *(8081, 8888, 10663, 22, 7867, 7171, 389, 636, 11211, 53, 514),
    *(10024, 10025, 10026, 10027, 10028, 10029, 10030, 10031, 10032),
    *(8465, 3310, 23232, 23233),
)
UDP_PORTS = (161, 162, 7035, 7036, 53, 514)


class TestTheRows:
    def test_every_documented_port_has_one(self) -> None:
        own = {(protocol, row.port) for row in PORTS for protocol in row.protocols}
        documented = {("tcp", port) for port in TCP_PORTS}
        assert own == documented | {("udp", port) for port in UDP_PORTS}

    def test_a_foreign_port_is_none_of_zimbras(self) -> None:
        # SNMP is the same program, whoever installed it.
        for row in PORTS:
            for protocol in row.protocols:
                other = foreign(protocol, row.port)
                assert other is None or other.name == "snmp-agent", row.name

    def test_foreign_ports_have_one_row_each(self) -> None:
        seen: set[tuple[str, int]] = set()
        for row in FOREIGN:
            for first, last in row.ports:
                own = {(row.protocol, port) for port in range(first, last + 1)}
                assert not own & seen, row.name
                seen |= own

    def test_foreign_names_are_unique(self) -> None:
        assert len({row.name for row in FOREIGN}) == len(FOREIGN)

    def test_what_closes_by_itself_is_said_and_what_is_asked_has_a_reason(self) -> None:
        for row in FOREIGN:
            assert not row.noise or row.usual == "close", row.name
            if row.usual in ("ask", "allow") and not row.programs:
                assert row.why, row.name

    def test_a_program_is_known_by_what_ss_shows_of_its_name(self) -> None:
        row = by_program("blackbox_export")
        assert row
        assert row.name == "blackbox-exporter"
        assert by_program("") is None
        assert by_program("python3") is None

    def test_names_are_unique(self) -> None:
        assert len(ports()) == len(PORTS)
        assert not ports().keys() & {row.name for row in FOREIGN}

    def test_settings_exist_in_zimbra(self) -> None:
        for row in PORTS:
            named = (
                row.attribute,
                row.bind,
                *(w.setting for w in row.when if not w.local),
            )
            for name in filter(None, named):
                assert name in attributes() or name in _GONE, (row.name, name)
            local = (row.key, *(w.setting for w in row.when if w.local))
            for name in filter(None, local):
                assert name in keys() or name.startswith("xmpp_"), (row.name, name)

    def test_usual_ports_are_the_defaults_of_the_schema(self) -> None:
        moved = {"http", "https", "mailbox-http", "mailbox-https"}
        for row in PORTS:
            schema = attributes().get(row.attribute)
            if schema and schema.defaults.global_config and row.name not in moved:
                assert schema.defaults.global_config == (str(row.port),), row.name

    def test_what_users_want_is_a_key_of_the_profile(self) -> None:
        for row in PORTS:
            assert row.wanted in ("", *Services.__struct_fields__)

    def test_flows_name_services_that_exist(self) -> None:
        roles = {role for row in PORTS for role in row.roles} | {EVERY}
        for flow in FLOWS:
            assert set(flow.services) <= ports().keys(), flow
            assert {flow.source, flow.target} <= roles, flow

    def test_foreign_protocols_are_known(self) -> None:
        for row in FOREIGN:
            assert row.protocol in {*PORTLESS, *PROTOCOLS}
            assert bool(row.ports) is (row.protocol not in PORTLESS)

    def test_a_range_knows_its_ports(self) -> None:
        row = foreign("udp", 5405)
        assert row
        assert row.name == "corosync"
        assert foreign("tcp", 5405) is None


class TestAServer:
    def test_a_moved_port_is_followed(self) -> None:
        assert found({"zimbraAdminPort": "17071"})["mailbox-admin"].port == 17071

    def test_the_global_value_counts_where_the_server_has_none(self) -> None:
        own = found({}, {"zimbraAdminPort": "27071"})["mailbox-admin"]
        assert (own.port, own.port_from) == (27071, "zimbraAdminPort")

    def test_the_servers_value_wins(self) -> None:
        own = found({"zimbraAdminPort": "1"}, {"zimbraAdminPort": "2"})
        assert own["mailbox-admin"].port == 1

    def test_port_zero_is_closed(self) -> None:
        assert "http" not in found({"zimbraMailProxyPort": "0"})

    @pytest.mark.parametrize(
        ("mode", "web"),
        [
            ("https", {"https"}),
            ("http", {"http"}),
            ("redirect", {"http", "https"}),
            ("both", {"http", "https"}),
        ],
    )
    def test_the_mode_decides_over_the_web(self, mode: str, web: set[str]) -> None:
        own = found({"zimbraReverseProxyMailMode": mode})
        assert {"http", "https"} & own.keys() == web

    def test_localconfig_moves_ports(self) -> None:
        own = found(localconfig=Localconfig({"mysql_port": "3307"}))
        assert own["mariadb"].port == 3307

    def test_a_service_that_is_not_enabled_does_not_run(self) -> None:
        own = found({"zimbraServiceEnabled": ("mta",)})
        assert "smtp" in own
        assert not {"ldap", "memcached", "https", "lmtp", "mailbox-admin"} & own.keys()

    def test_the_admin_proxy_is_off_until_it_is_on(self) -> None:
        assert "proxy-admin" not in found()
        own = found({"zimbraReverseProxyAdminEnabled": "TRUE"})
        assert own["proxy-admin"].port == 9071

    def test_the_milter_is_off_until_it_is_on(self) -> None:
        assert "milter" not in found()
        assert "milter" in found({"zimbraMilterServerEnabled": "TRUE"})

    def test_modules_that_the_directory_does_not_name_are_seen_by_their_socket(
        self,
    ) -> None:
        assert "ng-mailboxes" not in found()
        own = found(listeners=(Listener("tcp", "*", 8735, "java"),))
        assert own["ng-mailboxes"].exposure == "cluster"

    def test_a_package_decides_where_no_service_does(self) -> None:
        assert "docs" not in found()
        assert "docs" in found(packages={"zimbra-docs": "1"})

    @pytest.mark.parametrize("module", ["convertd", "onlyoffice", "license-daemon"])
    def test_a_module_that_the_directory_leaves_out_is_seen_by_its_package(
        self, module: str
    ) -> None:
        assert module not in found()
        assert module in found(packages={f"zimbra-{module}": "1"})
        role = {"zimbraServiceEnabled": (module,)}
        assert module in found(role, packages=None)
        # A role that is left over from a package that is gone.
        assert module not in found(role)
        sockets = (Listener("tcp", "*", ports()[module].port),)
        assert module in found(role, listeners=sockets)

    def test_syslog_listens_on_the_host_of_the_logs(self) -> None:
        assert "syslog" not in found()
        assert "syslog" in found({}, {"zimbraLogHostname": NODE})

    def test_without_a_proxy_clients_come_to_the_mailbox(self) -> None:
        bare = tuple(s for s in SERVICES if s != "proxy")
        own = found({"zimbraServiceEnabled": bare, "zimbraImapSSLBindPort": "993"})
        assert (own["mailbox-imaps"].port, own["mailbox-imaps"].exposure) == (
            993,
            "clients",
        )
        assert own["mailbox-https"].exposure == "internet"
        assert found()["mailbox-https"].exposure == "cluster"

    def test_sockets_tell_whether_it_listens(self) -> None:
        own = found()
        assert own["smtp"].listening is True
        assert own["ldap"].listening is False
        assert found(listeners=None)["ldap"].listening is None


class TestWhatIsNotKnown:
    def test_a_port_that_is_no_number_is_a_doubt(self) -> None:
        own = found({"zimbraAdminPort": "a lot"})["mailbox-admin"]
        assert "zimbraAdminPort is no number" in own.doubt

    def test_an_unset_mode_is_a_doubt_where_something_listens(self) -> None:
        own = found({"zimbraReverseProxyMailMode": ()})
        assert "zimbraReverseProxyMailMode is not set" in own["https"].doubt

    def test_an_unset_mode_is_settled_where_nothing_listens(self) -> None:
        own = found({"zimbraReverseProxyMailMode": ()}, listeners=())
        assert "https" not in own

    def test_a_host_that_the_directory_does_not_know_is_judged_by_its_sockets(
        self,
    ) -> None:
        facts = single()
        own = {s.name: s for s in services(facts, "other.example.com")}
        assert own["smtp"].doubt
        assert own["smtp"].listening is None

    def test_every_service_is_found_on_some_node_of_a_cluster(self) -> None:
        facts = cluster()
        by_node = {
            host: {s.name for s in services(facts, host)}
            for host in facts.evidence.hosts
        }
        assert "lmtp" in by_node["store.example.com"]
        assert "smtp" in by_node["mta.example.com"]
        assert "memcached" in by_node["proxy.example.com"]
        assert "syslog" in by_node["logger.example.com"]
        assert "smtp" not in by_node["store.example.com"]
