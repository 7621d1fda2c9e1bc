"""How the holes stand as a CSAF 2.0 VEX document, for vulnerability scanners.

Each component of each node is a product: one node may be patched and another not.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from zmward.i18n import spoken
from zmward.patches.ledger import Ledger, Owed
from zmward.patches.overview import Level, Node
from zmward.patches.rating import score
from zmward.patches.standing import OnNode, Standing
from zmward.reports.plain import plain

_CVE: Final = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}")
_CWE: Final = re.compile(r"CWE-[1-9][0-9]{0,5}")
_HOST: Final = re.compile(r"[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?", re.IGNORECASE)
_PACKAGE: Final = re.compile(r"(zimbra-[a-z0-9.+-]+)[ =]([A-Za-z0-9.+~_-]+)")
# How the vendor's packages end, for each family of systems.
_KINDS: Final = (
    (re.compile(r"[.]u[0-9]{2}$|UBUNTU"), "deb/ubuntu"),
    (re.compile(r"[.](r|el)[0-9]{1,2}$|RHEL"), "rpm/rhel"),
)
_STATUS: Final[Mapping[Standing, str]] = {
    Standing.APPLIES: "known_affected",
    Standing.NOT_APPLICABLE: "known_not_affected",
    Standing.FIXED: "fixed",
    Standing.UNKNOWN: "under_investigation",
}
_NAMES: Final[Mapping[str, str]] = {
    "store": "mailbox server",
    "mta": "mail transport",
    "proxy": "proxy",
    "ldap": "directory server",
    "core": "core",
}
_UNKNOWN: Final = "not known"
_NAMESPACE: Final = "https://{host}/"


def _line(text: str, instead: str) -> str:
    """Return a text as one line that is not empty, for fields that demand it."""
    return plain(text, 900).strip() or instead


def _product(node: str, component: str) -> str:
    return f"{_line(node, 'node')}/{component}"


def _purl(level: Level) -> dict[str, str]:
    """Return the package's address among packages, where the package tells."""
    found = _PACKAGE.fullmatch(level.package)
    kind = next((k for end, k in _KINDS if found and end.search(found[2])), "")
    if found is None or not kind:
        return {}
    version = found[2].replace("+", "%2B").replace("~", "%7E")
    return {"purl": f"pkg:{kind}/{found[1]}@{version}"}


def _version(node: Node, level: Level) -> dict[str, Any]:
    version = _line(" or ".join(level.levels), _UNKNOWN)
    part = _NAMES.get(level.component, level.component)
    product: dict[str, Any] = {
        "name": f"Zimbra Collaboration {version}, {part} on {_line(node.name, 'node')}",
        "product_id": _product(node.name, level.component),
    }
    purl = _purl(level)
    if purl:
        product["product_identification_helper"] = purl
    return {"category": "product_version", "name": version, "product": product}


def _component(node: Node, level: Level) -> dict[str, Any]:
    part = _NAMES.get(level.component, level.component)
    return {
        "category": "product_name",
        "name": f"Zimbra Collaboration, {part}",
        "branches": [_version(node, level)],
    }


def _told(row: Owed, ledger: Ledger) -> tuple[OnNode, ...]:
    """Return how a hole stands on each node; a node without the part is not at risk."""
    if row.hole.nodes:
        return row.hole.nodes
    standing, reason = row.hole.standing, row.hole.reason
    return tuple(OnNode(n.name, standing, reason) for n in ledger.overview.nodes)


def _levels(ledger: Ledger) -> dict[str, tuple[Node, dict[str, Level]]]:
    """Return node → components; what only a hole names has an unknown level."""
    found = {
        node.name: (node, {level.component: level for level in node.levels})
        for node in ledger.overview.nodes
    }
    for row in ledger.rows:
        component = row.hole.advisory.component
        for one in _told(row, ledger):
            unseen = Node(one.node, ()), dict[str, Level]()
            node, levels = found.setdefault(one.node, unseen)
            whole = (text for level in node.levels for text in level.levels)
            known = tuple(dict.fromkeys(whole)) if component == "core" else ()
            levels.setdefault(component, Level(component, known))
    return found


def _tree(ledger: Ledger) -> dict[str, Any]:
    nodes = [
        {
            "category": "host_name",
            "name": _line(node.name, "node"),
            "branches": [_component(node, level) for level in levels.values()],
        }
        for node, levels in _levels(ledger).values()
        if levels
    ]
    return {"branches": [{"category": "vendor", "name": "Zimbra", "branches": nodes}]}


def _flag(row: Owed, one: OnNode, ledger: Ledger) -> str:
    """Return why a product is not affected, in the words of the standard."""
    component = row.hole.advisory.component
    nodes = (node for node in ledger.overview.nodes if node.name == one.node)
    has = any(level.component == component for node in nodes for level in node.levels)
    if not has:
        return "component_not_present"
    if row.hole.advisory.condition is not None and one.met is False:
        return "vulnerable_code_not_in_execute_path"
    return "vulnerable_code_not_present"


def _grouped(found: Iterator[tuple[str, str]]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for word, product in found:
        groups.setdefault(word, []).append(product)
    return groups


def _untouched(row: Owed, ledger: Ledger) -> dict[str, Any]:
    """Return flags and reasons for what is not affected."""
    component = row.hole.advisory.component
    told = _told(row, ledger)
    nodes = [one for one in told if one.standing is Standing.NOT_APPLICABLE]
    # A person's word is told as it is, not as one of the standard's reasons.
    judged = (one for one in nodes if not one.stated)
    flags = _grouped(
        (_flag(row, one, ledger), _product(one.node, component)) for one in judged
    )
    said = _grouped(
        (_line(one.reason, "It does not apply here."), _product(one.node, component))
        for one in nodes
    )
    threats = [
        {"category": "impact", "details": text, "product_ids": ids}
        for text, ids in said.items()
    ]
    labels = [{"label": k, "product_ids": ids} for k, ids in flags.items()]
    found = {"flags": labels, "threats": threats}
    return {name: rows for name, rows in found.items() if rows}


def _remedies(row: Owed) -> Iterator[dict[str, Any]]:
    """Yield what closes the hole on each affected product, and what helps before."""
    advisory = row.hole.advisory
    nodes = [one for one in row.hole.nodes if one.standing is Standing.APPLIES]
    fixes = _grouped(
        (one.fix or row.hole.remedy, _product(one.node, advisory.component))
        for one in nodes
    )
    for fix, ids in fixes.items():
        text = (
            f"Update to {_line(fix, '')} or newer." if fix else spoken(row.hole.advice)
        )
        yield {
            "category": "vendor_fix" if fix else "none_available",
            "details": _line(text, "No closing build is known."),
            "product_ids": ids,
        }
    everywhere = [_product(one.node, advisory.component) for one in nodes]
    for one in advisory.mitigations:
        if everywhere:
            yield {
                "category": "mitigation",
                "details": _line(one.text, "See the advisory."),
                "product_ids": everywhere,
            }


def _notes(row: Owed) -> list[dict[str, str]]:
    """Return the notes; the standard's own scores need a vector of version 3."""
    about = f"{row.hole.advisory.where}: {row.hole.advisory.summary}"
    found = [{"category": "description", "text": _line(about, row.id)}]
    if row.hole.advisory.cvss is not None:
        basis = "read in its record" if row.hole.advisory.cvss_proven else "recalled"
        vector = row.hole.advisory.vector or "vector not known"
        text = f"CVSS base score {row.hole.advisory.cvss} ({basis}), {vector}."
        found.append({"category": "other", "title": "CVSS", "text": text})
    if row.due:
        late = f", {row.late} days late" if row.late else ""
        text = f"Due {row.due.day} at this site{late}; rating {row.rated.rating}."
        found.append({"category": "other", "title": "Due date", "text": text})
    return found


def _severity(number: float) -> str:
    """Return the standard's word for a base score of CVSS 3."""
    words = ((9.0, "CRITICAL"), (7.0, "HIGH"), (4.0, "MEDIUM"), (0.1, "LOW"))
    return next((word for least, word in words if number >= least), "NONE")


def _scores(row: Owed, products: list[str]) -> list[dict[str, Any]]:
    """Return the score by a vector of version 3, the newest that the standard takes."""
    vector = row.hole.advisory.vector
    number = score(vector) if vector.startswith("CVSS:3.") else None
    if number is None or not products:
        return []
    said = {
        "version": vector.partition("/")[0].removeprefix("CVSS:"),
        "vectorString": vector,
        "baseScore": number,
        "baseSeverity": _severity(number),
    }
    return [{"products": products, "cvss_v3": said}]


def _vulnerability(row: Owed, ledger: Ledger) -> dict[str, Any]:
    advisory = row.hole.advisory
    groups = _grouped(
        (_STATUS[one.standing], _product(one.node, advisory.component))
        for one in _told(row, ledger)
    )
    found: dict[str, Any] = {"notes": _notes(row), "product_status": groups}
    if _CVE.fullmatch(advisory.id):
        found["cve"] = advisory.id
    else:
        name = _line(advisory.id, "?")
        found["ids"] = [{"system_name": "zmward's catalog", "text": name}]
    told = [one for some in groups.values() for one in some]
    scores = _scores(row, list(dict.fromkeys(told)))
    found |= {"scores": scores} if scores else {}
    remedies = list(_remedies(row))
    found |= {"remediations": remedies} if remedies else {}
    found |= _untouched(row, ledger)
    if advisory.exploited:
        used = {"category": "exploit_status", "details": "Attackers use it."}
        if advisory.listed:
            used["date"] = f"{advisory.listed}T00:00:00Z"
            used["details"] = "Attackers use it: in CISA's list since that day."
        found["threats"] = [*found.get("threats", ()), used]
    return found


def _tracking(ledger: Ledger, when: str, version: str) -> dict[str, Any]:
    return {
        "id": f"zmward-{_line(ledger.host, 'site')}-{when}",
        "status": "final",
        "version": "1",
        "initial_release_date": when,
        "current_release_date": when,
        "revision_history": [
            {"date": when, "number": "1", "summary": "What the servers showed."}
        ],
        "generator": {"engine": {"name": "zmward", "version": version or "0"}},
    }


def document(ledger: Ledger, when: str, version: str) -> dict[str, Any]:
    """Return the document; `when` is the time of judging, `version` zmward's own."""
    host = ledger.host.partition(",")[0]
    name = host if _HOST.fullmatch(host) else "localhost"
    return {
        "document": {
            "category": "csaf_vex",
            "csaf_version": "2.0",
            "lang": "en",
            "title": f"Known holes of Zimbra on {_line(ledger.host, 'a server')}",
            "publisher": {
                "category": "user",
                "name": f"The administrators of {name}",
                "namespace": _NAMESPACE.format(host=name),
            },
            "notes": [
                {
                    "category": "legal_disclaimer",
                    "text": (
                        "Judged by zmward from public records as of "
                        f"{ledger.catalog.generated}; this is no word of the vendor."
                    ),
                }
            ],
            "tracking": _tracking(ledger, when, version),
        },
        "product_tree": _tree(ledger),
        "vulnerabilities": [_vulnerability(row, ledger) for row in ledger.rows],
    }


def render(ledger: Ledger, when: str, version: str) -> str:
    """Return the document as indented JSON."""
    encoded = msgspec.json.encode(document(ledger, when, version))
    return msgspec.json.format(encoded).decode() + "\n"
