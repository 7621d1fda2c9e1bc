"""Evidence as files: the same for the same, without secrets, and nothing lost."""

import random
import re
import time

import pytest
from msgspec.structs import replace

from zmward.configuration.compare import differences
from zmward.configuration.merged import FORMAT, STALE, merged, stale
from zmward.configuration.sealed import Seal
from zmward.configuration.snapshot import Group, is_object, snapshot
from zmward.configuration.written import parse
from zmward.demo.sample import recorded
from zmward.evidence import DIRECTORY, Answer, Evidence, Missing

KEY = b"k" * 32
NODE = "mail.example.test"
FOLDER = f"nodes/{NODE}/"


def changed(source: str, old: str, new: str, host: str = DIRECTORY) -> Evidence:
    """Return the sample's evidence with one text replaced in one answer."""
    found = recorded()
    answer = found.answer(host, source)
    assert isinstance(answer, Answer)
    assert old in answer.text
    return put(source, Answer(answer.text.replace(old, new)), host)


def put(source: str, answer: Answer | Missing, host: str = DIRECTORY) -> Evidence:
    """Return the sample's evidence with one answer replaced."""
    found = recorded()
    answers = {name: dict(known) for name, known in found.answers.items()}
    answers[host][source] = answer
    return replace(found, answers=answers)


def files(evidence: Evidence) -> dict[str, str]:
    """Return the files of evidence alone."""
    return dict(merged({}, snapshot(evidence, KEY)).files)


def _turned(text: str, chance: random.Random) -> str:
    """Return LDIF with its entries, and the values of each, in another order."""
    entries = []
    for entry in text.split("\n\n"):
        lines = entry.splitlines()
        plain = [line for line in lines if not line.startswith(("#", "dn:"))]
        if any(line.startswith(" ") for line in lines):
            plain = plain[:]
        else:
            chance.shuffle(plain)
        head = [line for line in lines if line.startswith(("#", "dn:"))]
        entries.append("\n".join((*head, *plain)))
    chance.shuffle(entries)
    return "\n\n".join(entries)


@pytest.mark.parametrize("seed", range(3))
def test_the_same_configuration_gives_the_same_text(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  # an order, no secret
    found = recorded()
    names = ("ldap-config", "ldap-cos", "ldap-domains", "ldap-servers")
    answers = {}
    for host in reversed(list(found.answers)):
        known = dict(found.answers[host])
        for name in names if host == DIRECTORY else ():
            answer = known[name]
            assert isinstance(answer, Answer)
            known[name] = Answer(_turned(answer.text, chance))
        keys = list(known)
        chance.shuffle(keys)
        answers[host] = {key: known[key] for key in keys}
    assert files(replace(found, answers=answers)) == files(found)


def test_every_object_is_one_file() -> None:
    found = files(recorded())
    assert {path for path in found if path.startswith("domains/")} == {
        "domains/ad.example.test.conf",
        "domains/example.test.conf",
        "domains/portal.example.test.conf",
    }
    assert parse(found["global.conf"], "x").kind == "global"
    assert "ii adduser 3.134\n" in found[f"{FOLDER}packages"]
    assert f"{FOLDER}sshd/etc/ssh/sshd_config" in found
    assert not is_object(f"{FOLDER}firewall/etc/ufw/ufw.conf")


def test_a_changed_value_is_one_difference() -> None:
    now = changed("ldap-domains", "zimbraAuthMech: ad", "zimbraAuthMech: ldap")
    (found,) = differences(files(recorded()), files(now))
    assert (found.object, found.name) == ("domain:ad.example.test", "zimbraAuthMech")
    assert (found.removed, found.added) == (("ad",), ("ldap",))


def test_what_changes_by_itself_is_left_out() -> None:
    line = "zimbraDomainName: example.test"
    more = f"{line}\nzimbraAggregateQuotaLastUsage: 123\nentryCSN: 2026"
    now = changed("ldap-domains", line, more)
    assert not differences(files(recorded()), files(now))


@pytest.mark.parametrize("host", ["a:b", "x"])
def test_an_answer_that_could_not_be_had_deletes_nothing(host: str) -> None:
    before = files(recorded())
    evidence = put("ldap-domains", Missing(f"{host} is down", "timeout"))
    after = merged(before, snapshot(evidence, KEY))
    assert after.stale == {"domains/": f"{host} is down"}
    assert {p: t for p, t in after.files.items() if p != STALE} == before
    again = merged(after.files, snapshot(recorded(), KEY))
    assert again.files == before
    assert not stale(again.files)


def test_a_search_that_sees_nothing_deletes_nothing() -> None:
    before = files(recorded())
    after = merged(before, snapshot(put("ldap-domains", Answer("")), KEY))
    assert "domains/example.test.conf" in after.files
    assert "domains/" in after.stale


def test_a_half_readable_answer_deletes_nothing() -> None:
    before = files(recorded())
    text = "> /etc/ssh/sshd_config\n Port 22\nx /etc/ssh/sshd_config.d/a.conf\n"
    evidence = put("sshd-files", Answer(text), NODE)
    after = merged(before, snapshot(evidence, KEY))
    assert after.files[f"{FOLDER}sshd/etc/ssh/sshd_config"] in before.values()
    assert f"{FOLDER}sshd/" in after.stale


def test_what_is_gone_is_gone() -> None:
    domains = recorded().answer(DIRECTORY, "ldap-domains")
    assert isinstance(domains, Answer)
    first = domains.text.partition("\n\n")[0]
    before = files(recorded())
    after = merged(before, snapshot(put("ldap-domains", Answer(first)), KEY))
    gone = {d.object for d in differences(before, after.files) if not d.name}
    assert gone == {"domain:ad.example.test", "domain:portal.example.test"}


def test_a_node_that_was_not_asked_stays() -> None:
    before = {"nodes/other/packages": "a\n", FORMAT: "1\n"}
    after = merged(before, snapshot(recorded(), KEY))
    assert after.files["nodes/other/packages"] == "a\n"
    assert not after.stale


def _with_secret(value: str) -> Evidence:
    return changed("ldap-domains", "zmward:secret:set", value)


def test_a_changed_secret_shows_and_its_value_does_not() -> None:
    one, two = files(_with_secret("hunter-one")), files(_with_secret("hunter-two"))
    (found,) = differences(one, two)
    assert found.secret
    assert (found.object, found.name) == (
        "domain:portal.example.test",
        "zimbraPreAuthKey",
    )
    assert "hunter" not in str((one, two, found))


def test_a_secret_of_which_nothing_new_is_known_keeps_its_fingerprint() -> None:
    before = files(_with_secret("hunter-one"))
    after = merged(before, snapshot(recorded(), KEY))
    assert after.files == before
    assert after.uncompared == ("domains/portal.example.test.conf: zimbraPreAuthKey",)


def test_another_key_gives_other_fingerprints() -> None:
    found = (
        snapshot(_with_secret("hunter"), KEY),
        snapshot(_with_secret("hunter"), b"x"),
    )
    assert found[0] != found[1]


@pytest.mark.parametrize(
    ("source", "host", "old", "new"),
    [
        ("localconfig", NODE, "zmward:secret:set", "S3CR3T-of-localconfig"),
        (
            *("ldap-config", DIRECTORY, "zimbraAuthTokenKey: zmward:secret:set"),
            "zimbraAuthTokenKey: S3CR3T-of-config",
        ),
        ("ldap-domains", DIRECTORY, "usr domainAdmin", "gst S3CR3T domainAdmin"),
        ("ldap-domains", DIRECTORY, "o: example", "o: ldap://u:S3CR3T@h/ example"),
        (
            "ldap-servers",
            DIRECTORY,
            "cn: mail",
            "zimbraNotes: -Dstore.password=S3CR3T -Dx=y\ncn: mail",
        ),
        (
            "sshd-files",
            NODE,
            "> /etc/ssh/sshd_config\n",
            "> /etc/ssh/sshd_config\n -----BEGIN RSA PRIVATE KEY-----\n S3CR3Tabc\n",
        ),
    ],
)
def test_no_secret_reaches_a_file(source: str, host: str, old: str, new: str) -> None:
    assert "S3CR3T" not in str(files(changed(source, old, new, host)))


def test_references_in_values_are_no_secrets() -> None:
    old = "zimbraDomainStatus: active"
    now = changed("ldap-domains", old, "description: password=@@mysql_password@@")
    assert "password=@@mysql_password@@" in files(now)["domains/example.test.conf"]


def test_what_cannot_be_read_is_stale_and_no_error() -> None:
    for source in ("ldap-cos", "ldap-config", "ldap-grants", "ldap-accounts"):
        found = snapshot(put(source, Answer("no LDIF")), KEY)
        assert [group for group in found if group.missing], source


def test_a_group_owns_its_own_paths_only() -> None:
    assert Group("domains/").owns("domains/a.conf")
    assert not Group("global.conf").owns("global.conf2")


def test_templates_that_could_not_be_seen_are_not_removed() -> None:
    text = "> /opt/zimbra/conf/amavisd.conf.in\n $x = 1;\n"
    before = merged({}, snapshot(put("templates", Answer(text), NODE), KEY)).files
    path = f"{FOLDER}templates/opt/zimbra/conf/amavisd.conf.in"
    assert before[path] == "$x = 1;\n"
    after = merged(before, snapshot(put("templates", Answer(""), NODE), KEY))
    assert path in after.files
    assert f"{FOLDER}templates/" in after.stale


@pytest.mark.parametrize(
    "part",
    [
        "://",
        ":",
        "://a:",
        "-----BEGIN PRIVATE KEY-----",
        '"-----BEGIN PRIVATE KEY-----',
        "password=",
        "(",
    ],
)
def test_no_text_takes_long_to_seal(part: str) -> None:
    begun = time.monotonic()
    seal = Seal(KEY, "x")
    seal.attribute("zimbraNotes", part * (200_000 // len(part)))
    seal.attribute("zimbraNotes", f"://{part * (200_000 // len(part))}")
    # A machine that is busy is slow, not wrong: what grows with the square takes hours.
    assert time.monotonic() - begun < 30


def test_a_private_key_is_sealed_and_what_follows_stays() -> None:
    key = "-----BEGIN PRIVATE KEY-----\nMIIabc+/=\n-----END PRIVATE KEY-----"
    found = Seal(KEY, "x").text(f"before\n{key}\nbehind words\n")
    assert found.startswith("before\n(secret ")
    assert found.endswith(")\nbehind words\n")
    assert "MIIabc" not in found


_PGP = tuple(f"-----{word} PGP PRIVATE KEY BLOCK-----" for word in ("BEGIN", "END"))
_BEGIN, _END = "-----BEGIN EC PRIVATE KEY-----", "-----END EC PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"a {_BEGIN}\nS3C\n{_END} b {_BEGIN}\nS3D\n{_END} c", "a (s) b (s) c"),
        # An end that belongs to nothing, before and behind.
        (f"{_END} a {_BEGIN}\nS3C!\n{_END} b {_END}", f"{_END} a (s) b {_END}"),
        # Cut off: all that looks like a key goes with it.
        (f"a {_BEGIN}\nS3C\nS3D\n! b", "a (s)! b"),
        (f"a {_BEGIN}\nS3C!{'x' * 20_000}{_END} b", f"a (s)!{'x' * 20_000}{_END} b"),
        (f"a {_BEGIN}{_BEGIN}S3C", "a (s)(s)"),
        # A whole one behind one that is cut off, with a word of its program's.
        (
            f"a {_BEGIN}\n{'x' * 20_000}\n{_PGP[0]}\nBy: a (b)\n\nS3C\n{_PGP[1]} b",
            "a (s)(s) b",
        ),
    ],
)
def test_private_keys_are_found_as_they_stand(text: str, left: str) -> None:
    assert re.sub(r"\(secret [^)]*\)", "(s)", Seal(KEY, "x").text(text)) == left


@pytest.mark.proof
def test_a_thousand_keys_that_only_begin_hold_nobody_up() -> None:
    begun = time.monotonic()
    Seal(KEY, "x").text(f"{_BEGIN}!" * 60_000)
    assert time.monotonic() - begun < 30
