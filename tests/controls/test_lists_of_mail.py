"""Lists that Postfix is given: nothing that works, or that a person decides, is lost."""

from typing import Any

import pytest

from tests.examples import NODE, evidence_of, judged
from zmward.change import SetAttr
from zmward.control import Example, Status
from zmward.controls.registry import controls
from zmward.evidence import Evidence, Parsed
from zmward.finding import Finding
from zmward.joining import Conflict, joined
from zmward.sources.blocklists import Blocklist, Blocklists

TWO = "two.example.com"
NAME = "zimbraMtaRestriction"
DEAD = Blocklists({"dead.example.org": Blocklist("address", (), ())}, resolver=True)
ALIVE = Blocklists(
    {"dead.example.org": Blocklist("address", ("127.0.0.2",), ())}, resolver=True
)
ASKED = "reject_rbl_client dead.example.org"


def found(name: str, *, others: Blocklists | None = None, **given: Any) -> Finding:
    example = Example(Status.FAIL, given)
    evidence = evidence_of(example)
    if others is not None:
        answers = {**evidence.answers, TWO: {"blocklists": Parsed(others)}}
        evidence = Evidence(evidence.when, answers)
    return judged(controls()[name], example, evidence)


def cures(finding: Finding) -> list[SetAttr]:
    made = [d.cure for d in finding.deviations if d.cure is not None]
    assert all(isinstance(cure, SetAttr) for cure in made)
    return list(dict.fromkeys(made))  # type: ignore[arg-type]  # asserted above


def reasons(finding: Finding) -> str:
    return " ".join(d.no_cure for d in finding.deviations if d.cure is None)


@pytest.mark.parametrize(
    "kept",
    [
        "reject_non_fqdn_sender, reject_nonsense",
        "reject_invalid_helo_hostname reject_non_fqdn_sender",
        "warn_if_reject reject_unknown_client_hostname",
        "reject_rbl_client a.example.org reject_rbl_client b.example.org",
        "reject_unknown_client",
    ],
)
def test_what_works_in_part_and_what_was_renamed_stays(kept: str) -> None:
    name = "mta-restrictions-take-effect"
    (cure,) = cures(found(name, config={NAME: (kept, "check_nonsense")}))
    assert cure.after == (kept,)
    assert not cures(found(name, config={NAME: (kept,)}))


def test_a_zone_in_a_value_of_its_own_stays() -> None:
    values = ("reject_rbl_client", "zen.example.org")
    finding = found("mta-restrictions-take-effect", config={NAME: values})
    assert finding.status is Status.FAIL
    assert not cures(finding)


def test_a_server_never_loses_its_last_restriction() -> None:
    given: dict[str, Any] = {
        "config": {NAME: ("reject_unknown_client_hostname",)},
        "server": {NAME: ("check_nonsense",), "zimbraServiceEnabled": ("mta",)},
    }
    finding = found("mta-restrictions-take-effect", **given)
    assert not cures(finding)
    assert "global restrictions would begin" in reasons(finding)


@pytest.mark.parametrize(("others", "cured"), [(DEAD, True), (ALIVE, False)])
def test_a_list_is_taken_from_all_only_if_it_is_dead_for_all(
    others: Blocklists, *, cured: bool
) -> None:
    finding = found(
        "blocklists-are-alive",
        others=others,
        config={NAME: (ASKED, "reject_non_fqdn_sender")},
        server={"zimbraServiceEnabled": ("mta",)},
        servers={TWO: {"zimbraServiceEnabled": ("mta",)}},
        blocklists=DEAD,
    )
    assert bool(cures(finding)) is cured


def test_a_server_whose_only_list_is_dead_does_not_inherit() -> None:
    finding = found(
        "blocklists-are-alive",
        config={NAME: ("reject_unknown_client_hostname",)},
        server={NAME: (ASKED,), "zimbraServiceEnabled": ("mta",)},
        blocklists=DEAD,
    )
    assert not cures(finding)
    assert "inherit" in reasons(finding)


def test_two_controls_together_do_not_empty_a_server() -> None:
    old = (ASKED, "check_nonsense")
    one = SetAttr(f"server:{NODE}", NAME, old, old[:1])
    two = SetAttr(f"server:{NODE}", NAME, old, old[1:])
    with pytest.raises(Conflict, match="it would inherit"):
        joined([one, two])
    everywhere = [SetAttr("global", NAME, c.before, c.after) for c in (one, two)]
    assert joined(everywhere) == SetAttr("global", NAME, old, None)


def test_two_lists_of_networks_are_never_added_up() -> None:
    place, old = f"server:{NODE}", ("127.0.0.0/8 192.0.2.0/24",)
    one = SetAttr(place, "zimbraMtaMyNetworks", old, ("127.0.0.0/8 192.0.2.9/32",))
    two = SetAttr(place, "zimbraMtaMyNetworks", old, ("127.0.0.0/8",))
    with pytest.raises(Conflict, match="zimbraMtaMyNetworks"):
        joined([one, two])
