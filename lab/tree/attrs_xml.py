"""The schema file that a Zimbra server carries in conf/attrs/zimbra-attrs.xml."""

from collections.abc import Mapping
from xml.etree import ElementTree as ET

from lab.zimbra.schema import Attribute

_DEFAULT_ELEMENTS = {
    "globalConfig": "globalConfigValue",
    "globalConfigUpgrade": "globalConfigValueUpgrade",
    "cos": "defaultCOSValue",
    "cosUpgrade": "defaultCOSValueUpgrade",
    "externalCos": "defaultExternalCOSValue",
}


def _value_of(row: Attribute) -> str:
    return ",".join(row.values) if row.values else row.pattern


def _attribute_element(number: int, row: Attribute) -> ET.Element:
    given = {
        "id": str(number),
        "name": row.name,
        "type": row.type,
        "value": _value_of(row),
        "min": row.minimum,
        "max": row.maximum,
        "immutable": "1" if row.immutable else "",
        "cardinality": "multi" if row.multi else "single",
        "optionalIn": ",".join(row.objects),
        "flags": ",".join(row.inherited),
        "callback": row.callback,
        "requiresRestart": ",".join(row.restart),
        "since": row.since,
        "deprecatedSince": row.deprecated_since,
    }
    element = ET.Element("attr", {k: v for k, v in given.items() if v})
    for kind, values in row.defaults.items():
        for value in values:
            ET.SubElement(element, _DEFAULT_ELEMENTS[kind]).text = value
    ET.SubElement(element, "desc").text = f"Lab row of {row.name}."
    return element


def attrs_xml(rows: Mapping[str, Attribute]) -> str:
    """Return the schema as the XML document that mailboxd reads at start."""
    root = ET.Element("attrs", {"group": "zimbra"})
    for number, row in enumerate(rows.values(), start=1):
        root.append(_attribute_element(number, row))
    ET.indent(root)
    declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return declaration + ET.tostring(root, encoding="unicode") + "\n"
