"""The generated directory: its size, its shape, and a new installation beside it."""

import base64
from collections import Counter
from pathlib import Path

import pytest
from lab.tree.attrs_xml import attrs_xml
from lab.tree.content import entries
from lab.tree.install import passwords_of
from lab.tree.ldif import Entry, ldif_text, one
from lab.tree.localconfig import RANDOM, localconfig
from lab.tree.schema import CLASSES, FOREIGN, attribute_types, object_classes
from lab.tree.state import State, read_state
from lab.zimbra.localconfig import compiled_defaults
from lab.zimbra.schema import SOURCE_CATALOG, find, read_catalog

ROWS = read_catalog(SOURCE_CATALOG)
STATES = ("default", "careless", "hardened", "cluster")
REFERENCE = (
    Path(__file__).resolve().parents[3] / "shared/reference/directory/new-install.ldif"
)

# What an installer writes that the captured directory, without one, does not hold,
# and what was changed by hand or taken out before it was captured.
KNOWN = {
    "cn=config,cn=zimbra": {
        "zimbraAmavisQuarantineAccount",
        "zimbraAuthTokenKey",
        "zimbraCsrfTokenKey",
        "zimbraDefaultDomainName",
        "zimbraLogHostname",
        "zimbraMtaRelayHost",
        "zimbraSpamIsNotSpamAccount",
        "zimbraSpamIsSpamAccount",
        "zimbraVersionCheckNotificationEmail",
        "zimbraVersionCheckNotificationEmailFrom",
        "zimbraVersionCheckServer",
    },
    "cn=default,cn=cos,cn=zimbra": {"zimbraPasswordMinLength"},
    "cn=defaultExternal,cn=cos,cn=zimbra": set(),
}


def _tree(state: State) -> list[Entry]:
    return entries(ROWS, passwords_of(localconfig(state)), state)


def _records(text: str) -> dict[str, dict[str, list[str]]]:
    records: dict[str, dict[str, list[str]]] = {}
    current: dict[str, list[str]] = {}
    for line in text.replace("\n ", "").splitlines():
        name, colon, value = line.partition(":")
        if not colon or line.startswith("#"):
            continue
        if value.startswith(":"):
            value = " " + base64.b64decode(value[1:]).decode()
        if name == "dn":
            current = records.setdefault(value[1:], {})
        else:
            current.setdefault(name, []).append(value[1:])
    return records


def test_there_are_three_hundred_users() -> None:
    people = [
        entry
        for entry in _tree(State())
        if "zimbraAccount" in entry.classes and entry.dn.endswith("dc=test")
    ]
    system = [e for e in people if "zimbraIsSystemAccount" in e.attributes]
    resources = [e for e in people if "zimbraCalendarResource" in e.classes]
    assert len(people) - len(system) - len(resources) == 300


@pytest.mark.parametrize("state", STATES)
def test_no_name_is_taken_twice_and_every_parent_comes_first(state: str) -> None:
    seen: set[str] = set()
    for entry in _tree(read_state(state)):
        assert entry.dn not in seen
        parent = entry.dn.partition(",")[2]
        assert not parent or parent in seen
        seen.add(entry.dn)


@pytest.mark.parametrize("state", STATES)
def test_every_value_of_a_state_is_one_that_its_attribute_takes(state: str) -> None:
    tables = read_state(state)
    kinds = [
        ("globalConfig", tables.config),
        ("server", tables.server),
        *(("cos", table) for table in tables.cos.values()),
        *(("domain", table) for table in tables.domain.values()),
        *(("account", table) for table in tables.account.values()),
    ]
    for kind, table in kinds:
        for name, values in table.items():
            row = find(name)
            assert row is not None, name
            assert {kind, "mailRecipient"} & set(row.objects), f"{name} in {kind}"
            assert row.multi or len(values) == 1, name
            if row.values:
                assert set(values) <= {*row.values, ""}, name
            if row.type == "boolean":
                assert set(values) <= {"TRUE", "FALSE", ""}, name


@pytest.mark.parametrize("state", STATES)
def test_every_table_of_a_state_changes_an_entry(state: str) -> None:
    tables = read_state(state)
    tree = _tree(State())
    names = {"cos": tables.cos, "domain": tables.domain, "account": tables.account}
    for kind, table in names.items():
        found = Counter(
            name
            for entry in tree
            for name in table
            if tables.changes_of(entry) is table[name]
        )
        assert dict(found) == dict.fromkeys(table, 1), kind


def test_the_same_tree_is_made_each_time() -> None:
    assert ldif_text(_tree(State())) == ldif_text(_tree(State()))


def test_the_careless_keep_compiled_passwords_and_others_do_not() -> None:
    defaults = compiled_defaults()
    careless = passwords_of(localconfig(read_state("careless")))
    assert careless["ldap_nginx_password"] == defaults["ldap_nginx_password"]
    for state in ("default", "hardened"):
        kept = passwords_of(localconfig(read_state(state)))
        assert not [name for name in RANDOM if kept[name] == defaults.get(name)]


def test_values_that_ldif_cannot_hold_are_encoded() -> None:
    entry = Entry("cn=a", ("x",), one(a=" lead", b="two\nlines", c="Ü", d="plain"))
    lines = entry.ldif().splitlines()
    assert [line.partition(":")[2][:1] for line in lines[2:]] == [":", ":", ":", " "]


def test_the_schema_names_every_attribute_once() -> None:
    numbers = [line.split()[1] for line in attribute_types(ROWS)]
    assert len(numbers) == len(set(numbers))
    classes = object_classes(ROWS)
    assert len(classes) == len(CLASSES) + len(FOREIGN)
    assert not [line for line in classes if "NAME 'zimbra" not in line][2:]


def test_the_schema_file_holds_every_row() -> None:
    text = attrs_xml(ROWS)
    assert text.count("<attr id=") == len(ROWS)
    assert "<globalConfigValue>TLSv1.3</globalConfigValue>" in text


@pytest.mark.skipif(not REFERENCE.exists(), reason="the reference is not beside us")
@pytest.mark.parametrize("dn", KNOWN)
def test_a_new_installation_differs_in_known_attributes_only(dn: str) -> None:
    real = _records(REFERENCE.read_text(encoding="utf-8"))[dn]
    ours = _records(ldif_text(_tree(State())))[dn]
    differing = {
        name
        for name in {*real, *ours}
        if sorted(real.get(name, [])) != sorted(ours.get(name, []))
    }
    assert differing == KNOWN[dn]
