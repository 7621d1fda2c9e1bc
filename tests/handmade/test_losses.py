"""What a rendering would take away: every line of a person's, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.handmade.lab_host import changed, known, rendered, sections, twin
from zmward.change import SetAttr
from zmward.engine.losses import told
from zmward.handmade.compare import Difference, compare
from zmward.handmade.known import Known
from zmward.handmade.losses import HOME, MAIN, Host, Loss, Text, losses, masked, pairs
from zmward.handmade.program import Rewrite, Section, parse
from zmward.handmade.proxied import proxied
from zmward.handmade.template import configured

SOURCE = twin()
HOST, KNOWN = rendered(SOURCE), known(SOURCE)
NOTHING = Known({}, SOURCE.local)
# Each file that is rendered here and holds something, with its template.
FILES = sorted(
    (template, output)
    for section in sections().values()
    for template, output in pairs(section, HOST.templates)
    if KNOWN.runs(section.name) and (HOST.at(output).text or "").strip()
)


def judged(host: Host, view: Known = KNOWN, after: Known | None = None) -> list[Loss]:
    return list(losses(sections().values(), host, view, after or view))


def test_a_host_as_rendered_loses_nothing() -> None:
    assert judged(HOST) == []
    assert len(FILES) > 20


def test_nothing_known_raises_no_alarm() -> None:
    assert judged(HOST, NOTHING) == []


@pytest.mark.parametrize("mode", ["ipv4", "ipv6", "both"])
def test_other_values_raise_no_alarm_either(mode: str) -> None:
    source = twin()
    source.own["zimbraIPMode"] = [mode]
    source.own["zimbraServiceEnabled"] = ["mta", "proxy", "mailbox", "cbpolicyd"]
    source.config["zimbraMtaBlockedExtension"] = ["exe", "vbs", "js"]
    source.config["zimbraMtaRestriction"] = [
        *("reject_rbl_client zen.example.test", "reject_invalid_helo_hostname"),
        "reject_rbl_client bl.example.test",
    ]
    source.config["zimbraReverseProxyResponseHeaders"] = ["X-A: b", "X-C: d"]
    assert judged(rendered(source), known(source)) == []


LINE = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=30
).map(lambda text: f"by-hand {text}")


def alone(pair: tuple[str, str], text: str, view: Known) -> list[Loss]:
    """Judge one file by itself."""
    template, output = pair
    files = {template: HOST.files[template], output: Text(text)}
    if template.endswith(".in"):
        section = Section("mta", (Rewrite(template, output),))
        return list(losses((section,), Host(files), view, view))
    host = Host(files, (template.rpartition("/")[2],))
    return list(losses((Section("mta", proxy=True),), host, view, view))


@given(st.sampled_from(FILES), st.data())
def test_each_line_that_a_person_adds_is_named(
    pair: tuple[str, str], data: st.DataObject
) -> None:
    path = pair[1]
    rows = (HOST.files[path].text or "").splitlines()
    added = data.draw(st.lists(LINE, min_size=1, max_size=5))
    for line in added:
        rows.insert(data.draw(st.integers(0, len(rows))), line)
    found = alone(pair, "\n".join(rows), KNOWN)
    assert [loss.path for loss in found] == [f"{HOME}/{path}"]
    said = [line.partition(": ")[2] for line in found[0].lines]
    assert not {masked(line) for line in added} - set(said)


@given(st.sampled_from(FILES), st.data())
def test_with_nothing_known_each_added_line_is_named_too(
    pair: tuple[str, str], data: st.DataObject
) -> None:
    path = pair[1]
    rows = (HOST.files[path].text or "").splitlines()
    line = data.draw(LINE)
    rows.insert(data.draw(st.integers(0, len(rows))), line)
    found = alone(pair, "\n".join(rows), NOTHING)
    assert f"{HOME}/{path}" in [loss.path for loss in found]
    assert any(masked(line) in said for loss in found for said in loss.lines)


def test_a_value_changed_in_the_file_is_seen() -> None:
    path = "conf/amavisd.conf"
    text = HOST.files[path].text or ""
    assert "$max_servers = 10;" in text
    found = judged(changed(HOST, path, text.replace("= 10;", "= 99;", 1)))
    assert found[0].lines[0].endswith("$max_servers = 99;")
    assert found[0].lines[1].startswith("comes back: $max_servers")


def test_a_line_taken_out_by_hand_is_seen() -> None:
    path = "common/conf/master.cf"
    rows = (HOST.files[path].text or "").splitlines()
    gone = next(row for row in rows if row.startswith("smtps") or "465" in row)
    rows.remove(gone)
    found = judged(changed(HOST, path, "\n".join(rows)))
    assert [line.partition(":")[0] for line in found[0].lines] == ["comes back"]


def main(**parameters: str) -> Host:
    text = HOST.files[MAIN].text or ""
    added = "".join(f"{name} = {value}\n" for name, value in parameters.items())
    return changed(HOST, MAIN, text + added)


def test_parameters_set_by_hand_are_named_with_what_they_become() -> None:
    host = main(smtpd_tls_auth_only="no", smtpd_banner="mine", inet_protocols="ipv6")
    assert [line.partition(" ")[0] for line in judged(host)[0].lines] == [
        "inet_protocols",
        "smtpd_banner",
        "smtpd_tls_auth_only",
    ]
    assert "smtpd_tls_auth_only = no, becomes yes" in judged(host)[0].lines


def test_parameters_that_zmconfigd_leaves_alone_are_not_named() -> None:
    assert judged(main(disable_vrfy_command="yes", tls_preempt_cipherlist="yes")) == []


def test_restrictions_in_another_order_are_seen() -> None:
    name = "smtpd_relay_restrictions"
    assert judged(main(**{name: "permit_mynetworks, permit_sasl_authenticated"}))


def test_what_the_plan_itself_sets_is_no_loss() -> None:
    change = SetAttr("global", "zimbraMtaTlsAuthOnly", ("TRUE",), ("FALSE",))
    after = KNOWN.after((change,), "mail.example.test")
    assert judged(main(smtpd_tls_auth_only="no"), KNOWN, after) == []
    assert judged(HOST, KNOWN, after) == []


def test_what_cannot_be_judged_is_said() -> None:
    path = "conf/amavisd.conf"
    for text in (Text(), Text(why="user zimbra may not read it")):
        files = {**HOST.files, f"{path}.in": text}
        found = judged(Host(files, HOST.templates))
        assert [loss.path for loss in found] == [f"{HOME}/{path}"]
        assert "template" in found[0].why
    found = judged(Host({**HOST.files, path: Text(why="closed")}, HOST.templates))
    assert found[0].why == "closed"


def test_another_file_altogether_is_said_soon() -> None:
    text = "\n".join(f"line {number}" for number in range(20_000))
    found = judged(changed(HOST, "conf/clamd.conf", text))
    assert found[0].why or len(found[0].lines) > 10_000


def test_a_section_that_does_not_run_here_loses_nothing() -> None:
    source = twin()
    source.own["zimbraServiceEnabled"] = ["mailbox"]
    text = "by hand\n"
    host = changed(HOST, "conf/opendkim.conf", text)
    assert judged(changed(host, "common/conf/master.cf", text), known(source)) == []


def test_the_code_is_of_what_was_seen() -> None:
    one, two = Loss("/a", ("line 1: x",)), Loss("/a", ("line 1: y",))
    assert one.code != two.code
    assert one.name == f"/a@{one.code}"
    assert Loss("/a", why="x").code != Loss("/a", ("x",)).code


def test_secrets_are_not_shown() -> None:
    path = "conf/opendkim.conf"
    text = f"{HOST.files[path].text}LDAPBindPassword  hunter2 # mine, too\n"
    found = judged(changed(HOST, path, text))
    assert found
    assert "hunter2" not in str(found)


def test_a_program_that_leaves_its_home_is_not_followed() -> None:
    program = parse(
        "SECTION mta\n REWRITE ../../etc/shadow conf/x\n REWRITE /etc/a b\n"
    )
    assert program["mta"].rewrites == ()


def test_lists_that_take_several_lines_are_compared_as_sets() -> None:
    view = Known({"zimbraMtaMyNetworks": ("10.0.0.0/8", "127.0.0.0/8")}, {})
    lines = configured("%%zimbraMtaMyNetworksPerLine%%\nend\n", (view,))
    assert compare("127.0.0.0/8\n10.0.0.0/8\nend\n", lines) is not None
    found = compare("127.0.0.0/8\n10.0.0.0/8\n192.0.2.0/24\nend\n", lines)
    assert found is not None
    assert found.added == (3,)


@pytest.mark.parametrize(
    "template",
    [
        "@@a@@" * 40 + "x",
        ",".join("@@a@@" for _ in range(40)) + "x",
        "%%list VAR:zimbraMtaMyNetworks |%%" * 5 + "x",
        "%%zimbraMtaMyNetworks%%" * 5 + "x",
        "%%contains VAR:zimbraMtaMyNetworks a^a^aa%%" * 30 + "x",
    ],
)
@pytest.mark.parametrize(
    "text", ["," * 19_000, "a" * 19_000, " " * 19_000, "a " * 9_000]
)
def test_no_template_makes_a_match_last_for_ever(template: str, text: str) -> None:
    for view in (NOTHING, Known({"zimbraMtaMyNetworks": ("a", "a a", "aa")}, {})):
        found = compare(text, configured(template, (view,)))
        assert found is not None
    assert compare(text, proxied(template.replace("@@", "${", 1), "x")) is not None


def test_nothing_in_a_line_steers_a_terminal() -> None:
    path = "conf/opendkim.conf"
    text = f"{HOST.files[path].text}\x1b]0;owned\x07 \u202e by hand\n"
    said = told(judged(changed(HOST, path, text)))
    assert "by hand" in said
    assert "\x1b" not in said
    assert "\u202e" not in said


def test_a_value_that_is_empty_at_the_end_of_a_line_is_no_alarm() -> None:
    view = Known({"zimbraMtaMyNetworks": ()}, {})
    lines = configured("key = %%zimbraMtaMyNetworks%%\nend\n", (view,))
    for text in ("key = \nend\n", "key =\nend\n"):
        assert compare(text, lines) == Difference()
