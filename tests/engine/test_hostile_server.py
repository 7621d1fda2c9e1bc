"""What a hostile user of the server tries against the collector that root runs."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from zmward.configuration.asked import TEMPLATES
from zmward.engine.answers import read
from zmward.engine.script import collector
from zmward.evidence import Answer, Missing
from zmward.sources.amavis import AMAVIS
from zmward.sources.certificates import CERTIFICATES
from zmward.sources.crontab import CRONTAB
from zmward.sources.fail2ban import FAIL2BAN
from zmward.sources.localconfig import LOCALCONFIG
from zmward.sources.logging import RSYSLOG
from zmward.sources.originlog import ORIGINLOG
from zmward.sources.schema import SCHEMA
from zmward.sources.slapd import SLAPD
from zmward.sources.source import (
    Command,
    File,
    Files,
    Question,
    Snippet,
    Source,
    Stat,
    Unreadable,
    contents,
    statuses,
    text,
)
from zmward.sources.tls_keys import TLS_KEYS
from zmward.sources.webprograms import WEB_PROGRAMS

SECRET = "correct-horse"
as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root is in danger")


def asked(
    question: Question,
    zimbra: Path,
    changes: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Answer | Missing:
    """Ask one question of a server whose /opt/zimbra is that folder."""
    probe = Source(name="probe", about="A probe.", question=question, parse=text)
    return asked_of(probe, zimbra, changes, cwd)


def asked_of(
    probe: Source[Any],
    zimbra: Path,
    changes: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Answer | Missing:
    script = collector((probe,), "0").replace("/opt/zimbra", str(zimbra))
    for old, new in (changes or {}).items():
        assert old in script
        script = script.replace(old, new)
    done = subprocess.run(
        ["sh", "-s"],
        input=script.encode(),
        capture_output=True,
        check=True,
        timeout=60,
        cwd=cwd,
    )
    stream = done.stdout.splitlines(keepends=True)
    return read(stream, (probe,), "probe")[probe.name]


@pytest.fixture
def zimbra(tmp_path: Path) -> Path:
    """Return a folder like /opt/zimbra, beside a file that only root may read."""
    folder = tmp_path / "zimbra"
    (folder / "conf" / "includes").mkdir(parents=True)
    shadow = tmp_path / "shadow"
    shadow.write_text(f"root:{SECRET}:1::::::\n")
    shadow.chmod(0o600)
    return folder


@as_root
@pytest.mark.parametrize("question", [File, lambda path: Files((path,))])
def test_a_link_makes_root_read_nothing_that_zimbra_may_not(
    question: type[File], zimbra: Path
) -> None:
    (zimbra / "conf/dhparam.pem").symlink_to("../../shadow")
    found = asked(question("/opt/zimbra/conf/dhparam.pem"), zimbra)
    assert SECRET not in repr(found)
    if isinstance(found, Answer):
        with pytest.raises(Unreadable):
            contents(found.text)


@as_root
def test_a_linked_folder_makes_root_read_nothing_either(zimbra: Path) -> None:
    (zimbra / "conf/includes").rmdir()
    (zimbra / "conf/includes").symlink_to("../..")
    found = asked(Files(("/opt/zimbra/conf/includes/*",)), zimbra)
    assert SECRET not in repr(found)


@as_root
def test_localconfig_as_a_link_shows_nothing(zimbra: Path) -> None:
    (zimbra / "conf/localconfig.xml").symlink_to("../../shadow")
    found = asked_of(LOCALCONFIG, zimbra)
    assert isinstance(found, Missing)
    assert SECRET not in repr(found)


def test_a_link_within_zimbra_and_one_to_a_public_file_are_read(zimbra: Path) -> None:
    public = zimbra.parent / "public"
    public.write_text("a\n")
    public.chmod(0o644)
    own = zimbra / "own"
    own.write_text("b\n")
    own.chmod(0o600)
    (zimbra / "conf/one").symlink_to(public)
    (zimbra / "conf/two").symlink_to(own)
    assert asked(File("/opt/zimbra/conf/one"), zimbra) == Answer("a\n")
    assert asked(File("/opt/zimbra/conf/two"), zimbra) == Answer("b\n")


@pytest.mark.parametrize("name", ["localconfig.xml", "dhparam.pem"])
def test_a_pipe_that_nobody_writes_to_holds_nothing_up(zimbra: Path, name: str) -> None:
    os.mkfifo(zimbra / "conf" / name)
    found = asked(File(f"/opt/zimbra/conf/{name}"), zimbra)
    assert isinstance(found, Missing)
    assert "not a regular file" in found.reason


def test_a_file_too_large_to_read_whole_is_missing_not_cut(zimbra: Path) -> None:
    with (zimbra / "conf/keys").open("wb") as file:
        file.truncate(5 << 20)
    found = asked(File("/opt/zimbra/conf/keys"), zimbra)
    assert isinstance(found, Missing)
    many = asked(Files(("/opt/zimbra/conf/keys",)), zimbra)
    assert isinstance(many, Answer)
    with pytest.raises(Unreadable):
        contents(many.text)


def test_a_file_elsewhere_too_large_to_read_whole_is_unreadable(zimbra: Path) -> None:
    (zimbra.parent / "big.conf").write_text("# x\n" * (5 << 18))
    found = asked(Files((f"{zimbra.parent}/big.conf",)), zimbra)
    assert isinstance(found, Answer)
    with pytest.raises(Unreadable):
        contents(found.text)


@pytest.fixture
def tool() -> Iterator[Path]:
    """Return a program in a place that is root's alone, unlike /tmp."""
    with TemporaryDirectory(dir=Path.home()) as folder:
        program = Path(folder) / "bin/tool"
        program.parent.mkdir()
        program.write_text("#!/bin/sh\necho ran\n")
        program.chmod(0o755)
        yield program


TOOL = Command(("/opt/zimbra/bin/tool",))


@as_root
def test_root_runs_a_program_of_zimbra_that_is_its_own(tool: Path) -> None:
    assert asked(TOOL, tool.parent.parent) == Answer("ran\n")


@as_root
@pytest.mark.parametrize("mode", [0o777, 0o775])
def test_root_runs_no_program_of_zimbra_that_others_can_change(
    tool: Path, mode: int
) -> None:
    os.chown(tool, 0, 1)
    tool.chmod(mode)
    found = asked(TOOL, tool.parent.parent)
    assert isinstance(found, Missing)
    assert found.kind == "refused"


@as_root
def test_root_runs_no_program_from_a_folder_of_another_user(tool: Path) -> None:
    os.chown(tool.parent, 1, 1)
    found = asked(TOOL, tool.parent.parent)
    assert isinstance(found, Missing)
    assert found.kind == "refused"


def test_programs_start_in_the_root_folder(zimbra: Path) -> None:
    found = asked(Command(("pwd",)), zimbra, cwd=zimbra)
    assert found == Answer("/\n")


def test_programs_do_not_hold_the_collectors_own_output(zimbra: Path) -> None:
    script = 'for f in /proc/$$/fd/*; do echo "${f##*/}"; done'
    found = asked(Command(("sh",), ("-c", script)), zimbra)
    assert isinstance(found, Answer)
    # 3 is the folder that sh reads to find the names.
    assert not {"4", "5", "6", "7", "8", "9"} & set(found.text.split())


def test_an_answer_that_dies_is_missing_whatever_it_said(zimbra: Path) -> None:
    dying = "printf '= 0\\n' >&2; printf 'half\\n'; sh -c 'kill -9 $PPID'"
    found = asked(Snippet(dying), zimbra)
    assert isinstance(found, Missing)


def test_many_errors_do_not_lose_the_exit_code(zimbra: Path) -> None:
    noisy = 'i=0; while [ $i -lt 3000 ]; do echo "error $i" >&2; i=$((i + 1)); done'
    found = asked(Snippet(f"{noisy}; echo said"), zimbra)
    assert isinstance(found, Answer)
    assert found.text == "said\n"


def test_an_endless_answer_ends(zimbra: Path) -> None:
    found = asked(Command(("yes",)), zimbra, {"most=268435456": "most=100000"})
    assert isinstance(found, Missing)


def test_names_of_files_forge_no_other_file(zimbra: Path) -> None:
    folder = zimbra / "conf/includes"
    (folder / "a\n> ").mkdir()
    (folder / "a\n700 root root 1 1 regular file|b").write_text("x")
    (folder / "c").write_text("y\n")
    found = asked(Files(("/opt/zimbra/conf/includes/*",)), zimbra)
    assert isinstance(found, Answer)
    assert len(contents(found.text)) == 2
    stat = asked(Stat(("/opt/zimbra/conf/includes/*",)), zimbra)
    assert isinstance(stat, Missing) or "b" not in statuses(stat.text)


def test_private_keys_and_passwords_in_addresses_are_masked(zimbra: Path) -> None:
    (zimbra / "conf/includes/site").write_text(
        "one on;\n-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n"
        f"AAAA{SECRET.replace('-', '')}\n-----END RSA PRIVATE KEY-----\n"
        f"proxy http://user:{SECRET}@proxy.example.com:3128/;\ntwo on;\n"
    )
    found = asked(Files(("/opt/zimbra/conf/includes/*",)), zimbra)
    assert isinstance(found, Answer)
    assert SECRET not in found.text
    assert SECRET.replace("-", "") not in found.text
    shown = contents(found.text)[f"{zimbra}/conf/includes/site"]
    assert shown.startswith("one on;\n")
    assert shown.endswith("http://masked@proxy.example.com:3128/;\ntwo on;\n")


@pytest.mark.parametrize(
    "value",
    [
        "static:relay:@",
        "static:relay:a,@",
        "inline:{h=u:x, i=u:@}",
        "inline:{{h = u:x}, {i = u:@}}",
    ],
)
@pytest.mark.parametrize(
    "name", ["smtp_sasl_password_maps =", "zimbraMtaSmtpSaslPasswordMaps:"]
)
def test_postfixs_own_maps_show_no_password(
    zimbra: Path, name: str, value: str
) -> None:
    (zimbra / "conf/x").write_text(f"{name} {value.replace('@', SECRET)}\nb = c\n")
    found = asked(File("/opt/zimbra/conf/x"), zimbra)
    assert isinstance(found, Answer)
    assert SECRET not in found.text
    assert "b = c" in found.text


def test_a_password_with_the_sign_of_an_address_is_masked_whole(zimbra: Path) -> None:
    (zimbra / "conf/x").write_text(f"a http://user:x@{SECRET}@proxy.example.com/\n")
    found = asked(File("/opt/zimbra/conf/x"), zimbra)
    assert isinstance(found, Answer)
    assert found.text == "a http://masked@proxy.example.com/\n"


@pytest.mark.parametrize(
    "line",
    [
        '<Set name="KeyStorePassword">@</Set>',
        '<property name="token">@</property>',
        '<param name="apiKey" value="@"/>',
        "ldap_bind_pw: @",
        "bindpw @",
    ],
)
def test_a_template_shows_no_password(zimbra: Path, line: str) -> None:
    path = zimbra / "conf/jetty.xml.in"
    path.write_text(f'{line.replace("@", SECRET)}\n<Set name="port">1</Set>\n')
    found = asked_of(TEMPLATES, zimbra)
    assert isinstance(found, Answer)
    assert SECRET not in found.text
    assert '<Set name="port">1</Set>' in found.text


@pytest.mark.parametrize("sign", ["\u2028", "\x85", "\x0c", "\x1c"])
def test_a_line_of_a_file_forges_no_other_file(zimbra: Path, sign: str) -> None:
    """Python takes more signs for the end of a line than the host does."""
    (zimbra / "conf/a.in").write_text(f"x{sign}> /\ny{sign}> /etc/sudoers\n")
    found = asked_of(TEMPLATES, zimbra)
    assert isinstance(found, Answer)
    assert list(contents(found.text)) == [f"{zimbra}/conf/a.in"]


@pytest.mark.parametrize(
    "inside",
    [
        f"<key name='some_key'><value>{SECRET}</value></key>",
        f'<key name="x_password"><value >{SECRET}</value ></key>',
        f'<key name="x_password"><value a="b">{SECRET}</value></key>',
        f'<key name="x_passw&#111;rd"><value>{SECRET}</value></key>',
        f'<key a="b" name="x_password"><value>{SECRET}</value></key>',
        f'<key name="x_password" a="b"><value>{SECRET}</value></key>',
        f"<!-- was: {SECRET} -->",
        f"<!-- <key name='a'><value>{SECRET}</value></key> -->",
        f'<key name="x_password"><value><!-- -->{SECRET}</value></key>',
        f'<key name="x_password"><value><![CDATA[<value>{SECRET}]]></value></key>',
        f'<key name="x_password"><value><![CDATA[{SECRET}]]></value></key>',
        f'<key name="x_password"><value><b>{SECRET}</b></value></key>',
        f"<note>{SECRET}</note>",
    ],
)
def test_no_form_of_localconfig_shows_a_secret(zimbra: Path, inside: str) -> None:
    (zimbra / "conf/localconfig.xml").write_text(
        f'<?xml version="1.0" encoding="UTF-8"?>\n<localconfig>{inside}</localconfig>\n'
    )
    found = asked_of(LOCALCONFIG, zimbra)
    assert SECRET not in repr(found)
    if isinstance(found, Answer):
        own = LOCALCONFIG.parse(found.text).own
        assert set(own.values()) <= {"zmward:secret:set"}


def test_an_entity_in_localconfig_shows_no_secret(zimbra: Path) -> None:
    (zimbra / "conf/localconfig.xml").write_text(
        f'<!DOCTYPE localconfig [<!ENTITY p "{SECRET}">]>\n'
        '<localconfig><key name="a"><value>&p;</value></key></localconfig>\n'
    )
    found = asked_of(LOCALCONFIG, zimbra)
    assert isinstance(found, Missing)
    assert SECRET not in repr(found)


def test_localconfig_in_another_encoding_shows_no_secret(zimbra: Path) -> None:
    told = f'<localconfig><key name="a_password"><value>{SECRET}</value></key>'
    (zimbra / "conf/localconfig.xml").write_bytes(told.encode("utf-16"))
    found = asked_of(LOCALCONFIG, zimbra)
    assert SECRET not in repr(found).replace("\\x00", "").replace("\0", "")


@pytest.mark.parametrize(
    "line",
    [
        "RESTIC_PASSWORD=@",
        "AWS_SECRET_ACCESS_KEY='@'",
        "0 1 * * * mysqldump -u root -p@ zimbra",
        "0 1 * * * PGPASSWORD=@ psql",
        "0 1 * * * curl -u me:@ https://example.com/",
        "0 1 * * * curl -H 'Authorization: Bearer @' https://example.com/",
        "0 1 * * * curl https://me:@%40example.com/",
        "0 1 * * * sshpass -p @ ssh mail",
        '0 1 * * * tool --token @ --api-key=@ --password="@"',
        "0 1 * * * ldapsearch -x -D cn=admin -w @ -b cn=x",
        "0 1 * * * zmprov -a admin -p @ gaa",
        "0 1 * * * zmprov sp admin%40example.com @",
        "0 1 * * * smbclient //files/backup -U backup%@ -c ls",
        "0 1 * * * lftp -u backup,@ files.example.com",
        "0 1 * * * redis-cli -a @ ping",
        "0 1 * * * curl -U me:@ https://example.com/",
        "0 1 * * * curl --proxy-user me:@ https://example.com/",
        "0 1 * * * PASSWORD=ab,@ run",
        "0 1 * * * PASSWORD=ab;@ run",
        "0 1 * * * curl https://me:a%40@%40example.com/",
        "0 1 * * * curl -d x https://hooks.slack.com/services/T0/B0/@",
        "0 1 * * * curl https://api.telegram.org/bot123456789:@/sendMessage",
        "0 1 * * * curl https://discord.com/api/webhooks/1/@",
        "0 1 * * * curl 'https://example.com/x?a=1&key=@'",
        "B2_APPLICATION_KEY=@ restic backup",
        "0 1 * * * AZURE_STORAGE_KEY=@ run",
        "rootpw @",
        "rocommunity @ 10.0.0.0/8",
        "0 1 * * * snmpwalk -v2c -c @ host",
        "0 1 * * * snmpget -v3 -a SHA -A @ -x AES -X @ host",
        "0 1 * * * mongodump -u a -p @",
        "0 1 * * * openssl enc -aes256 -k @ -in a",
        "0 1 * * * openssl enc -aes256 -pass pass:@ -in a",
        "0 1 * * * echo @ | passwd --stdin joe",
        "0 1 * * * echo 'joe:@' | chpasswd",
        "0 1 * * * printf @ | sudo -S id",
        "0 1 * * * SSHPASS=@ sshpass -e ssh far",
        "0 1 * * * keytool -storepass @ -list",
        "0 1 * * * rclone sync /a b2: --b2-key @",
        "0 1 * * * htpasswd -b f joe @",
        "0 1 * * * mysqladmin -u root password @",
    ],
)
def test_the_crontab_shows_no_password(zimbra: Path, line: str) -> None:
    path = zimbra.parent / "crontab"
    line = line.replace("@", SECRET).replace("%40", "@")
    path.write_text(f"{line}\n1 2 * * * /bin/true -x a=b\n")
    found = asked_of(CRONTAB, zimbra, {"/var/spool/cron/crontabs/zimbra": str(path)})
    assert isinstance(found, Answer)
    assert SECRET not in found.text
    assert "/bin/true -x a=b" in CRONTAB.parse(found.text).outside[-1]


@pytest.mark.parametrize(
    "line",
    [
        "*.* :ommysql:db.example.com,Syslog,user,@",
        "*.* :ompgsql:db.example.com,Syslog,user,@;format",
        'action(type="omkafka" confParam=["sasl.password=@"])',
        'action(type="omhttp" httpheaders=["Authorization: Bearer @"])',
        'action(type="omhttp" httpheaderkey="X" httpheadervalue="@")',
        "$ActionOmelasticsearchPwd @",
        'action(type="omelasticsearch" PWD="@" apikey="@")',
    ],
)
def test_rsyslog_shows_no_password(zimbra: Path, line: str) -> None:
    path = zimbra.parent / "rsyslog.conf"
    forward = 'action(type="omfwd" target="log.example.com" protocol="tcp")'
    path.write_text(f"{line.replace('@', SECRET)}\n{forward}\n*.* @@192.0.2.7:514\n")
    found = asked_of(RSYSLOG, zimbra, {"/etc/rsyslog.conf": str(path)})
    assert isinstance(found, Answer)
    assert SECRET not in found.text
    targets = {one.target for one in RSYSLOG.parse(found.text).forwards}
    assert {"log.example.com", "192.0.2.7"} <= targets


def test_fail2ban_shows_no_token(zimbra: Path) -> None:
    folder = zimbra.parent / "fail2ban"
    folder.mkdir()
    (folder / "jail.local").write_text(
        "[sshd]\nenabled = true\nlogpath = /var/log/auth.log\n"
        f'action = cloudflare[cfuser="me", cftoken="{SECRET}"]\n'
        f'         abuseipdb[abuseipdb_apikey="{SECRET}"]\n'
        f"         other[pass={SECRET}]\nx_password = {SECRET}\n"
    )
    found = asked_of(FAIL2BAN, zimbra, {"/etc/fail2ban": str(folder)})
    assert isinstance(found, Answer)
    assert SECRET not in found.text
    assert FAIL2BAN.parse(found.text).jails[0].logs == ("/var/log/auth.log",)


def test_amavis_shows_no_password_of_a_database(zimbra: Path) -> None:
    (zimbra / "conf/amavisd.conf").write_text(
        "# @storage_sql_dsn = @lookup_sql_dsn;  # none\n$one = 'kept';\n"
        f"@lookup_sql_dsn = ( ['DBI:mysql:host=h;x=y',\n  'user', '{SECRET}'],\n"
        f"  ['DBI:Pg:host=h', \"user\", \"{SECRET}\"] );\n$two = 'kept too';\n"
    )
    found = asked_of(AMAVIS, zimbra)
    assert isinstance(found, Answer)
    assert SECRET not in found.text
    assert "'kept'" in found.text
    assert "'kept too'" in found.text


def test_postfix_and_nginx_show_no_password(zimbra: Path) -> None:
    said = (
        f"smtp_sasl_password_maps = static:user:{SECRET}\n"
        f"ldapx_bind_pw = {SECRET}\nmyhostname = mail.example.com\n"
        f' master_auth_password "{SECRET}";\n'
        f' proxy_set_header Authorization "Basic {SECRET}";\n'
        "smtpd_sasl_password_result = kept\n"
        "lmtp_sasl_password_maps = lmdb:/opt/kept\n"
    )
    quoted = f'postconf: fatal: x: missing after attribute name: \\"{SECRET}: x\\"'
    found = asked(Snippet(f"printf '%s' '{said}'; echo \"{quoted}\" >&2"), zimbra)
    assert isinstance(found, Answer)
    assert SECRET not in repr(found)
    assert found.text.count("kept") == 2
    assert 'Authorization "masked";' in found.text


@pytest.fixture
def webapps(zimbra: Path) -> Path:
    folder = zimbra / "jetty_base/webapps/zimbra"
    folder.mkdir(parents=True)
    (folder / "evil.jsp").write_text("x")
    return folder


def test_a_web_program_behind_links_is_seen(zimbra: Path, webapps: Path) -> None:
    (webapps / "linked.jsp").symlink_to("/etc/hostname")
    real = zimbra / "elsewhere"
    (zimbra / "jetty_base/webapps").rename(real)
    (zimbra / "jetty_base/webapps").symlink_to(real)
    found = asked_of(WEB_PROGRAMS, zimbra)
    assert isinstance(found, Answer)
    loose = {Path(path).name for path in WEB_PROGRAMS.parse(found.text).loose}
    assert loose == {"evil.jsp", "linked.jsp"}


def test_a_name_of_lines_vouches_for_no_web_program(
    zimbra: Path, webapps: Path
) -> None:
    forged = Path(f"{webapps}/d\n+{webapps}")
    forged.mkdir(parents=True)
    (forged / "evil.jsp").write_text("x")
    found = asked_of(WEB_PROGRAMS, zimbra)
    assert isinstance(found, Answer)
    assert not WEB_PROGRAMS.parse(found.text).shipped


def test_a_search_for_web_programs_cut_short_is_missing(
    zimbra: Path, webapps: Path
) -> None:
    del webapps
    slow = {"limit find": "limit sleep 30 #"}
    found = asked_of(
        WEB_PROGRAMS, zimbra, {**slow, "ask web-programs 20": "ask web-programs 1"}
    )
    assert isinstance(found, Missing)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        (AMAVIS, "conf/amavisd.conf"),
        (ORIGINLOG, "log/audit.log"),
        (SCHEMA, "conf/attrs/zimbra-attrs.xml"),
        (SCHEMA, "conf/attrs/a.xml"),
        (SLAPD, "data/ldap/config/cn=config.ldif"),
    ],
)
def test_a_pipe_in_a_files_place_is_missing(
    zimbra: Path, source: Source[Any], name: str
) -> None:
    attributes = zimbra / "conf/attrs/zimbra-attrs.xml"
    attributes.parent.mkdir()
    attributes.write_text('<attrs><attr name="a" optionalIn="server"/></attrs>\n')
    path = zimbra / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    found = asked_of(source, zimbra)
    assert isinstance(found, Missing)
    assert "not a regular file" in found.reason


@pytest.mark.parametrize("source", [TLS_KEYS, CERTIFICATES])
def test_too_many_keys_or_certificates_are_missing_not_cut(
    zimbra: Path, source: Source[Any]
) -> None:
    (zimbra / "conf/domaincerts").mkdir()
    for suffix in ("key", "crt"):
        (zimbra / f"conf/domaincerts/a.{suffix}").write_text("x")
    late = {"in_time() { ": "in_time() { return 1; "}
    assert isinstance(asked_of(source, zimbra), Answer)
    assert isinstance(asked_of(source, zimbra, late), Missing)
