"""The page on integrity: whole, offline by policy, and deaf to what names say."""

from html.parser import HTMLParser

import pytest
from msgspec.structs import replace

from tests.integrity.site import NOW
from tests.reports.samples import HOSTILE
from zmward.integrity.names import shown
from zmward.reports.html.integrity_page import checked, hunted
from zmward.reports.hunt_text import HitShown, HuntShown, NotSeenShown, SavedShown
from zmward.reports.integrity_json import (
    AddedShown,
    AlarmShown,
    BaselineShown,
    ChangedShown,
    IntegrityShown,
    RemovedShown,
    UnreadShown,
)


class _Page(HTMLParser):
    """The texts and the tags of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.feed(page)
        self.text = " ".join(" ".join(self.texts).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        names = {name for name, _ in attrs}
        assert not names & {"src", "onload", "onerror", "action"}

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def check(path: str = "/opt/zimbra/x.jsp") -> IntegrityShown:
    base = BaselineShown(7, "ab" * 32, NOW.isoformat(), path, "accept", 9, "0")
    return IntegrityShown(
        "zmward.integrity/1",
        "check",
        base,
        quick=False,
        read=9,
        added=(AddedShown(path, "code", "alarm", "", {"sort": path}),),
        changed=(
            ChangedShown(path, "code", "package", path, {"mode": "1"}, {"mode": "2"}),
        ),
        removed=(RemovedShown(path, "code", "seen", "", {"sort": "file"}),),
        alarms=(AlarmShown(path, "code", "new-code", "a new file", "find out", ""),),
        unread=(UnreadShown(path, path),),
        notes=(path,),
    )


def hunt(path: str = "/opt/zimbra/x.jsp") -> HuntShown:
    return HuntShown(
        "zmward.hunt/1",
        path,
        NOW.isoformat(),
        files=3,
        processes=True,
        found=(
            HitShown(path, "foreign-page", "alarm", "a program", "keep it", path),
            HitShown(path, "page-in-a-zimlet", "look", "a zimlet", "ask", path),
        ),
        unread=(NotSeenShown(path, "denied"),),
        notes=(path,),
        saved=SavedShown(path, "cd" * 32, 1),
    )


def test_everything_that_was_found_is_there() -> None:
    text = _Page(checked(check())).text
    for words in ("1 alarm", "1 place was not seen", "a new file", "mode: 1 → 2"):
        assert words in text, words
    text = _Page(hunted(hunt())).text
    for words in ("1 alarm", "To look at", "a zimlet", "denied", "cd" * 32):
        assert words in text, words


@pytest.mark.parametrize("name", ["mail.example.test", ""])
def test_a_page_has_a_title_with_the_host_s_name_if_it_has_one(name: str) -> None:
    named = replace(check(), baseline=replace(check().baseline, host=name))
    behind = f" · {name}" if name else ""
    for page, title in (
        (checked(named), "What changed since the baseline"),
        (hunted(replace(hunt(), host=name)), "What has no place on a Zimbra server"),
    ):
        assert f"<title>{title}{behind} · zmward</title>" in page
        below = f": <bdi>{name}</bdi>" if name else ""
        assert f"<h1>{title}{below}</h1>" in page


def test_nothing_found_is_said() -> None:
    nothing = replace(check(), alarms=(), unread=(), added=(), changed=(), removed=())
    assert "no alarm; every content was read" in _Page(checked(nothing)).text
    quick = _Page(checked(replace(nothing, quick=True))).text
    assert "a sample of the rest" in quick
    empty = replace(hunt(), found=(), unread=(), saved=None)
    assert "nothing was found" in _Page(hunted(empty)).text


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_that_a_name_says_is_done(hostile: str) -> None:
    usual = (_Page(checked(check())).tags, _Page(hunted(hunt())).tags)
    # Names come through `shown`, contents of files do not.
    for path in (hostile, shown(hostile.replace("\ud800", ""))):
        pages = (checked(check(path)), hunted(hunt(path)))
        assert tuple(_Page(page).tags for page in pages) == usual
        for page in pages:
            assert "default-src 'none'" in page
            page.encode("utf-8")
            assert "\x1b" not in page
            assert "\u202e" not in page
