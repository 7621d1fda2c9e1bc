"""zmprov on a node: each statement of the captured outputs, quoted, is a test."""

import re
from collections.abc import Iterator

import pytest
from lab.node import Lab

from tests.lab.zimbra_tools import Tool, outcome, tool

# They are about the lab itself: what it stands in for changes seldom.
pytestmark = [pytest.mark.lab, pytest.mark.proof]

MODES = pytest.mark.parametrize("mode", [("-l",), ()], ids=["ldap", "soap"])
USER = "user004@example.test"
GENERAL = "For general help, type : zmprov --help\n"


@pytest.fixture
def zmprov(lab_default: Lab) -> Iterator[Tool]:
    run = tool(lab_default, "zmprov")
    yield run
    run("fc", "all")


def _names(text: str) -> list[str]:
    return [line.partition(":")[0] for line in text.splitlines()]


@MODES
def test_gacf_prints_lines_sorted_in_byte_order_and_nothing_else(
    zmprov: Tool, mode: tuple[str, ...]
) -> None:
    """Quote: lines `attr: value`, no header, no blank line at the end, sorted."""
    done = zmprov(*mode, "gacf")
    assert (done.returncode, done.stderr) == (0, "")
    names = _names(done.stdout)
    assert names == sorted(names)
    assert not done.stdout.startswith("#")
    assert not done.stdout.endswith("\n\n")


def test_soap_and_ldap_agree_to_the_byte(zmprov: Tool) -> None:
    """Quote: SOAP and -l give byte-identical output once the cache is flushed."""
    zmprov("fc", "config")
    assert zmprov("gacf").stdout == zmprov("-l", "gacf").stdout


@MODES
@pytest.mark.parametrize(
    "command",
    [
        ("ga", USER),
        ("gc", "default"),
        ("gd", "example.test"),
        ("gs", "mail.example.test"),
    ],
    ids=lambda command: command[0],
)
def test_one_entry_has_a_header_and_one_empty_line_after_it(
    zmprov: Tool, mode: tuple[str, ...], command: tuple[str, str]
) -> None:
    """Quote: `# name NAME`, then `attr: value` lines, then ONE empty line."""
    done = zmprov(*mode, *command, "zimbraId")
    pattern = rf"# name {re.escape(command[1])}\nzimbraId: [-0-9a-g]+\n\n"
    assert re.fullmatch(pattern, done.stdout)


@MODES
@pytest.mark.parametrize("command", ["gac", "gas", "gad"])
def test_verbose_lists_part_entries_by_one_empty_line(
    zmprov: Tool, mode: tuple[str, ...], command: str
) -> None:
    done = zmprov(*mode, command, "-v")
    names = zmprov(*mode, command).stdout.split()
    entries = re.split(r"\n\n", done.stdout)
    assert entries.pop() == ""
    assert [entry.splitlines()[0] for entry in entries] == [
        f"# name {n}" for n in names
    ]


def test_gac_verbose_takes_no_attribute_names(zmprov: Tool) -> None:
    """Quote: `gac -v` takes no attribute names: usage, rc 1."""
    usage = f"usage:  getAllCos(gac) [-v]\n{GENERAL}"
    assert outcome(zmprov("-l", "gac", "-v", "zimbraId")) == (1, usage, "")


@MODES
def test_lists_are_one_name_a_line(zmprov: Tool, mode: tuple[str, ...]) -> None:
    """Quote: `gac`, `gas`, `gad`, `gaa`, `gaaa`, `sa`: one name a line."""
    assert zmprov(*mode, "gac").stdout == "default\ndefaultExternal\nstaff\n"
    assert zmprov(*mode, "gas").stdout == "mail.example.test\n"
    assert set(zmprov(*mode, "gaaa").stdout.split()) >= {
        "admin@example.test",
        "helpdesk@example.test",
    }


def test_gaa_and_sa_list_accounts_over_ldap(zmprov: Tool) -> None:
    every = zmprov("-l", "gaa").stdout.split()
    portal = zmprov("-l", "gaa", "portal.example.test").stdout.split()
    assert len(every) == 304
    assert set(portal) < set(every)
    assert all(name.endswith("@portal.example.test") for name in portal)
    locked = zmprov("-l", "sa", "(zimbraAccountStatus=locked)").stdout.split()
    assert locked == ["locked@example.test", "lockedadmin@example.test"]


@MODES
def test_values_with_line_breaks_are_printed_raw(
    zmprov: Tool, mode: tuple[str, ...]
) -> None:
    """Quote: the second line of a value stands alone with no indent or marker."""
    shown = zmprov(*mode, "ga", "two-lines@example.test", "description", "displayName")
    assert shown.stdout == (
        "# name two-lines@example.test\ndescription: line one\n"
        "zimbraIsAdminAccount: TRUE\ndisplayName: Two Lines\n\n"
    )


@MODES
def test_utf_8_and_blanks_survive(zmprov: Tool, mode: tuple[str, ...]) -> None:
    """Quote: Leading/trailing/double spaces in values survive in both modes."""
    shown = zmprov(*mode, "ga", "blanks@example.test", "displayName").stdout
    assert shown.splitlines()[1] == "displayName:   two  blanks  "
    name = zmprov(*mode, "ga", "user001@example.test", "displayName").stdout
    assert name.splitlines()[1] == "displayName: Üser 1"


def test_several_added_values_come_back_reversed(zmprov: Tool) -> None:
    """Quote: Order of multiple values is not kept (two `+` came back reversed)."""
    add = ("+zimbraMailTrustedIP", "192.0.2.1", "+zimbraMailTrustedIP", "192.0.2.2")
    assert outcome(zmprov("-l", "mcf", *add)) == (0, "", "")
    shown = zmprov("-l", "gcf", "zimbraMailTrustedIP").stdout
    zmprov("-l", "mcf", "zimbraMailTrustedIP", "")
    assert shown == "zimbraMailTrustedIP: 192.0.2.2\nzimbraMailTrustedIP: 192.0.2.1\n"


@MODES
def test_inherited_values_are_mixed_in_unless_e_is_given(
    zmprov: Tool, mode: tuple[str, ...]
) -> None:
    """Quote: `gs`, `gd`, `ga` show inherited values; `-e` only the entry's own."""
    for command, name, attribute in (
        ("gs", "mail.example.test", "zimbraMtaTlsAuthOnly"),
        ("ga", USER, "zimbraAuthTokenLifetime"),
        ("gd", "example.test", "zimbraWebClientLoginURLAllowedUA"),
    ):
        merged = _names(zmprov(*mode, command, name).stdout)
        own = _names(zmprov(*mode, command, "-e", name).stdout)
        assert len(own) < len(merged)
        assert attribute not in own
    assert len(_names(zmprov(*mode, "ga", USER).stdout)) > 500
    assert len(_names(zmprov(*mode, "ga", "-e", USER).stdout)) < 22


@MODES
@pytest.mark.parametrize("command", ["gacf", "gcf"])
@pytest.mark.parametrize("name", ["noSuchAttr", "zimbraMtaRelayHost"])
def test_a_typo_and_an_unset_attribute_look_the_same(
    zmprov: Tool, mode: tuple[str, ...], command: str, name: str
) -> None:
    """Quote: `gacf noSuchAttr`, `gacf unsetAttr`: empty output, rc 0."""
    assert outcome(zmprov(*mode, command, name)) == (0, "", "")


@pytest.mark.parametrize(
    ("command", "name"), [("gaa", "getAllAccounts"), ("sa", "searchAccounts")]
)
def test_lists_of_accounts_are_refused_over_soap(
    zmprov: Tool, command: str, name: str
) -> None:
    """Quote: `gaa` in SOAP mode is refused + usage on stdout, rc 1."""
    words = (command,) if command == "gaa" else (command, "(uid=x)")
    done = zmprov(*words)
    refusal = f'{name} can only be used with  "zmprov -l/--ldap"\nusage:  '
    assert done.returncode == 1
    assert done.stdout.startswith(refusal)
    assert done.stdout.endswith(GENERAL)


def test_passwords_are_blocked_over_soap_and_hashes_over_ldap(zmprov: Tool) -> None:
    """Quote: SOAP mode: `userPassword: VALUE-BLOCKED`; -l prints the hash."""
    blocked = f"# name {USER}\nuserPassword: VALUE-BLOCKED\n\n"
    assert zmprov("ga", USER, "userPassword").stdout == blocked
    shown = zmprov("-l", "ga", USER, "userPassword").stdout
    assert "\nuserPassword: {SSHA512}" in shown


@MODES
def test_the_keys_of_tokens_are_shown_in_clear(
    zmprov: Tool, mode: tuple[str, ...]
) -> None:
    """Quote: `gacf` shows `zimbraAuthTokenKey` and `zimbraCsrfTokenKey` in clear."""
    shown = zmprov(*mode, "gacf", "zimbraAuthTokenKey", "zimbraCsrfTokenKey").stdout
    assert re.fullmatch(
        r"zimbraAuthTokenKey: 0:\w+\nzimbraCsrfTokenKey: 0:\w+\n", shown
    )


@MODES
@pytest.mark.parametrize(
    ("change", "back"),
    [
        (("mcf", "zimbraSmtpSendAddMailer", "FALSE"), "TRUE"),
        (("mc", "staff", "zimbraPop3Enabled", "FALSE"), "TRUE"),
        (("md", "portal.example.test", "zimbraNotes", "a note"), ""),
        (("ms", "mail.example.test", "zimbraNotes", "a note"), ""),
        (("ma", USER, "zimbraImapEnabled", "FALSE"), ""),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_success_says_nothing(
    zmprov: Tool, mode: tuple[str, ...], change: tuple[str, ...], back: str
) -> None:
    """Quote: Success of mcf/mc/md/ms/ma: no output, rc 0."""
    assert outcome(zmprov(*mode, *change)) == (0, "", "")
    assert outcome(zmprov(*mode, *change[:-1], back)) == (0, "", "")


def test_creating_prints_the_new_id(zmprov: Tool) -> None:
    """Quote: `ca`/`cd`/`cs` print the new zimbraId."""
    for make, remove, words in (
        ("ca", "da", ("new@example.test", "Long-enough-1")),
        ("cd", "dd", ("new.example.test",)),
        ("cs", "ds", ("new.example.test",)),
        ("cc", "dc", ("new",)),
    ):
        done = zmprov("-l", make, *words)
        assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\n", done.stdout)
        assert outcome(zmprov("-l", remove, words[0])) == (0, "", "")


def test_ldap_errors_name_their_cause_and_soap_errors_do_not(zmprov: Tool) -> None:
    """Quote: `ERROR: CODE (message)`; -l adds ` (cause: ...)`, SOAP mode does not."""
    bad = ("mcf", "zimbraNoSuchAttr", "x")
    over_ldap, over_soap = zmprov("-l", *bad), zmprov(*bad)
    text = (
        "ERROR: account.INVALID_ATTR_NAME (invalid attr name: invalid attr name - "
        r"unable to modify attributes: ldap host=[^ ]+: "
        r"zimbraNoSuchAttr: attribute type undefined\)"
    ).replace("(invalid", r"\(invalid")
    assert (over_ldap.returncode, over_ldap.stdout) == (2, "")
    assert (over_soap.returncode, over_soap.stdout) == (2, "")
    assert re.fullmatch(f"{text}\n", over_soap.stderr)
    assert re.search(
        rf"{text} \(cause: com\.\S+ zimbraNoSuchAttr: attribute type undefined\)",
        over_ldap.stderr,
    )


def test_ldap_mode_logs_to_stderr(zmprov: Tool) -> None:
    """Quote: [main] WARN : checkValue: no attribute info for: zimbraNoSuchAttr."""
    lines = zmprov("-l", "mcf", "zimbraNoSuchAttr", "x").stderr.splitlines()
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \S+ \[main\] WARN : "
        "checkValue: no attribute info for: zimbraNoSuchAttr",
        lines[0],
    )


def test_soap_mode_collapses_blanks_in_messages(zmprov: Tool) -> None:
    """Quote: SOAP mode collapses runs of spaces in messages."""
    bad = ("mc", "default", "zimbraAuthTokenLifetime", "1y")
    assert "{time-unit}.  digits" in zmprov("-l", *bad).stderr
    assert "{time-unit}. digits" in zmprov(*bad).stderr


@MODES
def test_wrong_arguments_print_the_usage_on_stdout(
    zmprov: Tool, mode: tuple[str, ...]
) -> None:
    """Quote: usage errors: rc 1, text on stdout."""
    usage = f"usage:  modifyConfig(mcf) attr1 value1 [attr2 value2...]\n{GENERAL}"
    assert outcome(zmprov(*mode, "mcf")) == (1, usage, "")


@MODES
def test_an_unknown_command_prints_the_whole_usage(
    zmprov: Tool, mode: tuple[str, ...]
) -> None:
    """Quote: unknown command prints the whole usage, rc 1."""
    done = zmprov(*mode, "nonsense")
    assert (done.returncode, done.stderr) == (1, "")
    assert "getAllConfig(gacf)" in done.stdout
    assert "-l/--ldap" in done.stdout


@MODES
def test_what_changes_nothing_is_no_error(zmprov: Tool, mode: tuple[str, ...]) -> None:
    """Quote: `+attr v` for a present and `-attr v` for an absent value: rc 0."""
    for words in (
        ("+zimbraMtaRestriction", "reject_non_fqdn_sender"),
        ("-zimbraMtaRestriction", "reject_nothing"),
        ("zimbraMtaRelayHost", ""),
    ):
        assert outcome(zmprov(*mode, "mcf", *words)) == (0, "", "")


@MODES
def test_an_empty_value_unsets(zmprov: Tool, mode: tuple[str, ...]) -> None:
    """Quote: `attr ''` unsets; unsetting an unset attribute is rc 0."""
    zmprov(*mode, "mcf", "zimbraMtaRelayHost", "a.example.test:25")
    shown = zmprov(*mode, "gcf", "zimbraMtaRelayHost").stdout
    assert shown == "zimbraMtaRelayHost: a.example.test:25\n"
    assert outcome(zmprov(*mode, "mcf", "zimbraMtaRelayHost", "")) == (0, "", "")
    assert outcome(zmprov(*mode, "gcf", "zimbraMtaRelayHost")) == (0, "", "")


@MODES
def test_minus_signs_need_no_guard(zmprov: Tool, mode: tuple[str, ...]) -> None:
    """Quote: `mcf -attr value` works; `mc default X -- -5` passes -5."""
    assert zmprov(*mode, "mcf", "-zimbraMtaRestriction", "none").returncode == 0
    done = zmprov(*mode, "mc", "default", "zimbraPasswordMinLength", "--", "-5")
    assert "zimbraPasswordMinLength value(-5) smaller" in done.stderr


def test_minus_l_leaves_the_cache_of_mailboxd_stale(zmprov: Tool) -> None:
    """Quote: SOAP kept showing the old value until a flush of `config`."""
    assert zmprov("gcf", "zimbraSmtpSendAddMailer").stdout.endswith("TRUE\n")
    zmprov("-l", "mcf", "zimbraSmtpSendAddMailer", "FALSE")
    assert zmprov("gcf", "zimbraSmtpSendAddMailer").stdout.endswith("TRUE\n")
    assert outcome(zmprov("fc", "config")) == (0, "", "")
    assert zmprov("gcf", "zimbraSmtpSendAddMailer").stdout.endswith("FALSE\n")
    zmprov("mcf", "zimbraSmtpSendAddMailer", "TRUE")


def test_debug_prints_envelopes_with_passwords_and_tokens(
    zmprov: Tool, lab_default: Lab
) -> None:
    """Quote: `zmprov -d` prints the SOAP envelopes, passwords and tokens included."""
    local = tool(lab_default, "zmlocalconfig")
    secret = local("-s", "-m", "nokey", "zimbra_ldap_password").stdout.strip()
    shown = zmprov("-d", "gcf", "zimbraSmtpSendAddMailer").stdout
    assert secret in shown
    assert re.search(r"authToken>\w+", shown)
    assert 'name="zmprov"' in shown
    assert "nosession" in shown


def test_a_refused_connection_is_an_io_error(zmprov: Tool) -> None:
    done = zmprov("-s", "mail.example.test:9", "gac")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("ERROR: zclient.IO_ERROR (invoke Connection refused")
