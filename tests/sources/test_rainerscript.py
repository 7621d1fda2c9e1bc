"""rsyslog's files, read as rsyslog reads them: what surely leaves, and what may."""

import time
from pathlib import Path

import pytest

from zmward.logs.forward import FORWARD, Peer, Sending, files, forward
from zmward.sources.logging import Logging, parse
from zmward.sources.selectors import ALL, ENOUGH, Lines, kind, selected
from zmward.sources.source import Unreadable

ROOT = Path(__file__).parents[2]
TO = 'action(type="omfwd" target="log.example.net" protocol="tcp")'
UBUNTU = """\
$IncludeConfig /etc/rsyslog.d/*.conf
auth,authpriv.*                 /var/log/auth.log
*.=info;*.=notice;*.=warn;\\
        auth,authpriv.none;\\
        mail,news.none          -/var/log/messages
*.emerg                         :omusrmsg:*
"""
RED_HAT = """\
module(load="imuxsock"    # provides support (e.g. via logger command)
       SysSock.Use="off") # Don't: "imjournal
module(load="imjournal" StateFile="imjournal.state")
include(file="/etc/rsyslog.d/*.conf" mode="optional")
*.info;mail.none;authpriv.none;cron.none                /var/log/messages
authpriv.*                                              /var/log/secure
"""
# What makes rsyslog leave an object out, and what may.
OFF = ('"off"', '"0"', '""', '"ON"', "`echo $SHIP`")
OWN = TO.replace(")", ' template="own")')
# What is sent there stays here.
HERE = (
    *("127.0.0.2", "127.1", "[::]", "0.0", "0", "localhost.localdomain", "LocalHost."),
    *("log.localhost", "ip6-localhost", "[::1]", "[0:0::1]", "[::ffff:127.0.0.1]"),
)
SOME_HERE = ('["log.example.net", "127.0.0.1"]', "`echo $LOG_HOST`", "::1", '"::1"')
CLOUD = ':syslogtag, isequal, "[CLOUDINIT]" /var/log/cloud-init.log\n& stop\n'


def told(**texts: str) -> Logging:
    """Read files by their short names: `main`, and drop-ins."""
    answer = ""
    for name, text in texts.items():
        path = "/etc/rsyslog.conf" if name == "main" else f"/etc/rsyslog.d/{name}.conf"
        answer += f"> {path}\n" + "".join(f" {line}\n" for line in text.splitlines())
    return parse(answer)


def leaves(**texts: str) -> bool:
    """Say whether all lines surely leave."""
    return not ENOUGH & ~told(**texts).own_sent().sure


@pytest.mark.parametrize(
    ("text", "enough", "kinds"),
    [
        ("*.*", True, 192),
        ("*.info", True, 168),
        ("*.debug", True, 192),
        ("*.*;mail.none;mail.*", True, 192),
        ("*.notice", False, 144),
        ("*.*;auth.none", False, 184),
        ("*.*;mail.!=err", False, 191),
        ("*.*;mail.!err", False, 188),
        ("*.=debug", False, 24),
        ("auth,authpriv.*", False, 16),
        ("kern.emerg", False, 1),
        ("*.none", False, 0),
        ("mark.*", False, 0),
    ],
)
def test_a_selector_is_read_as_rsyslog_does(
    text: str, kinds: int, *, enough: bool
) -> None:
    found = selected(text)
    assert found.sure == found.may
    assert found.sure.bit_count() == 2 * kinds
    assert (not ENOUGH & ~found.sure) is enough


@pytest.mark.parametrize(
    "text", ["", "*", "x.*", "mail.x", "*.8", "mail.* x", "a.;b", "a.b.c"]
)
def test_what_is_no_selector_takes_some_lines_at_most(text: str) -> None:
    assert selected(text) == Lines(0, ALL)


def test_the_kind_of_a_files_lines() -> None:
    assert kind("local5", "info") == kind("21", "6")
    assert kind("local0", "notice").sure == 1 << 192 + 16 * 8 + 5
    unknown = kind("local9", "info")
    assert unknown == kind("local1", "x") == kind("24", "1") == kind("1", "8")
    assert (unknown.sure, unknown.may) == (0, ALL >> 192 << 192)


@pytest.mark.parametrize("main", [UBUNTU, RED_HAT])
@pytest.mark.parametrize(
    "text",
    [
        TO,
        "*.* @@log.example.net",
        "*.info;\\\n  *.debug \\\n  @@log.example.net",
        f"*.* /* no */ {{ /var/log/all\n {TO} }}",
        f"*.* /var/log/all\n& {TO}",
        "/* old */ # comment\n*.* @@log.example.net",
        f'template(name="t" type="string" string="/* %msg%")\n{TO}',
        f'ruleset(name="Out") {{ {TO} }}\ncall out',
        f'ruleset(name="b") {{ {TO} }}\nruleset(name="a") {{ call b }}\ncall a',
        f"$RuleSet out\n*.* {TO}\n$RuleSet RSYSLOG_DefaultRuleset\n*.* call out",
        f"$DefaultRuleset out\nruleset(name='x'){{}}\n$RuleSet out\n{TO}",
        f'if prifilt("*.*") then {{ {TO} }} else stop',
        f"if $fromhost-ip == '127.0.0.1' then {TO}",
        f"mail.* {TO}\nif prifilt('mail.*') then stop\n{TO}",
        f"{CLOUD}{TO}",
        f"if $fromhost-ip != '127.0.0.1' then stop\n{TO}",
        f"if ($FROMHOST-IP startswith '192.0.2.') then {{ stop }}\n{TO}",
        f':fromhost-ip, !isequal, "127.0.0.1" ~\n{TO}',
        f':fromhost-ip, isequal, "192.0.2.7" /var/log/x\n& stop\n{TO}',
        f"{TO}\nlocal5.* stop\nif $msg contains 'x' then stop",
        TO.replace(")", ' config.enabled="on")'),
        f'ruleset(name="a" config.enabled="off") {{ stop }}\ncall a\n{TO}',
        f"*.emerg root,admin # all\n*.emerg *\n{TO}",
        "*.* @@[2001:db8::1]:514",
        "*.* @@log.example.net:514;RSYSLOG_SyslogProtocol23Format",
        '$template own,"<%pri%> %msg%"\n*.* @@log.example.net;own # all',
        f"template(name='own' type='list') {{ property(name='msg') }}\n{OWN}",
        f"template(name='own' type='string' string='%msg%')\n{OWN}",
        TO.replace(")", ' queue.discardmark="18000" queue.discardseverity="6")'),
        TO.replace(")", ' queue.discardmark="0" queue.discardseverity="8")'),
        f"$OmitLocalLogging off\n{TO}",
        f"$OmitLocalLogging on\n$ModLoad imjournal # instead\n{TO}",
        f'module(load="imuxsock" SysSock.Use="on")\n{TO}',
        'action(type="omfwd" target=["a.example.net", "b.example.net"])',
    ],
)
def test_all_lines_leave(main: str, text: str) -> None:
    assert leaves(main=main, log=text)
    assert leaves(log=text)


@pytest.mark.parametrize(
    "text",
    [
        f"/*\n{TO}\n*/",
        f"/* {TO}",
        f"# {TO}",
        f"# \\\n{TO}",
        f"*.none {TO}",
        f"mail.* {TO}",
        f"mail.* {{\n{TO}\n}}",
        f"mail.* /var/log/mail\n& {TO}",
        f'ruleset(name="never") {{\n{TO}\n}}',
        f"$RuleSet never\n*.* {TO}",
        f"$RuleSet never\n{TO}\n$DefaultRuleset other",
        f'ruleset(name="a") {{ call b }}\nruleset(name="b") {{ call a\n {TO} }}\ncall c',
        f"if $msg contains 'then' then {TO}",
        f"if $a == 'b' then stop else {TO}",
        f':msg, contains, "x" {TO}',
        f"foreach ($.x in $!y) do {{ {TO} }}",
        f"authpriv.* stop\n{TO}",
        f"authpriv.* ~\n{TO}",
        f"if $programname == 'sshd' then {{ stop }}\n{TO}",
        f':programname, isequal, "sshd" /var/log/x\n& stop\n{TO}',
        f'ruleset(name="end") {{ if $a == 1 then stop }}\ncall end\n{TO}',
        f"call_indirect $.x;\n{TO}",
        f"if $fromhost-ip == '127.0.0.1' then stop\n{TO}",
        f"if $fromhost-ip contains '1' and $a == 'b' then {TO}",
        f"$LocalHostIPIF eth0\nif $fromhost-ip == '127.0.0.1' then {TO}",
        f"global(localHostIPIF='eth0')\nif $fromhost-ip == '127.0.0.1' then {TO}",
        f"if $fromhost-ip != '127.0.0.1' then stop\n$LocalHostIPIF eth0\n{TO}",
        f"$IncludeConfig /srv/rsyslog/*.conf\n{TO}",
        f'input(type="imuxsock" ruleset="local")\n{TO}',
        f'module(load="imklog" ruleset="local")\n{TO}',
        TO.replace(")", ' action.execOnlyWhenPreviousIsSuspended="on")'),
        "$ActionExecOnlyWhenPreviousIsSuspended on\n*.* @@log.example.net",
        *(TO.replace(")", f" config.enabled={on})") for on in OFF),
        *(f'ruleset(name="a" config.enabled={on}) {{ {TO} }}\ncall a' for on in OFF),
        f'ruleset(name="a" config.enabled=`echo $A`) {{ stop }}\ncall a\n{TO}',
        f'include(file="/etc/rsyslog.d/no/*" config.enabled="off")\n{TO}',
        f"*.emerg root stop\n{TO}",
        f"*.emerg * stop\n{TO}",
        f"*.emerg root;name ~\n{TO}",
        f"mail.* root\nstop\n{TO}",
        *(f"*.* {there}" for there in ("@", "@@", "@@(o)", "@@:514", "@@[]")),
        *(f"*.* @@{here}" for here in HERE),
        *(TO.replace("log.example.net", here) for here in HERE),
        *(TO.replace('"log.example.net"', there) for there in SOME_HERE),
        'action(type="omelasticsearch" server="http://localhost:9200")',
        'action(type="omkafka" broker=["127.0.0.1:9092"])',
        TO.replace(")", ' queue.discardmark="0" queue.discardseverity="0")'),
        TO.replace(")", ' queue.discardmark="1" queue.discardseverity="info")'),
        "$ActionQueueDiscardMark 1\n$ActionQueueDiscardSeverity 0\n*.* @@a.example",
        OWN,
        f"template(name='own' type='string' string='')\n{OWN}",
        f"template(name='own' type='string' string='a line')\n{OWN}",
        f"template(name='own' config.enabled='off' string='%msg%')\n{OWN}",
        '$template own,""\n*.* @@log.example.net:514;own',
        "*.* :omrelp:log.example.net:2514;own",
        "*.* @127.0.0.1",
        "*.* /var/log/@@log.example.net",
        "x.* @@log.example.net",
    ],
)
def test_that_all_lines_leave_is_not_known(text: str) -> None:
    for main in (UBUNTU, RED_HAT):
        assert not leaves(main=main, log=text)
    assert not leaves(log=text)


def test_a_file_that_is_not_included_sends_nothing() -> None:
    assert not leaves(main="mail.* /var/log/mail\n", log=TO)
    assert told(main="mail.* /var/log/mail\n", log=TO).forwards
    # What stands in front of the include comes first.
    assert not leaves(main=f"authpriv.* stop\n{UBUNTU}", log=TO)
    assert leaves(main=f"{UBUNTU}authpriv.* stop\n", log=TO)


@pytest.mark.parametrize(
    "text", ["$OmitLocalLogging on", 'module(load="imuxsock" SysSock.Use="off")']
)
def test_that_anything_of_this_host_is_read_is_not_known(text: str) -> None:
    for main in ("imuxsock()\n", ""):
        assert not leaves(main=f"{main}{text}\n{TO}")
        assert leaves(main=f'{main}{text}\nmodule(load="imjournal")\n{TO}')


def test_what_is_not_included_is_not_surely_in_force() -> None:
    main = "$OmitLocalLogging on\n*.* @@log.example.net\n"
    off = 'input(type="imfile" file="/a.log")\n$ModLoad imjournal\n'
    found = told(main=main, log=off)
    (one,) = found.watched
    assert (one.lines.sure, found.local) == (0, False)
    assert one.lines.may
    assert told(main=f"{main}{UBUNTU}", log=off).local
    own = "template(name='own' type='string' string='%msg%')"
    assert leaves(main=f"{OWN}\n{UBUNTU}", log=own)
    assert not leaves(main=OWN, log=own)
    assert not leaves(log=f"template(name='own' config.enabled=`a`)\n{OWN}")


@pytest.mark.parametrize(
    "target", ["192.0.2.10", "[::FFFF:192.0.2.10]", "[2001:DB8:0::1]", "MAIL.example."]
)
def test_this_host_by_another_spelling(target: str) -> None:
    found = told(log=f"*.* @@{target}")
    assert found.own_sent().sure
    assert not found.own_sent(("192.0.2.10", "2001:db8::1", "mail.example")).may
    assert not found.own_sent((found.forwards[0].target,)).may


def test_a_file_is_found_by_the_pattern_of_an_include() -> None:
    for pattern in ("*.conf", "*", "log.conf", ""):
        assert leaves(main=f"$IncludeConfig /etc/rsyslog.d/{pattern}\n", log=TO)
    for pattern in ("/etc/*.conf", "rsyslog.d/*.conf", "/etc/rsyslog.d/x*.conf"):
        assert not leaves(main=f"$IncludeConfig {pattern}\n", log=TO)
    # Files that include each other are read to an end.
    twice = "$IncludeConfig /etc/rsyslog.d/*.conf\n" * 2
    assert not leaves(main=twice, a=twice, b=twice, log=TO)


def test_rulesets_that_call_each_other_are_read_to_an_end() -> None:
    text = "\n".join(
        f'ruleset(name="r{n}") {{ call r{n + 1}\n call r{n + 1} }}' for n in range(60)
    )
    assert not leaves(log=f"{text}\ncall r0\n{TO}")
    assert not leaves(log=f'ruleset(name="a") {{ call a }}\ncall a\n{TO}')


@pytest.mark.parametrize(
    "text",
    [
        "if a then " * 2000,
        "mail.*\n" * 2000,
        "mail.* {\n" * 2000,
        'ruleset(name="a") { ' * 2000,
        "stop\n" + "& stop\n" * 2000,
        "foreach ($.a in $.b) do { " * 2000,
    ],
)
def test_blocks_within_blocks_come_to_an_end(text: str) -> None:
    with pytest.raises(Unreadable, match="too deep"):
        told(log=text)


@pytest.mark.parametrize(
    "text",
    [
        "*.*" + ",a.b" * 50_000 + "..",
        "a.a" * 50_000 + " @@x",
        f"if prifilt('{'a.a' * 50_000}.') then stop",
        "action()" * 50_000,
        'if \\"' + '\\"' * 5000,
        "".join(f"$A{n} x\n*.* /a\n" for n in range(20_000)),
        "if " + "x" * 100_000 + " then {\n" + "*.* @@x\n" * 2000 + "}",
    ],
)
def test_long_texts_are_read_in_a_while(text: str) -> None:
    before = time.process_time()
    told(log=text)
    assert time.process_time() - before < 20


@pytest.mark.parametrize(
    ("ruleset", "selector", "sure", "may"),
    [
        ("", "*.*", True, True),
        ("", "local0.notice", True, True),
        ("", "local0.=info", False, False),
        ("", "if $msg != '' then", False, True),
        ("local", "*.*", False, False),
        # rsyslog names no sender for what it reads from a file.
        ("", "if $fromhost-ip == '127.0.0.1' then", False, False),
        ("", "if $fromhost-ip != '10.0.0.1' then", True, True),
        ("RSYSLOG_DefaultRuleset", "*.*", True, True),
    ],
)
def test_where_the_lines_of_a_file_go(
    ruleset: str, selector: str, *, sure: bool, may: bool
) -> None:
    bound = f' ruleset="{ruleset}"' if ruleset else ""
    new = f'input(type="imfile" file="/a.log" tag="a"{bound})'
    old = "$InputFileName /a.log\n$InputFileTag a\n$InputRunFileMonitor"
    if ruleset:
        old = f"$InputFileBindRuleset {ruleset}\n{old}"
    for text in (new, old):
        found = told(log=f"{text}\n{selector} @@log.example.net")
        assert found.inputs == ("/a.log",)
        (one,) = found.watched
        sent = found.sent(one.ruleset, one.lines)
        assert (sent.sure != 0, sent.may != 0) == (sure, may)


@pytest.mark.parametrize(
    ("enabled", "known", "sure"),
    [('"on"', True, True), ('"off"', False, False), ("`echo $A`", True, False)],
)
def test_an_input_that_is_switched_off(
    enabled: str, *, known: bool, sure: bool
) -> None:
    text = f'input(type="imfile" file="/a.log" config.enabled={enabled})'
    found = told(log=f"{text}\n*.* @@log.example.net").watched
    assert bool(found) is known
    assert all(bool(one.lines.sure) is sure and one.lines.may for one in found)


def test_an_input_that_is_never_started_is_none() -> None:
    assert told(log="$InputFileName /a.log\n$InputFileTag a").inputs == ()


def test_what_holds_for_one_action_and_what_for_all() -> None:
    found = told(
        a="$ActionSendStreamDriverMode 1 # TLS\n$ActionQueueType LinkedList\n"
        "$ActionQueueFileName f\n$ActionQueueTimeoutEnqueue 0\n*.* ~\n*.* @@a",
        b="*.* @@b\n$ActionSendStreamDriverMode 0\n*.* @@c\n"
        "$ActionSendStreamDriverMode 1\n$ResetConfigVariables\n*.* @@d",
        c="$ActionQueueType LinkedList\n$ActionQueueFileName f\n"
        "$ActionQueueTimeoutEnqueue 0\n*.* /var/log/all\n*.* @@e",
    )
    assert [(one.target, one.encrypted, one.queued) for one in found.forwards] == [
        ("a", True, True),
        ("b", True, False),
        ("c", False, False),
        ("d", False, False),
        ("e", False, False),
    ]


def test_brackets_and_quotes_inside_of_a_value_end_nothing() -> None:
    text = r"""action(type="omfwd" name="a) \" b" # ) comment
      target=["a.example.net"] /* port="1" ) */ port="6514" protocol="tcp")"""
    (one,) = told(log=text).forwards
    assert (one.target, one.port) == ("a.example.net", 6514)


def test_what_ships_passes() -> None:
    logs = files(("mailbox", "proxy"), ())
    ours = forward(Sending(Peer("log.example.net"), logs))
    path = ROOT / "lab/states/hardened/rootfs/etc/rsyslog.d/30-loghost.conf"
    for text in (ours, path.read_text("utf-8")):
        main = (ROOT / "lab/rootfs/etc/rsyslog.conf").read_text("utf-8")
        found = told(main=main, a=text)
        assert not ENOUGH & ~found.own_sent().sure
        assert all(found.sent(one.ruleset, one.lines).sure for one in found.watched)
        assert len(found.watched) > 2
    assert FORWARD.startswith("/etc/rsyslog.d/")
