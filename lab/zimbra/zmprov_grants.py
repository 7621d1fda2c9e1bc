"""Rights granted in the directory, for zmprov gg."""

from dataclasses import dataclass

from .entry import Entry
from .errors import ProvisioningError
from .provisioning import Provisioning

HEADS = (
    "target type",
    "target id",
    "target name",
    "grantee type",
    "grantee id",
    "grantee name",
    "right",
)
_TARGETS = {
    "account": "account",
    "cos": "cos",
    "domain": "domain",
    "server": "server",
    "zimlet": "zimlet",
    "dl": "group",
}
_GRANTEES = {"usr": "account", "grp": "group"}


@dataclass(frozen=True)
class Grant:
    """One right of one grantee on one target."""

    target_type: str
    target_id: str
    target_name: str
    grantee_type: str
    grantee_id: str
    grantee_name: str
    right: str

    def row(self) -> tuple[str, ...]:
        """Return the cells of the table."""
        return (
            self.target_type,
            self.target_id,
            self.target_name,
            self.grantee_type,
            self.grantee_id,
            self.grantee_name,
            self.right,
        )


def all_grants(provisioning: Provisioning) -> list[Grant]:
    """Return every grant on every kind of target."""
    found = []
    for _, raw in provisioning.directory.search(
        "cn=globalgrant,cn=zimbra", "(zimbraACE=*)", ["zimbraACE"]
    ):
        values = [value.decode() for value in raw["zimbraACE"]]
        target = Entry("globalacltarget", "", "", "global", {"zimbraACE": values})
        found += _grants_on(provisioning, "global", target)
    for word, kind in _TARGETS.items():
        for target in provisioning.search("(zimbraACE=*)", kinds=[kind]):
            found += _grants_on(provisioning, word, target)
    return found


def _grants_on(provisioning: Provisioning, word: str, target: Entry) -> list[Grant]:
    grants = []
    for value in target.attrs.get("zimbraACE", []):
        number, kind, right = value.split(" ", 2)
        name = _name(provisioning, kind, number)
        where = (word, target.id, target.name)
        grants.append(Grant(*where, kind, number, name, right))
    return grants


def _name(provisioning: Provisioning, kind: str, number: str) -> str:
    try:
        return provisioning.get(_GRANTEES.get(kind, "account"), "id", number).name
    except ProvisioningError:
        return ""
