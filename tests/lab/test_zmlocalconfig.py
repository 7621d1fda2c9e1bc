"""zmlocalconfig on a node: each statement of the captured outputs is a test."""

import re
from collections.abc import Iterator

import pytest
from lab.node import Lab

from tests.lab.zimbra_tools import Done, Tool, outcome, tool

# They are about the lab itself: what it stands in for changes seldom.
pytestmark = [pytest.mark.lab, pytest.mark.proof]

COPY = "/tmp/zmlocalconfig-test/localconfig.xml"
ROOT_KEY = "ldap_root_password"


@pytest.fixture
def zmlocalconfig(lab_default: Lab) -> Tool:
    return tool(lab_default, "zmlocalconfig")


@pytest.fixture
def edited(lab_default: Lab) -> Iterator[Tool]:
    """Give a zmlocalconfig that works on a copy of the file."""
    script = (
        f'install -d -o zimbra -g zimbra "$(dirname {COPY})"; '
        f"install -o zimbra -g zimbra -m 0640 /opt/zimbra/conf/localconfig.xml {COPY}"
    )
    assert lab_default.run("mail", ["sh", "-c", script]).returncode == 0
    run = tool(lab_default, "zmlocalconfig")

    def on_copy(*words: str) -> Done:
        return run("-c", COPY, *words)

    yield on_copy
    lab_default.run("mail", ["rm", "-r", COPY.rpartition("/")[0]])


def _file(lab: Lab) -> str:
    return lab.run("mail", ["cat", COPY]).stdout


def _write(lab: Lab, text: str) -> None:
    assert lab.run("mail", ["tee", COPY], given=text).returncode == 0


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        (("ldap_host",), "ldap_host = mail.example.test\n"),
        (("-m", "plain", "ldap_host"), "ldap_host = mail.example.test\n"),
        (("-m", "nokey", "ldap_host"), "mail.example.test\n"),
        (("-m", "shell", "ldap_host"), "ldap_host='mail.example.test';\n"),
        (("-m", "export", "ldap_host"), "export ldap_host='mail.example.test';\n"),
        (
            ("-m", "xml", "ldap_host"),
            (
                '<?xml version="1.0" encoding="UTF-8"?>\n<localconfig>\n'
                '  <key name="ldap_host">\n    <value>mail.example.test</value>\n'
                "  </key>\n</localconfig>\n"
            ),
        ),
        (
            ("mailboxd_keystore",),
            "mailboxd_keystore = ${mailboxd_directory}/etc/keystore\n",
        ),
        (
            ("-x", "mailboxd_keystore"),
            "mailboxd_keystore = /opt/zimbra/mailboxd/etc/keystore\n",
        ),
        (("-d", "ldap_url"), "ldap_url = \n"),
        (("-p",), "/opt/zimbra/conf/localconfig.xml\n"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_each_form_prints_a_key_its_own_way(
    zmlocalconfig: Tool, words: tuple[str, ...], printed: str
) -> None:
    """Quote: `key = value`; `-m nokey`; `-m shell`; `-m export`; `-m xml`; `-x`."""
    assert outcome(zmlocalconfig(*words)) == (0, printed, "")


def test_no_argument_prints_every_key_sorted(zmlocalconfig: Tool) -> None:
    """Quote: No args: all keys, sorted."""
    names = [
        line.partition(" = ")[0]
        for line in zmlocalconfig().stdout.splitlines()
        if re.match(r"\w+ = ", line)
    ]
    assert names == sorted(names)
    assert {"alias_login_enabled", "zimbra_server_hostname"} <= set(names)


def test_passwords_are_masked_by_their_name(zmlocalconfig: Tool) -> None:
    """Quote: `zimbra_ldap_password = *` without -s, each key with "password"."""
    done = zmlocalconfig("zimbra_ldap_password")
    assert done.stdout == "zimbra_ldap_password = *\n"
    shown = zmlocalconfig("-s", "zimbra_ldap_password").stdout
    assert re.fullmatch(r"zimbra_ldap_password = \w{12,}\n", shown)
    for line in zmlocalconfig().stdout.splitlines():
        if "password" in line.partition(" = ")[0]:
            assert line.endswith(" = *")


@pytest.mark.parametrize("form", ["shell", "export"])
def test_the_shell_forms_show_passwords_and_expand(
    zmlocalconfig: Tool, form: str
) -> None:
    """Quote: they print passwords in clear even without -s and always expand."""
    shown = zmlocalconfig("-m", form, ROOT_KEY, "mailboxd_keystore").stdout
    assert re.search(rf"{ROOT_KEY}='\w{{12,}}';", shown)
    assert "mailboxd_keystore='/opt/zimbra/mailboxd/etc/keystore';" in shown


def test_xml_without_s_is_no_backup(zmlocalconfig: Tool) -> None:
    """Quote: `-m xml` without -s writes `<value>*</value>`."""
    assert "<value>*</value>" in zmlocalconfig("-m", "xml", ROOT_KEY).stdout
    assert "<value>*</value>" not in zmlocalconfig("-s", "-m", "xml", ROOT_KEY).stdout


def test_apostrophes_are_quoted_as_a_shell_drops_them(edited: Tool) -> None:
    """Quote: shell/export quote `'` as `''`, which a shell drops."""
    edited("-e", "notes=it's")
    assert edited("-m", "shell", "notes").stdout == "notes='it''s';\n"
    assert edited("-m", "export", "notes").stdout == "export notes='it''s';\n"


def test_an_unknown_key_is_a_warning_and_the_others_are_printed(
    zmlocalconfig: Tool,
) -> None:
    """Quote: stderr `Warning: null valued key 'no_such_key'`, rc 0."""
    assert outcome(zmlocalconfig("no_such_key", "ldap_port")) == (
        0,
        "ldap_port = 389\n",
        "Warning: null valued key 'no_such_key'\n",
    )
    assert zmlocalconfig("-q", "no_such_key").stderr == ""


def test_a_missing_file_leaves_the_defaults(zmlocalconfig: Tool) -> None:
    """Quote: Missing file: Warning (...) is not readable, rc 0, defaults."""
    assert outcome(zmlocalconfig("-c", "/nowhere.xml", "alias_login_enabled")) == (
        0,
        "alias_login_enabled = true\n",
        "Warning: local config file `/nowhere.xml' is not readable\n",
    )


def test_broken_xml_is_a_trace_and_rc_1(edited: Tool, lab_default: Lab) -> None:
    """Quote: Broken XML: warning + stack trace, rc 1."""
    _write(lab_default, "<localconfig><key")
    done = edited("ldap_host")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Warning: ")
    assert len(done.stderr.splitlines()) > 3


def test_n_prints_what_differs_from_the_defaults(
    edited: Tool, lab_default: Lab
) -> None:
    """Quote: `-n` only changed keys."""
    keys = {"alias_login_enabled": "true", "ldap_port": "390"}
    rows = "".join(
        f'<key name="{name}"><value>{value}</value></key>'
        for name, value in keys.items()
    )
    _write(lab_default, f"<localconfig>{rows}</localconfig>")
    assert edited("-n").stdout == "ldap_port = 390\n"


def test_i_describes_a_key(zmlocalconfig: Tool) -> None:
    """Quote: `-i` doc (`ldap_url:` / text / `* Changes are in effect after ...`)."""
    lines = zmlocalconfig("-i", "ldap_url").stdout.splitlines()
    assert lines[0] == "ldap_url:"
    assert "* Changes are in effect after server restart." in lines


def test_an_edit_is_silent(edited: Tool) -> None:
    """Quote: `-e k=v`: silent rc 0. Unknown keys are accepted silently."""
    assert outcome(edited("-e", "nobody_knows=1", "ldap_port=390")) == (0, "", "")
    assert edited("ldap_port", "nobody_knows").stdout == (
        "ldap_port = 390\nnobody_knows = 1\n"
    )


def test_a_protected_key_needs_f_and_nothing_else_is_saved(edited: Tool) -> None:
    """Quote: `Error: can not edit key zimbra_ldap_password` rc 1 unless -f."""
    done = edited("-e", "ldap_port=390", "zimbra_ldap_password=x")
    refused = "Error: can not edit key zimbra_ldap_password\n"
    assert outcome(done) == (1, "", refused)
    assert edited("ldap_port").stdout == "ldap_port = 389\n"
    assert outcome(edited("-f", "-e", "zimbra_ldap_password=x")) == (0, "", "")
    assert edited("-s", "zimbra_ldap_password").stdout.endswith(" = x\n")


def test_an_argument_without_a_value_is_refused(edited: Tool) -> None:
    """Quote: `Error: argument 'x' not in key=value form`."""
    refused = "Error: argument 'x' not in key=value form\n"
    assert outcome(edited("-e", "x")) == (1, "", refused)


def test_root_reads_and_does_not_edit(lab_default: Lab) -> None:
    """Quote: `Error: cannot use -e when running as root` rc 1 (reading works)."""
    as_root = tool(lab_default, "zmlocalconfig", user="root")
    refused = "Error: cannot use -e when running as root\n"
    assert outcome(as_root("-e", "ldap_port=390")) == (1, "", refused)
    assert as_root("ldap_port").stdout == "ldap_port = 389\n"


def test_an_edit_loses_comments_and_order(edited: Tool, lab_default: Lab) -> None:
    """Quote: -e rewrites the file: comments and order are lost. No backup file."""
    _write(
        lab_default,
        '<localconfig><!-- why --><key name="b"><value>1</value></key>'
        '<key name="a"><value>2</value></key></localconfig>',
    )
    edited("-e", "c=3")
    text = _file(lab_default)
    assert "why" not in text
    assert re.findall(r'name="(\w)"', text) == ["a", "b", "c"]
    there = lab_default.run("mail", ["ls", COPY.rpartition("/")[0]]).stdout
    assert there.split() == ["localconfig.xml"]


def test_the_mode_of_a_saved_file_comes_from_the_umask(
    edited: Tool, lab_default: Lab
) -> None:
    """Quote: mode becomes umask default (the real wrapper sets umask 0027)."""
    lab_default.run("mail", ["chmod", "0600", COPY])
    edited("-e", "ldap_port=390")
    shown = lab_default.run("mail", ["stat", "-c", "%a %U:%G", COPY]).stdout
    assert shown == "640 zimbra:zimbra\n"
    program = (
        "runuser -u zimbra -- env PYTHONPATH=/opt/zimbra/lab sh -c 'umask 022; "
        f"exec python3 -m zimbra.zmlocalconfig -c {COPY} -e ldap_port=391'"
    )
    lab_default.run("mail", ["sh", "-c", program])
    assert lab_default.run("mail", ["stat", "-c", "%a", COPY]).stdout == "644\n"


def test_unsetting_gives_the_default_back(edited: Tool) -> None:
    """Quote: `-u` of a known key removes it (default returns)."""
    edited("-e", "alias_login_enabled=false")
    assert outcome(edited("-u", "alias_login_enabled")) == (0, "", "")
    assert edited("alias_login_enabled").stdout == "alias_login_enabled = true\n"


def test_unsetting_what_is_not_set_is_refused(edited: Tool) -> None:
    """Quote: `-u absent`: `Error: key no_such_key is not set`, rc 1."""
    refused = "Error: key no_such_key is not set\n"
    assert outcome(edited("-u", "no_such_key")) == (1, "", refused)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("-d", "-n"), "option 'd' can not be used with option 'n'"),
        (("-e", "-i"), "option 'e' can not be used with option 'i'"),
        (("-e", "-u"), "option 'e' can not be used with option 'u'"),
    ],
)
def test_options_that_do_not_combine_are_refused(
    zmlocalconfig: Tool, words: tuple[str, ...], complaint: str
) -> None:
    """Quote: `Error: option 'd' can not be used with option 'n'`."""
    assert outcome(zmlocalconfig(*words)) == (1, "", f"Error: {complaint}\n")


def test_reload_is_silent(zmlocalconfig: Tool) -> None:
    """Quote: `--reload` works over SOAP (ReloadLocalConfigRequest), silent, rc 0."""
    assert outcome(zmlocalconfig("--reload")) == (0, "", "")
