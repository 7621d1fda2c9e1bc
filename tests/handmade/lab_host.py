"""A host as the lab's zmconfigd leaves it: its program, templates and rendered files."""

from functools import cache
from pathlib import Path

from lab.zimbra.configd.proxy import TEMPLATES, generate
from lab.zimbra.configd.sections import load
from lab.zimbra.configd.template import render

from tests.standins.configd_twin import Twin
from zmward.handmade.known import Known, exact_names_set
from zmward.handmade.losses import HOME, MAIN, Host, Text
from zmward.handmade.program import Section, parse

ROOT = Path(__file__).parents[2] / "lab/rootfs/opt/zimbra"
DOMAINS = [
    {
        "zimbraDomainName": ["example.test"],
        "zimbraVirtualHostname": ["webmail.example.test", "mail2.example.test"],
        "zimbraReverseProxyResponseHeaders": ["X-Own: 1"],
    }
]


def twin() -> Twin:
    return Twin(domains=[dict(one) for one in DOMAINS])


def known(source: Twin) -> Known:
    effective = {**source.config, **source.own}
    values = {name: tuple(found) for name, found in effective.items()}
    return _Everything(values, source.local)


class _Everything(Known, frozen=True):
    """All that is not set has no value, as where each attribute was asked for."""

    def values(self, name: str) -> tuple[str, ...] | None:
        found = super().values(name)
        if found is None and name in _names():
            return ()
        return found


@cache
def _names() -> frozenset[str]:
    return exact_names_set()


def sections() -> dict[str, Section]:
    return dict(parse((ROOT / "conf/zmconfigd.cf").read_text()))


def rendered(source: Twin) -> Host:
    """Render everything that the sections name, as the stand-in does."""
    inputs = source.read()
    files: dict[str, str] = {}
    parameters: dict[str, str] = {}
    for section in load():
        for one in section.rewrites:
            text = (ROOT / one.template).read_text()
            files |= {one.template: text, one.output: render(text, inputs)}
        for row in section.parameters if section.applies(inputs) else ():
            parameters[row.name] = row.value(inputs, ROOT)
    for path in (ROOT / TEMPLATES).glob("*.template"):
        files[f"{TEMPLATES}/{path.name}"] = path.read_text()
    for path in (ROOT / "conf/zmconfigd").glob("*.cf"):
        files[f"conf/zmconfigd/{path.name}"] = path.read_text()
    files |= generate(ROOT, inputs)
    files[MAIN] = "".join(
        f"{n} = {v}\n" for n, v in parameters.items() if "\n" not in v
    )
    names = tuple(path.name for path in (ROOT / TEMPLATES).glob("*.template"))
    return Host({path: Text(text) for path, text in files.items()}, names)


def changed(host: Host, path: str, text: str) -> Host:
    return Host({**host.files, path: Text(text)}, host.templates)


__all__ = ["HOME", "changed", "known", "rendered", "sections", "twin"]
