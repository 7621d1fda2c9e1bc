"""No program stands in the web folders where web shells are dropped."""

import re
from collections.abc import Iterator

from zmward.control import Control, Severity, fails, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, unknown
from zmward.facts import Facts
from zmward.sources.directory import SERVERS
from zmward.sources.webprograms import WEB_PROGRAMS

_ROOT = "/opt/zimbra/jetty_base/webapps/"
_PUBLIC = re.compile(re.escape(_ROOT) + r"zimbra/public/(?:jsp/)?([^/]+)\.jsp")
# Pages below zimbra/public of the web client, September 2024.
_SHIPPED = {
    *("Boot", "Offline", "PasswordRecovery", "Resources", "TwoFactorSetup", "Zimbra"),
    *("addressVerification", "error", "extuserprov", "insecureResponse", "modern"),
    *("launchNewWindow", "launchZCS", "loadImgData", "login", "pre-cache"),
    *("secureRequest", "setResourceBundle"),
}
# Folders of pictures, scripts and styles never hold a page that runs; the folder of
# the spell checker holds one program.
_BARREN = re.compile(
    re.escape(_ROOT)
    + r"(?:zimbra(?:Admin)?/(?:public|img|js|css|downloads|portals|tmp|yui)/|service/"
    r"(?!WEB-INF)|zimbra/skins/)"
)
_SPELL = "/opt/zimbra/data/httpd/htdocs/aspell.php"
_VERB = "for `zmward integrity hunt` to look into"


def _foreign(path: str) -> bool:
    """Say whether a program that no package ships stands where none belongs."""
    public = _PUBLIC.fullmatch(path)
    if public:
        return public[1] not in _SHIPPED
    if path.startswith("/opt/zimbra/data/httpd/htdocs/"):
        return path != _SPELL
    return _BARREN.match(path) is not None


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    found = facts.read(WEB_PROGRAMS, host)
    foreign = [path for path in found.loose if _foreign(path)]
    loose = [path for path in found.loose if path not in foreign]
    for path in foreign:
        yield deviates(
            Layer.RUNNING,
            host,
            path,
            "only what Zimbra's packages ship",
            no_cure="Treat it as a break-in until proved otherwise: copy it and its "
            "times away, look for its requests in the logs, then rebuild; code that "
            "runs as zimbra can become root.",
            source="web-programs",
            seen=path,
        )
    if loose:
        shown = ", ".join(loose[:5]) + (" …" if len(loose) > 5 else "")  # noqa: PLR2004  # enough to begin with
        reason = f"{len(loose)} programs belong to no package ({shown})"
        yield unknown(Layer.RUNNING, host, f"{reason}: {_VERB}")
    elif not foreign:
        reason = "nothing odd by name; what the files hold is"
        yield unknown(Layer.RUNNING, host, f"{reason} {_VERB}")


_LOGIN = f"shipped {_ROOT}zimbra/public/login.jsp\n"

CONTROL = Control(
    id="web-folders-without-foreign-programs",
    title="No foreign program stands in Zimbra's web folders",
    why="A page in public/ runs without a login, as the user that owns all mail.",
    impact="None: what nobody shipped serves nobody.",
    severity=Severity.CRITICAL,
    tips=("T36",),
    roles=("mailbox",),
    check=on_hosts(Layer.RUNNING, (WEB_PROGRAMS, SERVERS), _look, role="mailbox"),
    refs=("https://wiki.zimbra.com/wiki/Integrity_check",),
    note=(
        "A quick look at names and at the lists of packages, never a clean bill of "
        "health: a shell may hide in a shipped page or as a class in jetty_base/work."
    ),
    examples=(
        fails(
            raw={"web-programs": f"{_LOGIN}loose {_ROOT}zimbra/public/9f3a41c7.jsp\n"}
        ),
        fails(raw={"web-programs": f"{_LOGIN}loose {_ROOT}zimbra/img/logo.jsp\n"}),
        fails(
            raw={"web-programs": f"{_LOGIN}loose /opt/zimbra/data/httpd/htdocs/x.php\n"}
        ),
        unsure(raw={"web-programs": _LOGIN}),
        unsure(raw={"web-programs": f"loose {_ROOT}zimbra/h/search.jsp\n"}),
        unsure(missing=("web-programs",)),
    ),
)
