"""The laws of repair: who has a cure, and what the others say instead."""

from docs.repairs import deviations
from msgspec.structs import replace

from tests.laws.every import every
from zmward.change import SetAttr
from zmward.control import Control
from zmward.controls.registry import controls
from zmward.guards import SERVICES, objection, opted
from zmward.profile import Profile, Services

CONTROLS = tuple(controls().values())
each = every(controls())
LEAST = 60
# Cures that no example of one node can show, and where they are shown.
ELSEWHERE = {
    "ldap-demands-tls": "tests/controls/test_cures.py, with two nodes",
}
# The shortest reason that says what a person does.
WORDS = 4
REQUIRED = "zimbraFeatureTwoFactorAuthRequired"


def test_enough_controls_have_cures() -> None:
    assert sum(c.check.cures for c in CONTROLS) >= LEAST


@each
def test_who_says_to_have_a_cure_shows_one(control: Control) -> None:
    shown = any(deviation.cure for deviation in deviations(control))
    assert shown == (control.check.cures and control.id not in ELSEWHERE)


@each
def test_what_has_no_cure_says_what_a_person_does(control: Control) -> None:
    for deviation in deviations(control):
        if deviation.cure is None:
            assert len(deviation.no_cure.split()) >= WORDS, deviation.no_cure


@each
def test_every_cure_is_one_of_the_catalogs(control: Control) -> None:
    for deviation in deviations(control):
        if deviation.cure is not None:
            assert not objection(deviation.cure)


@each
def test_what_can_hurt_is_never_planned_unasked(control: Control) -> None:
    if control.locks_out:
        assert not opted(Profile(), control.id)


@each
def test_a_second_factor_is_offered_and_never_required_by_a_cure(
    control: Control,
) -> None:
    # First available, then enrolled, then required class by class: by a person.
    for deviation in deviations(control):
        cure = deviation.cure
        if isinstance(cure, SetAttr) and cure.attribute == REQUIRED:
            assert cure.after != ("TRUE",)


def test_what_can_hurt_and_is_named_in_the_profile_is_asked_for_by_it() -> None:
    hurting = {control.id for control in CONTROLS if control.locks_out}
    assert set(SERVICES) <= hurting
    for name, service in SERVICES.items():
        profile = Profile(services=replace(Services(), **{service: "unwanted"}))
        assert opted(profile, name)
        wanted = Profile(services=replace(Services(), **{service: "wanted"}))
        assert not opted(wanted, name)
