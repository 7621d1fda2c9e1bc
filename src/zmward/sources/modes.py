"""Owners and modes of the paths that must not be open to everyone."""

from zmward.sources.source import Snippet, Source, Status, Unreadable, statuses

SECRETS = (
    "/opt/zimbra/conf/localconfig.xml",
    "/opt/zimbra/conf/my.cnf",
    "/opt/zimbra/conf/saslauthd.conf",
    "/opt/zimbra/conf/sasl2/smtpd.conf",
    "/opt/zimbra/conf/*.key",
    "/opt/zimbra/conf/domaincerts/*.key",
    "/opt/zimbra/conf/ldap-*.cf",
    "/opt/zimbra/jetty_base/etc/keystore",
    "/opt/zimbra/ssl/zimbra/*/*.key",
    "/opt/zimbra/ssl/zimbra/*.pem",
    "/opt/zimbra/.ssh/zimbra_identity",
    "/opt/zimbra/.bash_history",
    "/opt/zimbra/.zmprov_history",
    "/opt/zimbra/.zmmailbox_history",
    "/opt/zimbra/.mysql_history",
    "/opt/zimbra/config.*",
    "/opt/zimbra/log/audit.log",
    "/opt/zimbra/log/mailbox.log",
)
CODE = (
    "/opt/zimbra",
    "/opt/zimbra/bin",
    "/opt/zimbra/libexec",
    "/opt/zimbra/lib",
    "/opt/zimbra/contrib",
    "/opt/zimbra/common",
    "/opt/zimbra/common/bin",
    "/opt/zimbra/common/sbin",
    "/opt/zimbra/common/lib",
    "/opt/zimbra/common/libexec",
    "/opt/zimbra/lib/jars",
    "/opt/zimbra/lib/ext",
    "/opt/zimbra/lib/ext-common",
    "/opt/zimbra/bin/*",
    "/opt/zimbra/libexec/*",
    "/opt/zimbra/common/bin/*",
    "/opt/zimbra/common/sbin/*",
    "/opt/zimbra/lib/jars/*.jar",
    "/opt/zimbra/lib/ext/*/*.jar",
)
OTHERS = (
    "/etc/ld.so.preload",
    "/etc/sudoers.d/*zimbra*",
    "/opt/zimbra/.ssh",
    "/opt/zimbra/.ssh/authorized_keys",
    "/opt/zimbra/data/tmp",
    "/opt/zimbra/backup",
    "/opt/zimbra/libexec/postjournal",
    "/var/lib/zmward",
    "/var/lib/zmward/integrity/history",
)


def parse(answer: str) -> dict[str, Status]:
    """Read `stat` lines; the root folder shows that the question was answered."""
    found = statuses(answer)
    if "/" not in found:
        raise Unreadable("stat did not even see the root folder")
    return found


FILE_MODES = Source(
    name="file-modes",
    about="Owners and modes of secrets, programs and folders.",
    question=Snippet(
        "for folder in /etc /opt/zimbra /opt/zimbra/libexec /opt/zimbra/conf "
        "/opt/zimbra/.ssh \\\n    /opt/zimbra/ssl /opt/zimbra/ssl/zimbra "
        "/opt/zimbra/ssl/zimbra/*; do\n"
        "    # What stands in a closed folder would look as if it were not there.\n"
        '    if [ -d "$folder" ] && ! { [ -r "$folder" ] && [ -x "$folder" ]; }; then\n'
        "        printf '%s: Permission denied\\n' \"$folder\" >&2\n"
        "        return 1\n    fi\ndone\n"
        "for file in / "
        + " ".join((*SECRETS, *CODE, *OTHERS))
        + '; do\n    [ -e "$file" ] && printf \'%s\\n\' "$file"\ndone |\n'
        + "    tr '\\n' '\\000' | limit xargs -0 stat -c '%a %U %G %s %Y %F|%n' --"
    ),
    parse=parse,
)
