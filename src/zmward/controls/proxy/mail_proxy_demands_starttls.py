"""The mail proxy takes passwords on 143 and 110 only after STARTTLS."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.attributes import server_attr
from zmward.controls.shapes.basic import layers, on_hosts
from zmward.controls.shapes.outside_mailbox import no_clear_login_at_the_proxy
from zmward.controls.shapes.wanted import exactly
from zmward.deviation import Judgement, Layer, deviates, sound
from zmward.facts import Facts
from zmward.sources.nginx import NGINX, TOP, Nginx

_MODES = ("zimbraReverseProxyImapStartTlsMode", "zimbraReverseProxyPop3StartTlsMode")


def _modes(nginx: Nginx) -> Iterator[tuple[str, str]]:
    """Yield the mode of each mail port without TLS, and the file that says it."""
    common = [one for one in nginx.all("starttls") if one.blocks == ("mail",)]
    by_file = {one.file: " ".join(one.arguments) for one in nginx.all("starttls")}
    wrapped = {one.file for one in nginx.all("ssl") if one.arguments == ("on",)}
    usual = " ".join(common[0].arguments) if common else "off"  # nginx's default
    for one in nginx.all("listen"):
        mail = one.blocks[:1] == ("mail",)
        if mail and "ssl" not in one.arguments and one.file not in wrapped:
            yield by_file.get(one.file, usual), one.file


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    modes = tuple(_modes(facts.read(NGINX, host)))
    weak = [(mode, file) for mode, file in modes if mode != "only"]
    for mode, file in weak:
        yield deviates(
            Layer.RENDERED,
            host,
            f"starttls {mode} in {file}",
            "starttls only",
            no_cure="It follows from zimbraReverseProxy*StartTlsMode.",
            source="nginx",
        )
    if not weak:
        seen = f"starttls only on {len(modes)} ports without TLS"
        yield sound(Layer.RENDERED, host, source="nginx", seen=seen)


def _rendered(mode: str) -> str:
    return (
        f"> {TOP}\n mail {{\n server {{\n listen 143;\n protocol imap;\n"
        f" starttls {mode};\n }}\n }}\n"
    )


CONTROL = Control(
    id="mail-proxy-demands-starttls",
    title="The mail proxy takes passwords on 143 and 110 only after STARTTLS",
    why=(
        "In the other modes a mail program may send its password before it asks "
        "for TLS, and whoever sits between can keep it from asking."
    ),
    impact="Mail programs without TLS can no longer log in.",
    severity=Severity.HIGH,
    tips=("T10", "T31"),
    roles=("proxy",),
    locks_out="users of mail programs without TLS",
    check=layers(
        *(server_attr(name, exactly("only"), role="proxy") for name in _MODES),
        on_hosts(Layer.RENDERED, (NGINX,), _look, role="proxy"),
    ),
    refs=(),
    examples=(
        passes(config=dict.fromkeys(_MODES, "only"), raw={"nginx": _rendered("only")}),
        fails(
            config={_MODES[0]: "on", _MODES[1]: "only"},
            raw={"nginx": _rendered("only")},
        ),
        fails(config=dict.fromkeys(_MODES, "only"), raw={"nginx": _rendered("on")}),
        unsure(config=dict.fromkeys(_MODES, "only"), missing=("nginx",)),
        unsure(missing=("ldap-config",), raw={"nginx": _rendered("only")}),
        unconcerned(services=("mta",)),
    ),
    outside=no_clear_login_at_the_proxy(),
)
