"""Generating nginx's configuration from its templates."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from .inputs import Inputs
from .proxy_values import domain_values, values

TEMPLATES = "conf/nginx/templates"
INCLUDES = "conf/nginx/includes"
CERTIFICATE = ("zimbraSSLCertificate", "zimbraSSLPrivateKey")
_MARK = re.compile(r"\$\{([A-Za-z0-9._]+)\}")
_EXPLODE = "!{explode domain(vhn)}\n"


def generate(home: Path, inputs: Inputs) -> dict[str, str]:
    """Return every generated file by its path below the home directory."""
    common = values(home, inputs)
    files = {}
    for template in sorted((home / TEMPLATES).glob("*.template")):
        name = template.name.removesuffix(".template")
        place = f"conf/{name}" if name == "nginx.conf" else f"{INCLUDES}/{name}"
        files[place] = _expand(template.read_text(), common, inputs, home)
    return files


def domain_certificates(inputs: Inputs) -> dict[str, str]:
    """Return the certificates and keys that domains bring along, by path."""
    files: dict[str, str] = {}
    for domain in inputs.domains:
        pair = [domain.get(name) for name in CERTIFICATE]
        if all(pair):
            stem = f"conf/domaincerts/{domain['zimbraDomainName'][0]}"
            texts = ["".join(values or []) for values in pair]
            files |= {f"{stem}.crt": texts[0], f"{stem}.key": texts[1]}
    return files


def _expand(text: str, common: Mapping[str, str], inputs: Inputs, home: Path) -> str:
    if not text.startswith(_EXPLODE):
        return substitute(text, common)
    body = text.removeprefix(_EXPLODE)
    return "".join(_per_domain(body, common, inputs, home))


def _per_domain(
    body: str, common: Mapping[str, str], inputs: Inputs, home: Path
) -> Iterator[str]:
    for domain in inputs.domains:
        for host in domain.get("zimbraVirtualHostname", []):
            own = domain_values(home, domain, host, inputs)
            yield substitute(body, {**common, **own})


def substitute(text: str, found: Mapping[str, str]) -> str:
    """Replace every ``${name}``; one that is unknown is an error of the template."""
    return _MARK.sub(lambda mark: found[mark[1]], text)
