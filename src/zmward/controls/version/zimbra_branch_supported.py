"""The installed branch of Zimbra is under the vendor's support."""

from collections.abc import Iterator
from datetime import UTC

from zmward.catalog.level import branch, level
from zmward.catalog.support import branches
from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attestation import attestation
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, State, unknown
from zmward.facts import Facts
from zmward.sources.packages import PACKAGES

_SUBJECT = "zimbra-support"


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    version = facts.read(PACKAGES, host).get("zimbra-core", "")
    found = level(version)
    if found is None:
        yield unknown(Layer.RUNNING, host, "the package zimbra-core is not installed")
        return
    said = attestation(facts, _SUBJECT)
    if said.state is not State.UNKNOWN:
        yield said
        return
    row = branches().get(branch(found))
    today = facts.now.astimezone(UTC).date()
    name = f"branch {branch(found)}"
    if row is None:
        reason = f"{name}: no end of its support is known"
    else:
        ended = "ended" if row.end < today else "ends"
        reason = f"{name}: its support {ended} on {row.end} by {row.source}, unverified"
    ask = f"ask the vendor, then attest {_SUBJECT!r} in the profile"
    yield unknown(Layer.RUNNING, host, f"{reason}; {ask}")


CONTROL = Control(
    id="zimbra-branch-supported",
    title="The installed branch of Zimbra is under support",
    why="A branch without support gets no fixes, and holes of Zimbra are used fast.",
    impact="An upgrade, often with a new operating system.",
    severity=Severity.HIGH,
    tips=("T01",),
    check=on_hosts(Layer.RUNNING, (PACKAGES,), _look),
    refs=("https://wiki.zimbra.com/wiki/Zimbra_Releases",),
    note=(
        "Dates of the vendor's support are known from secondary texts only, so they "
        "never decide; the contract of the site does, as an attestation."
    ),
    examples=(
        passes(
            packages={"zimbra-core": "10.1.0.GA.4655.UBUNTU22.64"},
            profile={
                "attestation": [
                    {
                        "subject": "zimbra-support",
                        "by": "operations",
                        "on": "2026-10-01",
                        "until": "2027-10-01",
                    }
                ]
            },
        ),
        fails(
            packages={"zimbra-core": "9.0.0.GA.4178.UBUNTU20.64"},
            profile={
                "attestation": [
                    {
                        "subject": "zimbra-support",
                        "by": "operations",
                        "on": "2024-10-01",
                        "until": "2025-10-01",
                    }
                ]
            },
        ),
        unsure(packages={"zimbra-core": "8.8.15.GA.3869.UBUNTU18.64"}),
        unsure(packages={"zimbra-core": "10.1.0_GA_4655.RHEL8_64-20240713"}),
    ),
)
