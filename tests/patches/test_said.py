"""What is said of holes comes from forms that a catalog can hold, and from data."""

import re
from collections.abc import Callable, Iterator

import pytest

from zmward.demo.sample import recorded
from zmward.evidence import Answer, Evidence, Missing
from zmward.facts import Facts
from zmward.finding import moment
from zmward.i18n import Said, spoken
from zmward.patches.overview import Overview, overview
from zmward.profile import Profile

HOST = recorded().hosts[0]
SILENT = "nobody answered"
# A build, such as 10.1.20 or 8.8.15 P46, is data.
BUILD = re.compile(r"\d+\.\d+\.\d+| P\d")


def judged(**answers: Answer | Missing) -> Overview:
    evidence = recorded()
    own = {name.replace("_", "-"): answer for name, answer in answers.items()}
    given = {**evidence.answers, HOST: {**evidence.answers[HOST], **own}}
    changed = Evidence(evidence.when, given)
    return overview(Facts(changed, Profile(), moment(evidence.when)))


OVERVIEWS: dict[str, Callable[[], Overview]] = {
    "sample": judged,
    "silent": lambda: judged(packages=Missing(SILENT)),
    "old": lambda: judged(packages=Answer("ii zimbra-core 8.8.15.GA.3869\n")),
    "odd": lambda: judged(packages=Answer("ii zimbra-core 11.3.0.GA.1\n")),
    "rival": lambda: judged(
        zmcontrol_release=Answer("Release 9.0.0.GA.4655.UBUNTU22_64 FOSS edition.\n")
    ),
}


def texts(found: Overview) -> list[Said | str]:
    holes = [text for hole in found.holes for text in (hole.said, hole.advice)]
    nodes = [one.said for hole in found.holes for one in hole.nodes]
    notes = [note for node in found.nodes for note in node.notes]
    doubts = [level.doubt for node in found.nodes for level in node.levels]
    return [*holes, *nodes, *notes, *doubts]


@pytest.mark.parametrize("name", OVERVIEWS)
def test_no_form_holds_a_name_or_a_build(name: str) -> None:
    forms: set[str] = set()

    def say(form: str) -> str:
        forms.add(form)
        return form

    found = texts(OVERVIEWS[name]())
    shown = [spoken(one, say) for one in found]
    assert shown == [spoken(one) for one in found]
    assert len(forms) > 3
    assert not [form for form in forms if HOST in form or BUILD.search(form)]


def leaves(said: Said) -> Iterator[str]:
    """Yield the texts that no catalog is asked about."""
    if said.form == "{text}" and isinstance(said.fields["text"], str):
        yield said.fields["text"]
    for field in said.fields.values():
        for one in field if isinstance(field, tuple) else (field,):
            if isinstance(one, Said):
                yield from leaves(one)


@pytest.mark.parametrize("name", OVERVIEWS)
def test_what_no_catalog_is_asked_about_is_what_a_server_said(name: str) -> None:
    reasons = {
        answer.reason
        for answers in recorded().answers.values()
        for answer in answers.values()
        if isinstance(answer, Missing)
    }
    found = [one for one in texts(OVERVIEWS[name]()) if one]
    assert all(isinstance(one, Said) for one in found)
    for one in found:
        for text in leaves(one) if isinstance(one, Said) else ():
            data = re.fullmatch(r".* = .*|/\S+(, /\S+)*|[\d.]+( P\d+)?", text)
            assert data or text in {*reasons, SILENT}, text
