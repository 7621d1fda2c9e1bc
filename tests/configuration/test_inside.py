"""Passwords that stand inside of other values and texts: none reaches a file."""

import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.configuration.test_snapshot import KEY, NODE, changed, files, put
from zmward.configuration.inside import PATTERNS, covered, is_known, without_logins
from zmward.configuration.sealed import Seal
from zmward.evidence import DIRECTORY, Answer, Missing

_XML = (
    '<zimletConfig name="com_x"><global>\n<property name="smtp_password">~</property>'
    '\n<property name="other">kept</property>\n</global></zimletConfig>'
)
_HOLD = [
    'password="~ x"',
    "password='~ x'",
    "password=$~",
    "password=ab,~",
    "password=%~",
    "PASSWORD = ~",
    "token=~",
    "https://example.test/hook?x=1&apikey=~",
    "https://example.test/hook?access_token=~",
    "MYSQL_PWD=~ mysqldump",
    'environment="API_TOKEN=~" ssh-rsa AAAA',
    'command="/opt/job --password ~" ssh-rsa AAAA',
    'command="/opt/job --api-key=~" ssh-rsa AAAA',
    '{"user": "a", "password": "~"}',
    '{"apiKey":"~","other":1}',
    '{"clientSecret" : "~"}',
    "bind_pw: ~",
    "bindpw=~",
    "smtp_pass=~",
    "dbPass=~",
    "Authorization: Basic ~",
    "Authorization: Token ~",
    "X: Bearer ~",
    "static:relay:~",
    "http://user:p@~@proxy.example.test:3128",
    "http://user:p'~@proxy.example.test:3128",
    "http://user:p/~@proxy.example.test:3128",
    "https://ghp~@example.test/x",
    "ldapsearch -x -D cn=admin -w ~ -b ''",
    "ldapsearch -w'~'",
    "zmprov -a admin -p ~ gaa",
    "zmprov sp admin@example.test ~",
    "smbclient //files/backup -U backup%~",
    "lftp -u backup,~ files.example.test",
    "redis-cli -a ~ ping",
    "curl --proxy-user me:~ https://example.test/",
    _XML,
    '<Set name="KeyStorePassword">~</Set>',
    '<param name="apiKey" value="~"/>',
    "<password>~</password>",
    "SSHPASS=~ sshpass -e ssh far",
    "dbpass=~",
    "B2_APPLICATION_KEY=~ restic backup",
    "AZURE_STORAGE_KEY=~",
    "bindpw ~",
    "rootpw ~",
    "rocommunity ~ 10.0.0.0/8",
    "imapsync --password1 ~ --ssl1",
    "keytool -storepass ~ -list",
    "rclone sync /a b2: --b2-key ~",
    "openssl enc -aes256 -k ~ -in a",
    "mongodump -u a -p ~",
    "htpasswd -b f joe ~",
    "mysqladmin -u root password ~",
    "snmpget -v3 -a SHA -A ~ -x AES host",
    "snmpget -v3 -a SHA -A other -x AES -X ~ host",
    "snmpwalk -v2c -c ~ host",
    "echo ~ | passwd --stdin joe",
    "echo 'joe:~' | chpasswd",
    "printf ~ | sudo -S id",
    "curl -d x https://hooks.slack.com/services/T0/B0/~",
    "curl https://api.telegram.org/bot123456789:~/sendMessage",
    "curl 'https://example.test/x?a=1&key=~'",
]
_SECRET = "S3CR3Tabcdef99"


@pytest.mark.parametrize("text", _HOLD)
def test_a_secret_inside_is_sealed(text: str) -> None:
    whole = text.replace("~", _SECRET)
    assert _SECRET in whole
    seal = Seal(KEY, "x")
    for found in (
        seal.attribute("zimbraNotes", whole).text,
        seal.key_value("mailboxd_java_options", whole).text,
        seal.text(f"before\n{whole}\nbehind\n"),
    ):
        assert _SECRET not in found
        assert _SECRET[:6] not in found
    assert seal.text(f"before\n{whole}\nbehind\n").startswith("before\n")
    assert seal.text(f"before\n{whole}\nbehind\n").endswith("\nbehind\n")


@pytest.mark.parametrize(
    "text",
    [
        "zimbra ALL=(root) NOPASSWD: /opt/zimbra/libexec/zmstat-fd",
        "Cmnd_Alias PASSWD = /usr/bin/passwd",
        "Defaults passwd_timeout=5, passwd_tries=3",
        "smtp_sasl_password_maps = lmdb:/opt/zimbra/conf/relay_password",
        "PasswordAuthentication yes",
        "ii passwd 1:4.13",
        "password=@@mysql_password@@",
        "password=${zimbra_ldap_password}",
        "password=%%zimbraX%%",
        "http://host:8080/path?to=a@example.test",
        "ldap://host:389 ldap://other:389",
        "ssh://backup@example.test/x",
        "transport_maps = proxy:ldap:/opt/zimbra/conf/ldap-transport.cf",
        "50 2 * * * /opt/zimbra/libexec/zmcompresslogs > /dev/null 2>&1",
        "mkdir -p /opt/zimbra/x",
        "bypass = yes",
        "compass: north",
        "echo done | mail root",
        "openssl x509 -in a -noout",
        "https://example.test/x?monkey=1",
        "The password is changed by the portal.",
        "Basic authentication",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    seal = Seal(KEY, "x")
    assert seal.text(text) == text
    assert seal.attribute("zimbraNotes", text).text == text


def test_a_changed_secret_inside_shows() -> None:
    seal = Seal(KEY, "x")
    assert seal.text("token=one") != seal.text("token=two")
    assert seal.text("token=one") == seal.text("token=one")


@pytest.mark.parametrize(
    ("source", "host", "old", "new"),
    [
        ("authorized-keys", NODE, "ssh-rsa", 'environment="TOKEN=@" ssh-rsa'),
        ("authorized-keys", NODE, "ssh-rsa", 'command="/x --password @" ssh-rsa'),
        ("sudoers", NODE, "> /etc/sudoers\n", "> /etc/sudoers\n # password: @\n"),
        ("sshd", NODE, "port 22\n", "port 22\nsetenv API_TOKEN=@\n"),
        ("postconf-own", NODE, "= 10m", "= 10m\nrelay_password_maps = static:u:@"),
        (
            "crontab-zimbra",
            NODE,
            " # ZIMBRAEND",
            " 1 1 * * * ldapadd -w @\n # ZIMBRAEND",
        ),
    ],
)
def test_no_secret_inside_reaches_a_file(
    source: str, host: str, old: str, new: str
) -> None:
    evidence = changed(source, old, new.replace("@", _SECRET), host)
    assert _SECRET not in str(files(evidence))


@pytest.mark.parametrize(
    "name",
    [
        "zimbraCertAuthorityKeySelfSigned",
        "zimbraAPNSCertificate",
        "zimbraTouchJSErrorTrackingKey",
        "zimbraMtaSmtpSaslPasswordMaps",
    ],
)
def test_attributes_that_hold_secrets_are_sealed(name: str) -> None:
    value = f"static:relay:{_SECRET}" if name.endswith("Maps") else _SECRET
    now = changed("ldap-config", "cn: config\n", f"cn: config\n{name}: {value}\n")
    assert _SECRET not in str(files(now))


def test_a_map_that_is_a_file_is_no_secret() -> None:
    line = "zimbraMtaSmtpSaslPasswordMaps: lmdb:/opt/zimbra/conf/relay_password"
    now = changed("ldap-config", "cn: config\n", f"cn: config\n{line}\n")
    assert f"{line}\n" in files(now)["global.conf"]


@pytest.mark.parametrize(
    "key",
    [
        "site_apikey",
        "site_api_keys",
        "relay_pass2",
        "relay_pw_old",
        "smtp_pass_backup",
        "gateway_pin",
        "gateway_bearer",
        "reports_dsn",
        "site_private",
        "site_hmac",
    ],
)
def test_own_keys_of_localconfig_that_sound_like_secrets_are_sealed(key: str) -> None:
    now = changed(
        "localconfig",
        "</localconfig>",
        f'<key name="{key}"><value>{_SECRET}</value></key></localconfig>',
        NODE,
    )
    assert _SECRET not in str(files(now))


def test_why_something_is_missing_tells_no_secret() -> None:
    said = f"cannot reach http://user:{_SECRET}@h/ with password={_SECRET}"
    evidence = put("ldap-cos", Missing(said, "failed"), DIRECTORY)
    assert _SECRET not in str(files(evidence))
    evidence = put("ldap-cos", Answer(f"password={_SECRET}\n"), DIRECTORY)
    assert _SECRET not in str(files(evidence))


@pytest.mark.parametrize(
    "part",
    [
        "://a:",
        "password>",
        "password ",
        '"password',
        "Bearer ",
        "-w ",
        "zmprov ",
        "token:",
        "-echo ",
        "-printf -n ",
        "-htpasswd -b ",
    ],
)
def test_no_text_takes_long(part: str) -> None:
    begun = time.monotonic()
    Seal(KEY, "x").text(part * (60_000 // len(part)))
    Seal(KEY, "x").text(f"ldap zmprov {part * (60_000 // len(part))}")
    assert time.monotonic() - begun < 30


_PARTS = st.sampled_from(
    [
        *_HOLD,
        *("://", " ", "\n", "\n\n", "\r", "\x85", "=", ">", "</", '"', "'", "|", "ab1"),
        *("PASS", "Bearer", "to\u212aen", "\u017fecret", "p\u0131", "ZMPROV", "curl"),
    ]
)


@given(st.lists(_PARTS, max_size=12).map("".join))
@example("x\n\u017fecret=abc1\ny")
@example("<password>ab\ncd</password>")
def test_lines_that_are_passed_over_hold_nothing(text: str) -> None:
    def one(match: re.Match[str]) -> str:
        return match[0] if is_known(match) else f"{match[1]}({match[2]})"

    expected = without_logins(text)
    for _, pattern in PATTERNS:
        expected = pattern.sub(one, expected)
    assert covered(text, lambda secret: f"({secret})") == expected
