"""zmprov -f and its standard input: the traps that a batch lays."""

import pytest
from lab.node import Lab

from tests.lab.zimbra_tools import Done, Tool, tool

# They are about the lab itself: what it stands in for changes seldom.
pytestmark = [pytest.mark.lab, pytest.mark.proof]

MODES = pytest.mark.parametrize("mode", [("-l",), ()], ids=["ldap", "soap"])
BAD = "mcf zimbraMtaTlsAuthOnly yes\n"
REFUSED = (
    "ERROR: account.INVALID_ATTR_VALUE (zimbraMtaTlsAuthOnly must be TRUE or FALSE)\n"
)
UNKNOWN = "Unknown command. Type: 'help commands' for a list\n"


@pytest.fixture
def zmprov(lab_default: Lab) -> Tool:
    return tool(lab_default, "zmprov")


def _batch(lab: Lab, zmprov: Tool, mode: tuple[str, ...], text: str) -> Done:
    path = "/tmp/commands.zmprov"
    assert lab.run("mail", ["tee", path], given=text).returncode == 0
    return zmprov(*mode, "-f", path)


@MODES
def test_answers_follow_a_prompt_and_silence_leaves_it_empty(
    lab_default: Lab, zmprov: Tool, mode: tuple[str, ...]
) -> None:
    """Quote: stdout has `prov> ` before each answer, an empty one per silence."""
    text = (
        'mcf zimbraMtaRelayHost ""\n'
        "gcf zimbraMtaTlsAuthOnly\n"
        "gcf zimbraMtaTlsSecurityLevel\n"
    )
    done = _batch(lab_default, zmprov, mode, text)
    assert done.returncode == 0
    assert done.stdout == (
        "prov> prov> zimbraMtaTlsAuthOnly: TRUE\n"
        "prov> zimbraMtaTlsSecurityLevel: may\nprov> \n"
    )


@MODES
def test_an_error_neither_stops_it_nor_counts_at_the_end_of_the_file(
    lab_default: Lab, zmprov: Tool, mode: tuple[str, ...]
) -> None:
    """Quote: It does not stop at an error (...): error + EOF = 0."""
    done = _batch(lab_default, zmprov, mode, f"{BAD}gcf zimbraMtaTlsAuthOnly\n")
    assert done.returncode == 0
    assert done.stderr == REFUSED
    assert "prov> prov> zimbraMtaTlsAuthOnly: TRUE\n" in done.stdout


@MODES
@pytest.mark.parametrize("last", ["exit", "quit"])
def test_an_error_counts_where_the_file_ends_with_exit(
    lab_default: Lab, zmprov: Tool, mode: tuple[str, ...], last: str
) -> None:
    """Quote: unless the file ends with `exit`/`quit` (then rc 2)."""
    assert _batch(lab_default, zmprov, mode, f"{BAD}{last}\n").returncode == 2
    assert _batch(lab_default, zmprov, mode, f"gac\n{last}\n").returncode == 0


@MODES
def test_wrong_arguments_and_unknown_commands_never_count(
    lab_default: Lab, zmprov: Tool, mode: tuple[str, ...]
) -> None:
    """Quote: Wrong argument count and unknown command never make it non-zero."""
    done = _batch(lab_default, zmprov, mode, "gc\nnonsense\nexit\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("prov> usage:  getCos(gc) {name|id}")
    assert f"prov> {UNKNOWN}" in done.stdout


@MODES
def test_comments_are_unknown_commands_and_empty_lines_are_skipped(
    lab_default: Lab, zmprov: Tool, mode: tuple[str, ...]
) -> None:
    """Quote: `# comment` is an "Unknown command"; an empty line is skipped."""
    done = _batch(lab_default, zmprov, mode, "# comment\n\nexit\n")
    assert done.stdout == f"prov> {UNKNOWN}prov> prov> "


@MODES
def test_standard_input_is_echoed(zmprov: Tool, mode: tuple[str, ...]) -> None:
    """Quote: stdin and -f behave alike, only that stdin echoes the line."""
    done = zmprov(*mode, given="gcf zimbraMtaTlsAuthOnly\n")
    assert done.stdout == (
        "prov> gcf zimbraMtaTlsAuthOnly\nzimbraMtaTlsAuthOnly: TRUE\nprov> \n"
    )
    assert zmprov(*mode, given=BAD).returncode == 0
    assert zmprov(*mode, given=f"{BAD}exit\n").returncode == 2


def test_errors_carry_no_number(lab_default: Lab, zmprov: Tool) -> None:
    """Quote: Errors go to stderr with no command number."""
    assert _batch(lab_default, zmprov, ("-l",), BAD + BAD).stderr == REFUSED * 2


@MODES
def test_quotes_and_backslashes_hold_a_word(
    lab_default: Lab, zmprov: Tool, mode: tuple[str, ...]
) -> None:
    r"""Quote: "a \"q\" b", 'single q', a\ b all work; "" unsets."""
    name = "user009@example.test"
    text = "".join(
        f"ma {name} zimbraNotes {word}\nga {name} zimbraNotes\n"
        for word in (r'"a \"q\" b"', "'single q'", r"a\ b", '""')
    )
    shown = _batch(lab_default, zmprov, mode, text).stdout
    values = [line for line in shown.splitlines() if line.startswith("zimbraNotes")]
    assert values == [
        'zimbraNotes: a "q" b',
        "zimbraNotes: single q",
        "zimbraNotes: a b",
    ]
