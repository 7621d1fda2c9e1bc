"""Hunts in settings and folders that make a program of what is none by its name."""

from typing import Final

from zmward.catalog.hunt import BEHIND, PAGE, RUNS, Hunt, Sample
from zmward.catalog.hunts_system import CRON, HIDDEN, LOOK, STARTS, UNITS, WHO
from zmward.catalog.installation import WEB, Z
from zmward.i18n import mark

_PICTURES: Final = r"(?:png|jpe?g|gif|bmp|ico|svg|txt|woff2?|ttf|pdf)"
_LOGS: Final = rf"{Z}/(?:log|zmstat|jetty_base/(?:logs|temp))/{BEHIND}"
_SUDO: Final = r"/etc/sudoers|/etc/sudoers\.d/[^/]+"
_PAM: Final = r"/etc/pam\.d/[^/]+|/etc/pam\.conf"
_SSHD: Final = r"/etc/ssh/sshd_config|/etc/ssh/sshd_config\.d/[^/]+"
_ENVIRONMENT: Final = (
    rf"/etc/security/pam_env\.conf|(?:{Z}|/root)/\.(?:pam_environment|ssh/environment)"
)

SETTING_HUNTS: Final[tuple[Hunt, ...]] = (
    Hunt(
        "foreign-web-application",
        "alarm",
        rf"{WEB}/[^/]+\.(?i:war|xml)"
        rf"|{WEB}/(?!(?:zimbra|zimbraAdmin|service|zimlet)/)[^/]+/{BEHIND}\.{RUNS}",
        mark("a web application that Zimbra does not have, or a description of one"),
        WHO,
        Sample(f"{WEB}/status.war", "PK", owner="zimbra"),
        Sample(f"{WEB}/zimbra/h/search.jsp", "<%@ page %>"),
    ),
    Hunt(
        "library-of-no-package",
        "look",
        rf"{WEB}/[^/]+/WEB-INF/(?:lib|classes)/{BEHIND}\.(?i:jar|class|so)",
        mark("code of a web application, of no package or not as its package has it"),
        LOOK,
        Sample(f"{WEB}/service/WEB-INF/lib/commons-util.jar", "PK"),
        Sample(f"{WEB}/service/WEB-INF/lib/commons-util.txt", "PK"),
        unowned=True,
    ),
    Hunt(
        "compiled-page-runs-commands",
        "alarm",
        rf"{Z}/jetty_base/work/{BEHIND}\.class",
        mark("a compiled page that runs commands, or takes code from elsewhere"),
        WHO,
        Sample(
            f"{Z}/jetty_base/work/zimbra/jsp/org/apache/jsp/public_/login_jsp.class",
            "CAFE \x00\x11java/lang/Runtime\x01\x00\x0agetRuntime\x01\x00\x04exec\x01",
        ),
        Sample(
            f"{Z}/jetty_base/work/zimbra/jsp/org/apache/jsp/public_/login_jsp.class",
            "CAFE \x00\x11java/lang/Runtime\x01\x00\x0agetRuntime\x01\x00\x0afree",
        ),
        holds=r"\bgetRuntime\b|\bProcessBuilder\b|\bProcessImpl\b|\bdefineClass\b",
        also=r"\bexec\b|\bProcessBuilder\b|\bProcessImpl\b|\bdefineClass\b",
    ),
    Hunt(
        "jetty-setting-runs-code",
        "alarm",
        rf"{Z}/jetty_base/(?:etc|contexts|start\.d|modules){BEHIND}\.(?i:xml|ini|mod)"
        rf"|{WEB}/[^/]+/WEB-INF/[^/]+\.(?i:xml)",
        mark("a description for Jetty that starts a program of the system"),
        WHO,
        Sample(
            f"{WEB}/zimbra/WEB-INF/jetty-env.xml",
            '<Call class="java.lang.Runtime" name="getRuntime"/>',
        ),
        Sample(
            f"{WEB}/zimbra/WEB-INF/jetty-env.xml",
            '<New class="org.eclipse.jetty.plus.jndi.EnvEntry"/>',
        ),
        holds=r"java\.lang\.(?:Runtime|ProcessBuilder)\b|javax\.script\.",
    ),
    Hunt(
        "pictures-are-pages",
        "alarm",
        rf"{WEB}/[^/]+/WEB-INF/[^/]*\.(?i:xml)|{Z}/jetty_base/etc/[^/]+\.(?i:xml)",
        mark("a setting by which Jetty runs pictures or texts as pages"),
        WHO,
        Sample(
            f"{WEB}/zimbra/WEB-INF/web.xml",
            "<servlet-mapping><servlet-name>jsp</servlet-name>"
            "<url-pattern>*.png</url-pattern></servlet-mapping>",
        ),
        Sample(
            f"{WEB}/zimbra/WEB-INF/web.xml",
            "<servlet-mapping><servlet-name>jsp</servlet-name>"
            "<url-pattern>*.jsp</url-pattern></servlet-mapping>"
            "<servlet-mapping><servlet-name>default</servlet-name>"
            "<url-pattern>*.png</url-pattern></servlet-mapping>",
        ),
        holds=(
            r"(?:<jsp-property-group\b|<servlet-name>\s*jsp\s*</servlet-name>)"
            r"(?:(?!</(?:jsp-property-group|servlet-mapping)>).){0,800}"
            rf"<url-pattern>[^<]{{0,200}}\.{_PICTURES}\s*</url-pattern>"
        ),
    ),
    Hunt(
        "php-setting-beside-pages",
        "alarm",
        rf"{Z}/data/httpd/htdocs/(?:{BEHIND}/)?\.(?:htaccess|user\.ini)",
        mark("settings that change what Apache or PHP runs there"),
        WHO,
        Sample(f"{Z}/data/httpd/htdocs/.user.ini", "auto_prepend_file=x.png"),
        Sample(f"{Z}/data/httpd/htdocs/readme", "x"),
    ),
    Hunt(
        "php-loads-first",
        "alarm",
        rf"{Z}/(?:common/)?conf/(?:php\.ini|httpd\.conf)(?:\.in)?",
        mark("PHP runs a file before each page, or takes pictures for pages"),
        WHO,
        Sample(f"{Z}/conf/php.ini", "auto_prepend_file = /opt/zimbra/log/x\n"),
        Sample(f"{Z}/conf/php.ini", "; x\nauto_prepend_file =\n"),
        holds=(
            r"^\s*(?:php_(?:admin_)?value\s+)?auto_(?:prepend|append)_file[ =]+"
            r"[\"']?[^\s\"';=]|^\s*Add(?:Type|Handler)\s+\S*php\S*\s[^\n]*"
            rf"\.?\b{_PICTURES}\b"
        ),
        lines=True,
    ),
    Hunt(
        "filter-loads-from-open-place",
        "alarm",
        rf"{Z}/(?:common/)?conf/{BEHIND}|{Z}/jetty_base/modules/[^/]+",
        mark("a setting by which a service runs what lies in an open or hidden place"),
        WHO,
        Sample(
            f"{Z}/common/conf/master.cf",
            "x unix - n n - - pipe flags=R user=zimbra argv=/tmp/x\n",
        ),
        Sample(
            f"{Z}/conf/clamd.conf", "# VirusEvent /tmp/x\nTemporaryDirectory /tmp/x\n"
        ),
        holds=(
            r"(?:\bargv=|\bloadplugin \S+ |^VirusEvent |^plugin_load(?:_add)? ?= ?"
            rf"|^load_module )[\"']?{HIDDEN}\S*"
        ),
        lines=True,
    ),
    Hunt(
        "page-in-logs",
        "alarm",
        rf"{_LOGS}\.(?i:{PAGE}|php[0-9]?|war)",
        mark("a page among logs, from where it can be put into the web root"),
        WHO,
        Sample(f"{Z}/log/x.jsp", "<%@ page %>", owner="zimbra"),
        Sample(f"{Z}/log/mailbox.log", "line", owner="zimbra"),
    ),
    Hunt(
        "program-in-logs",
        "look",
        _LOGS,
        mark("a program among logs"),
        LOOK,
        Sample(f"{Z}/log/.x", "ELF", 0o755, "zimbra"),
        Sample(f"{Z}/log/mailbox.log", "line", 0o640, "zimbra"),
        bits=0o111,
    ),
    Hunt(
        "library-by-setting",
        "alarm",
        f"{STARTS}|{UNITS}|{CRON}|{_ENVIRONMENT}",
        mark("a library or script from an open or hidden place, loaded into programs"),
        WHO,
        Sample("/etc/environment", 'LD_PRELOAD="/dev/shm/x.so"\n'),
        Sample("/etc/environment", "LD_PRELOAD=/usr/lib/libjemalloc.so.2\n"),
        holds=(
            r"\b(?:LD_PRELOAD|LD_AUDIT|LD_LIBRARY_PATH|BASH_ENV"
            rf"|PERL5OPT|PYTHONSTARTUP)\b[^\n]{{0,200}}?{HIDDEN}"
        ),
        lines=True,
    ),
    Hunt(
        "sudo-reads-elsewhere",
        "alarm",
        _SUDO,
        mark("sudo reads rules from an open or hidden place, or where zimbra writes"),
        WHO,
        Sample("/etc/sudoers", "root ALL=(ALL) ALL\n#includedir /opt/zimbra/conf/x\n"),
        Sample("/etc/sudoers", "#includedir /etc/sudoers.d\n@include /etc/sudoers.x\n"),
        holds=rf"(?:^|\n)[ \t]*[#@]include(?:dir)?[ \t]+\"?(?:{Z}|{HIDDEN})[^\n]*",
    ),
    Hunt(
        "sudo-by-number",
        "look",
        _SUDO,
        mark("a rule of sudo for a number in place of a name"),
        LOOK,
        Sample("/etc/sudoers.d/x", "#999 ALL=(ALL) NOPASSWD: ALL\n"),
        Sample("/etc/sudoers.d/x", "# 999 ALL=(ALL) NOPASSWD: ALL\n#999 = x\n"),
        holds=r"(?:^|\n)[ \t]*%?#\d+[ \t]+\S+[ \t]*=[^\n]*",
    ),
    Hunt(
        "sudo-by-alias",
        "look",
        _SUDO,
        mark("an alias of sudo that holds user zimbra: see what it may run"),
        LOOK,
        Sample("/etc/sudoers.d/x", "User_Alias OPS = ops, zimbra\n"),
        Sample("/etc/sudoers.d/x", "User_Alias OPS = ops\n"),
        holds=r"^\s*User_Alias\b[^\n]*=[^\n]*\bzimbra\b",
        lines=True,
    ),
    Hunt(
        "login-without-password",
        "alarm",
        _PAM,
        mark("a login for which no password is asked"),
        WHO,
        Sample("/etc/pam.d/sshd", "auth sufficient pam_permit.so\n"),
        Sample("/etc/pam.d/common-auth", "auth required pam_permit.so\n"),
        holds=r"^-?auth\s+(?:sufficient|\[[^\]]*success=done[^\]]*\])\s+pam_permit\b",
        lines=True,
    ),
    Hunt(
        "login-module-elsewhere",
        "alarm",
        _PAM,
        mark("a module of PAM that lies outside the system's folder of modules"),
        WHO,
        Sample("/etc/pam.d/sshd", "auth optional /usr/share/x/pam_unix.so\n"),
        Sample("/etc/pam.d/sshd", "auth required /lib64/security/pam_unix.so\n"),
        holds=(
            r"^(?:\S+ )?-?(?:auth|account|session|password)\s+(?:\w+|\[[^\]]*\])\s+"
            r"/(?!(?:usr/)?lib(?:64|32)?/(?:[^/\s]+/)?security/[^/\s]+(?:\s|$))\S+"
        ),
        lines=True,
    ),
    Hunt(
        "keys-read-elsewhere",
        "look",
        _SSHD,
        mark("sshd takes keys from another place than each user's own folder"),
        LOOK,
        Sample("/etc/ssh/sshd_config", "AuthorizedKeysFile /etc/ssh/k/%u\n"),
        Sample(
            "/etc/ssh/sshd_config",
            "AuthorizedKeysFile .ssh/authorized_keys .ssh/authorized_keys2\n"
            "AuthorizedKeysCommand none\n",
        ),
        holds=(
            r"^\s*AuthorizedKeys(?:File(?=\s)(?!(?:\s+\"?(?:%h/)?\.ssh/authorized_keys2?"
            r"\"?|\s+none)+\s*$)|Command\s+(?!none\s*$))[^\n]*"
        ),
        lines=True,
    ),
    Hunt(
        "keys-read-from-open-place",
        "alarm",
        _SSHD,
        mark("sshd takes keys from an open or hidden place, or where zimbra writes"),
        WHO,
        Sample("/etc/ssh/sshd_config", "AuthorizedKeysFile /opt/zimbra/data/k\n"),
        Sample("/etc/ssh/sshd_config", "AuthorizedKeysFile %h/.ssh/authorized_keys\n"),
        holds=rf"^\s*AuthorizedKeys(?:File|Command)\s[^\n]*?(?:{Z}/(?!\.ssh/)|/tmp/|/var/tmp/|/dev/shm/|/run/shm/)[^\n]*",
        lines=True,
    ),
    Hunt(
        "ssh-login-runs-a-file",
        "look",
        rf"(?:{Z}|/root)/\.ssh/(?:rc|environment)|/etc/ssh/sshrc",
        mark("a file that sshd runs or reads at each login"),
        LOOK,
        Sample(f"{Z}/.ssh/rc", "/opt/x\n"),
        Sample(f"{Z}/.ssh/config", "Host *\n"),
    ),
    Hunt(
        "set-id-beside-the-system",
        "look",
        rf"/usr/local/(?:bin|sbin|lib)/{BEHIND}",
        mark("a program of no package that gives its owner's rights"),
        LOOK,
        Sample("/usr/local/bin/x", "ELF", 0o4755),
        Sample("/usr/local/bin/x", "ELF", 0o755),
        bits=0o6000,
        always=True,
    ),
)
