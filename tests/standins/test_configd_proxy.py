"""nginx' configuration follows the attributes."""

from pathlib import Path

from lab.zimbra.configd.proxy import domain_certificates, generate
from tests.standins.configd_twin import Twin

SHIPPED = Path(__file__).parents[2] / "lab/rootfs/opt/zimbra"


def _generated(twin: Twin, name: str) -> str:
    files = generate(SHIPPED, twin.read())
    return files.get(f"conf/nginx/includes/{name}") or files[f"conf/{name}"]


def _included(twin: Twin, block: str) -> bool:
    web = _generated(twin, "nginx.conf.web")
    mail = _generated(twin, "nginx.conf.mail")
    lines = [line.strip() for line in (web + mail).splitlines()]
    return any(
        line.startswith("include") and line.endswith(f"/{block};") for line in lines
    )


def test_every_mark_of_every_template_is_known() -> None:
    for text in generate(SHIPPED, Twin().read()).values():
        assert "${" not in text


def test_each_mode_opens_its_ports() -> None:
    opened = {
        "http": (True, False, False),
        "https": (False, False, True),
        "both": (True, False, True),
        "mixed": (True, False, True),
        "redirect": (False, True, True),
    }
    blocks = (
        "nginx.conf.web.http.default",
        "nginx.conf.web.http.mode-redirect",
        "nginx.conf.web.https.default",
    )
    for mode, wanted in opened.items():
        twin = Twin()
        twin.own["zimbraReverseProxyMailMode"] = [mode]
        assert tuple(_included(twin, block) for block in blocks) == wanted


def test_the_admin_console_is_proxied_only_when_enabled() -> None:
    twin = Twin()
    assert not _included(twin, "nginx.conf.web.admin.default")
    twin.own["zimbraReverseProxyAdminEnabled"] = ["TRUE"]
    assert _included(twin, "nginx.conf.web.admin.default")
    assert "listen 9071 ssl" in _generated(twin, "nginx.conf.web.admin.default")


def test_mail_protocols_follow_their_switches() -> None:
    twin = Twin()
    assert _included(twin, "nginx.conf.mail.pop3")
    twin.own["zimbraReverseProxyMailPop3Enabled"] = ["FALSE"]
    assert not _included(twin, "nginx.conf.mail.pop3")
    assert _included(twin, "nginx.conf.mail.pop3s")


def test_a_foreign_host_meets_the_catch_all_only_when_strict() -> None:
    twin = Twin()
    assert _included(twin, "nginx.conf.web.https.strict")
    assert "default_server" not in _generated(twin, "nginx.conf.web.https.default")
    twin.own["zimbraReverseProxyStrictServerNameEnabled"] = ["FALSE"]
    assert not _included(twin, "nginx.conf.web.https.strict")
    assert "default_server" in _generated(twin, "nginx.conf.web.https.default")


def test_no_protocols_means_the_compiled_ones() -> None:
    twin = Twin()
    assert "ssl_protocols TLSv1.2 TLSv1.3;" in _generated(twin, "nginx.conf.web.tls")
    twin.config["zimbraReverseProxySSLProtocols"] = []
    assert "ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;" in _generated(
        twin, "nginx.conf.web.tls"
    )


def test_response_headers_are_emitted_literally() -> None:
    twin = Twin()
    twin.config["zimbraReverseProxyResponseHeaders"] = [
        'Strict-Transport-Security: "max-age=31536000; includeSubDomains"',
        "X-Robots-Tag: noindex",
    ]
    text = _generated(twin, "nginx.conf.web.https.default")
    assert (
        'add_header Strict-Transport-Security "max-age=31536000; includeSubDomains";'
    ) in text
    assert "add_header X-Robots-Tag noindex;" in text


def test_virtual_hosts_get_their_own_blocks() -> None:
    twin = Twin()
    twin.domains = [
        {
            "zimbraDomainName": ["example.test"],
            "zimbraVirtualHostname": ["webmail.example.test", "mail.example.test"],
        }
    ]
    text = _generated(twin, "nginx.conf.web.https")
    assert text.count("server_name") == 2
    default = _generated(twin, "nginx.conf.web.https.default")
    assert "server_name mail.example.test" not in default


def test_a_domain_certificate_is_served_on_its_own_hosts() -> None:
    twin = Twin()
    twin.domains = [
        {
            "zimbraDomainName": ["example.test"],
            "zimbraVirtualHostname": ["webmail.example.test"],
            "zimbraSSLCertificate": ["pem"],
            "zimbraSSLPrivateKey": ["pem"],
        }
    ]
    text = _generated(twin, "nginx.conf.web.https")
    assert "conf/domaincerts/example.test.crt" in text
    assert domain_certificates(twin.read()) == {
        "conf/domaincerts/example.test.crt": "pem",
        "conf/domaincerts/example.test.key": "pem",
    }


def test_both_families_are_listened_on_when_asked() -> None:
    twin = Twin()
    assert "[::]" not in _generated(twin, "nginx.conf.mail.imaps")
    twin.own["zimbraIPMode"] = ["both"]
    assert "listen [::]:993 ssl;" in _generated(twin, "nginx.conf.mail.imaps")


def test_the_back_end_is_spoken_to_as_the_attribute_says() -> None:
    twin = Twin()
    location = "nginx.conf.web.location"
    assert "proxy_pass https://zimbra_ssl;" in _generated(twin, location)
    twin.own["zimbraReverseProxySSLToUpstreamEnabled"] = ["FALSE"]
    assert "proxy_pass http://zimbra;" in _generated(twin, location)


def test_the_access_log_has_the_shape_of_zimbras() -> None:
    assert "'$remote_addr:$remote_port - $remote_user [$time_local]  '" in _generated(
        Twin(), "nginx.conf.web"
    )
