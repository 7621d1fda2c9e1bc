"""The site's page: what is there, nothing secret, and other people's text untouched."""

import re
from functools import cache
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.configuration.test_snapshot import NODE, changed, put
from zmward.backup_places import Backups, Copy
from zmward.configuration.blocks import block, left, replaced, spans
from zmward.configuration.document import Listing, Section, Table, Text, sections
from zmward.controls.registry import controls
from zmward.demo.sample import recorded
from zmward.engine.audit import audit
from zmward.errors import Refused
from zmward.evidence import DIRECTORY, Answer, Evidence, Missing
from zmward.facts import Facts
from zmward.finding import moment
from zmward.profile import Attestation, Profile, Waiver
from zmward.reports import config_markdown
from zmward.reports.html import config_page
from zmward.sources.accounts import ACCOUNTS

_CONTROLS = tuple(c for c in controls().values() if "T14" in c.tips)


def _sections(
    evidence: Evidence, profile: Profile | None = None
) -> tuple[Section, ...]:
    site = profile or Profile()
    now = moment(evidence.when)
    report = audit(evidence, _CONTROLS, site, now)
    return sections(Facts(evidence, site, now), report)


@cache
def _sample() -> tuple[Section, ...]:
    return _sections(recorded())


def _one(found: tuple[Section, ...], name: str) -> str:
    return str(next(one for one in found if one.name == name).parts)


_NAMES = (
    *("about", "nodes", "domains", "cos", "listeners", "certificates"),
    *("administrators", "backups", "waivers", "procedures"),
)


def test_the_page_says_what_the_site_is() -> None:
    found = _sample()
    assert tuple(one.name for one in found) == _NAMES
    assert "10.1.0.GA.4655" in _one(found, "nodes")
    assert "('ad.example.test', 'active', 'ad', 'TRUE', 'staff'" in _one(
        found, "domains"
    )
    assert "imap-on@example.test" in _one(found, "cos")
    ends = re.findall(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}", _one(found, "certificates"))
    assert ends
    assert min(ends) > recorded().when[:10]
    assert "neveradmin@example.test" in _one(found, "administrators")
    assert "backup-drill" in _one(found, "backups")
    assert f"zmward audit --host root@{NODE}" in _one(found, "procedures")


def test_all_active_users_are_counted_once() -> None:
    cos = next(one for one in _sample() if one.name == "cos").parts[0]
    assert isinstance(cos, Table)
    facts = Facts(recorded(), Profile(), moment(recorded().when))
    total = sum(facts.read(ACCOUNTS).census.coses.values())
    assert sum(int(row[1]) for row in cos.rows) == total > 0


def test_waivers_and_attestations_are_shown() -> None:
    site = Profile(
        waiver=(
            Waiver(
                "imap-off-by-default",
                "phones",
                "the board",
                moment("2027-01-01").date(),
            ),
        ),
        attestation=(
            Attestation(
                "backup-drill",
                "the team",
                moment("2026-10-01").date(),
                moment("2027-04-01").date(),
            ),
        ),
    )
    found = _sections(recorded(), site)
    assert "phones" in _one(found, "waivers")
    assert "2026-10-01" in _one(found, "backups")


def test_what_was_not_seen_is_in_doubt_and_not_left_out() -> None:
    for source, name in (
        ("ldap-domains", "domains"),
        ("ldap-accounts", "administrators"),
        ("ldap-servers", "nodes"),
    ):
        found = _sections(put(source, Missing("the directory is down")))
        parts = next(one for one in found if one.name == name).parts
        assert parts == (Text("the directory is down", doubt=True),)
    found = _sections(put("certificates", Missing("not read"), NODE))
    assert "not read" in _one(found, "certificates")


@pytest.mark.parametrize("render", [config_markdown.page, config_page.page])
def test_no_secret_is_on_the_page(render: object) -> None:
    secret = "S3CR3T-of-the-site"
    found = changed("ldap-domains", "zmward:secret:set", secret)
    answers = {host: dict(known) for host, known in found.answers.items()}
    for host, name in ((DIRECTORY, "ldap-config"), (NODE, "localconfig")):
        answer = answers[host][name]
        assert isinstance(answer, Answer)
        answers[host][name] = Answer(answer.text.replace("zmward:secret:set", secret))
    text = render("x", _sections(replace(found, answers=answers)))  # type: ignore[operator]  # a function
    assert secret not in text
    assert "portal.example.test" in text


def test_the_same_evidence_gives_the_same_page() -> None:
    again = _sections(recorded())
    assert config_markdown.page("x", _sample()) == config_markdown.page("x", again)
    assert config_page.page("x", _sample()) == config_page.page("x", again)


class _Tags(HTMLParser):
    """Collects elements, and what is open at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        del attrs
        self.seen.add(tag)
        if tag not in ("meta", "line", "rect", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


_HOSTILE = (
    "<script>alert(1)</script>",
    "<!-- zmward:end x -->",
    "| a | `b` | [c](javascript:d)",
    "```\n<!-- zmward:begin nodes -->",
    "\x1b[31m\u202eevil",
)


@pytest.mark.parametrize("hostile", _HOSTILE)
def test_nothing_from_a_server_steers_the_page(hostile: str) -> None:
    found = (
        Section(
            "nodes",
            "Nodes",
            (Table(("a",), ((hostile,),)), Text(hostile), Listing(hostile, ("ls",))),
        ),
    )
    for module in (config_markdown, config_page):
        text = module.page(hostile, found)
        assert tuple(spans(text, "x")) == ("nodes",)
        assert "\x1b" not in text
        assert "\u202e" not in text
    tags = _Tags()
    tags.feed(config_page.page(hostile, found))
    assert not tags.open
    assert "script" not in tags.seen
    body = config_markdown.page(hostile, found).replace("<!-- zmward:", "")
    assert "<" not in body
    assert "[c]" not in body


def test_a_hostile_server_name_is_in_no_command() -> None:
    servers = recorded().answer(DIRECTORY, "ldap-servers")
    assert isinstance(servers, Answer)
    name = "x; rm -rf $(id) `id`"
    text = re.sub(r"^cn: .*$", f"cn: {name}", servers.text, flags=re.MULTILINE)
    found = _sections(put("ldap-servers", Answer(text)))
    assert name not in _one(found, "procedures")
    assert "root@NODE" in _one(found, "procedures")


def test_a_whole_page_is_read_back_as_its_own_blocks() -> None:
    for module in (config_markdown, config_page):
        text = module.page("x", _sample())
        written = {one.name: module.section(one) for one in _sample()}
        assert tuple(spans(text, "x")) == _NAMES
        assert replaced(text, written, "x") == text
        assert not left(text, written, "x")


_FOREIGN = st.text(st.characters(codec="utf-8"), max_size=80).filter(
    lambda text: "<!--" not in text
)


@given(_FOREIGN, _FOREIGN, _FOREIGN, _FOREIGN, st.sampled_from(("\n", "\r\n")))
def test_other_peoples_text_stays_byte_for_byte(
    before: str, old: str, between: str, after: str, end: str
) -> None:
    def page(one: str, two: str) -> str:
        return (
            f"{before}{end}<!-- zmward:begin a -->{end}{one}"
            f"<!-- zmward:end a -->{end}{between}{end}"
            f"  <!-- zmward:begin b -->{end}{two}\t<!-- zmward:end b -->{end}{after}"
        )

    # What is inside of a block ends with its own line.
    inside = f"{old}{end}"
    page_before = page(inside, inside)
    # The blank before the second end is the people's, and the end of its content.
    written = {"a": "new a\n", "b": "new b\n", "c": ""}
    found = replaced(page_before, written, "x")
    assert found == page("new a\n", "new b\n")
    assert replaced(found, written, "x") == found
    assert left(page_before, written, "x") == ("c",)


_A = block("a", "text\n")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "holds no block"),
        ("only text", "holds no block"),
        (_A + _A, "comes twice"),
        ("<!-- zmward:begin a -->\n", "has no end"),
        ("<!-- zmward:end a -->\n", "never began"),
        ("<!-- zmward:begin a -->\n<!-- zmward:end b -->\n", "never began"),
        (f"<!-- zmward:begin b -->\n{_A}<!-- zmward:end b -->\n", "no end before"),
        (block("z", "x\n"), "no block 'z'"),
        (_A + "text <!-- zmward:begin b -->\n", "broken"),
        (_A + "<!--zmward:begin b-->\n", "broken"),
        (_A + "<!-- zmward:begin b\n-->\n", "broken"),
        (_A.replace("end a", "END a"), "broken"),
        (_A.rstrip("\n") + " trailing\n", "broken"),
    ],
)
def test_broken_marks_are_refused(text: str, why: str) -> None:
    with pytest.raises(Refused, match=re.escape(why)):
        replaced(text, {"a": "new\n", "b": "new\n"}, "page.md")


def test_backups_and_the_last_drill_are_shown_without_a_password() -> None:
    place = "rest:https://backup.example.test/zimbra?token=S3CR3T"
    copy = Copy("offsite", "restic", place, password_file="/root/key")  # a path
    site = Profile(backups=Backups(copy=(copy,)))
    path = "/var/lib/zmward/backups/drills/offsite.json"
    record = (
        f'! 600 root regular file {path}\n> {path}\n {{"schema":"zmward.drill/1",'
        '"copy":"offsite","when":"2026-11-01T00:00:00+00:00",'
        '"parts":[{"subject":"ldap","state":"well"}]}'
    )
    evidence = put("backup-drill", Answer(record), NODE)
    said = _one(_sections(evidence, site), "backups")
    assert "https://backup.example.test/zimbra" in said
    assert "2026-11-01" in said
    assert "S3CR3T" not in said
    unseen = put("backup-drill", Missing("not collected"), NODE)
    assert "backup-drill" in _one(_sections(unseen, site), "backups")


@pytest.mark.parametrize(
    "place",
    [
        "rest:https://anna:p/S3CR3T@backup.example.test/zimbra",
        "rest:https://S3CR3T@backup.example.test/zimbra",
        "https://backup.example.test/zimbra?token=S3CR3T",
        "/mnt/x -o username=a,password=S3CR3T",
    ],
)
def test_no_form_of_a_backups_place_shows_a_password(place: str) -> None:
    copy = Copy("offsite", "restic", place, password_file="/root/key")  # a path
    site = Profile(backups=Backups(copy=(copy,)))
    said = _one(_sections(recorded(), site), "backups")
    assert "offsite" in said
    assert "S3CR3T" not in said


def test_what_a_custom_login_is_given_shows_no_password() -> None:
    old = "zimbraAuthMech: ad"
    now = changed("ldap-domains", old, "zimbraAuthMech: custom:x --password S3CR3T")
    said = _one(_sections(now), "domains")
    assert "custom:x --password masked" in said
