"""Hunts in what Jetty and PHP serve: pages, classes and jars that nobody shipped."""

from typing import Final

from zmward.catalog.hunt import BEHIND, PAGE, RUNS, Hunt, Sample
from zmward.catalog.installation import WEB, Z
from zmward.i18n import mark

_BREAK_IN: Final = mark(
    "Treat it as a break-in until proved otherwise: keep it with --save, look for its "
    "requests in the access logs, then rebuild the server; what runs as zimbra can "
    "become root."
)
_WHOSE: Final = mark("Find out whose it is; if nobody knows, treat it as a break-in.")
_CLIENT: Final = (
    *("Boot", "Offline", "PasswordRecovery", "Resources", "TwoFactorSetup", "error"),
    *("addressVerification", "extuserprov", "insecureResponse", "launchNewWindow"),
    *("launchZCS", "loadImgData", "login", "modern", "pre-cache", "secureRequest"),
    *("setResourceBundle", "noscript", "zimbrax"),
)
_CLIENT_PARTS: Final = (
    *("Ajax", "Alert", "Boot", "Briefcase", "BriefcaseCore", "Calendar"),
    *("CalendarAppt", "CalendarCore", "Clipboard", "Contacts", "ContactsCore"),
    *("Crypt", "Debug", "Docs", "DocsPreview", "Extras", "ImportExport", "JQuery"),
    *("Leaks", "Mail", "MailCore", "NewWindow_1", "NewWindow_2", "PasswordRecovery"),
    *("Portal", "Preferences", "PreferencesCore", "Share", "Startup1_1", "Startup1_2"),
    *("Startup2", "Tasks", "TasksCore", "TinyMCE", "TwoFactor", "UnitTest"),
    *("Voicemail", "XForms", "Zimbra", "Zimlet", "ZimletApp"),
)
_ADMIN: Final = (
    *("Boot", "Offline", "Resources", "admin", "error", "loadImgData", "noscript"),
    *("pre-cache", "secureRequest"),
)
_ADMIN_PARTS: Final = (
    *("Admin", "Ajax", "Boot", "Chartjs", "Clipboard", "Debug", "JQuery", "XForms"),
    "Zimbra",
)
KNOWN_PAGES: Final = frozenset(
    (
        *(f"{WEB}/zimbra/public/{name}.jsp" for name in _CLIENT),
        *(f"{WEB}/zimbra/public/jsp/{name}.jsp" for name in _CLIENT_PARTS),
        *(f"{WEB}/zimbraAdmin/public/{name}.jsp" for name in _ADMIN),
        *(f"{WEB}/zimbraAdmin/public/jsp/{name}.jsp" for name in _ADMIN_PARTS),
    )
)
# Folders of pictures, scripts and styles, and those whose pages are all known by name.
# Programs for the users' own machines are there to be downloaded.
_BARREN: Final = (
    rf"(?!{WEB}/zimbra/downloads/[^/]+\.exe$)"
    rf"{WEB}/(?:zimbra(?:Admin)?/(?:public|img|js|css|downloads|portals|tmp|yui|skins)"
    rf"|service/(?!WEB-INF/)|zimbra/modern){BEHIND}"
)
_PAGES: Final = rf"{Z}/(?:jetty_base|zimlets-deployed|data/(?:tmp|httpd))/{BEHIND}"
_SHELL: Final = f"{WEB}/zimbra/public/9f3a41c7.jsp"
_LOGIN: Final = f"{WEB}/zimbra/public/login.jsp"

WEB_HUNTS: Final[tuple[Hunt, ...]] = (
    Hunt(
        "foreign-page",
        "alarm",
        rf"{_BARREN}\.{RUNS}",
        mark("a program in a web folder where only known pages belong"),
        _BREAK_IN,
        Sample(_SHELL, "<%@ page %>", owner="zimbra"),
        Sample(_LOGIN, "<%@ page %>", owner="zimbra"),
        known=KNOWN_PAGES,
    ),
    Hunt(
        "foreign-php",
        "alarm",
        rf"{Z}/data/httpd/htdocs/{BEHIND}\.{RUNS}",
        mark("a program beside the spell checker's only page"),
        _BREAK_IN,
        Sample(f"{Z}/data/httpd/htdocs/info.php", "<?php"),
        Sample(f"{Z}/data/httpd/htdocs/aspell.php", "<?php"),
        known=frozenset({f"{Z}/data/httpd/htdocs/aspell.php"}),
    ),
    Hunt(
        "page-runs-commands",
        "alarm",
        rf"{_PAGES}\.{PAGE}",
        mark("a page that runs commands of the system"),
        _BREAK_IN,
        Sample(
            f"{WEB}/zimbra/h/view.jsp",
            '<% Runtime . getRuntime().exec(request.getParameter("c")); %>',
        ),
        Sample(
            f"{WEB}/zimbra/h/search.jsp", "<% Runtime.getRuntime().freeMemory(); %>"
        ),
        holds=r"\bgetRuntime\b|\bProcessBuilder\b|\bProcessImpl\b",
        also=r"\bexec\b|\bProcessBuilder\b|\bProcessImpl\b",
    ),
    Hunt(
        "page-loads-code",
        "alarm",
        rf"{_PAGES}\.{PAGE}",
        mark("a page that takes code from its request and runs it"),
        _BREAK_IN,
        Sample(
            f"{WEB}/zimbra/h/view.jsp",
            "<%! class U extends ClassLoader{ Class g(byte[] b){return "
            "super.defineClass(b,0,b.length);}} %><% new U().g(Base64.getDecoder()"
            '.decode(request.getParameter("x"))); %>',
        ),
        Sample(
            f"{WEB}/zimbra/h/search.jsp",
            "<% getClass().getClassLoader().getResource(request.getParameter(x)); %>",
        ),
        holds=(
            r"\bdefine(?:Anonymous)?Class\b|\bScriptEngineManager\b"
            r"|\bURLClassLoader\b|\bsun\.misc\.Unsafe\b"
        ),
        also=r"\bdefine(?:Anonymous)?Class\b|\beval\b|\bnewInstance\b|\bUnsafe\b",
    ),
    Hunt(
        "page-writes-files",
        "alarm",
        rf"{_PAGES}\.{PAGE}",
        mark("a page that writes what its request holds into a file"),
        _BREAK_IN,
        Sample(
            f"{WEB}/zimbra/h/up.jsp",
            "<% new java.io.FileOutputStream(application.getRealPath(p)).write("
            'request.getParameter("t").getBytes()); %>',
        ),
        Sample(
            f"{WEB}/zimbra/h/search.jsp", "<% out.write(request.getParameter(t)); %>"
        ),
        holds=r"\bFileOutputStream\b|\bFileWriter\b|\bFiles\s*\.\s*write\b",
        also=r"\bget(?:Parameter|InputStream|Reader|Header)\b",
    ),
    Hunt(
        "page-hides-its-code",
        "alarm",
        rf"{_PAGES}\.{PAGE}",
        mark("a page that hides its words behind escapes or encodings"),
        _BREAK_IN,
        Sample(f"{WEB}/zimbra/h/view.jsp", "<% " + r"\u0052\u0075\u006e" * 4 + " %>"),
        Sample(f"{WEB}/zimbra/h/search.jsp", r'<% String dash = "\u2013"; %>'),
        holds=(
            r"(?:\\u+00[2-7][0-9a-f]){8,}|[A-Za-z0-9+/]{4000,}={0,2}"
            # Of two bytes a letter, or of no ASCII: nobody writes pages so.
            r"|\A(?:\xfe\xff|\xff\xfe|<\x00|\x00<|\x4c\x6f\xa7\x94|\x4c\x7c)"
            r"|pageEncoding\s*=\s*[\"']\s*(?:utf-?(?:16|32|7)|cp?0?\d{3,4}|ibm|ucs)"
        ),
    ),
    Hunt(
        "php-runs-its-request",
        "alarm",
        rf"{Z}/{BEHIND}\.(?i:php[0-9]?|phtml|phar)",
        mark("a PHP page that runs what its request holds"),
        _BREAK_IN,
        Sample(f"{Z}/data/httpd/htdocs/aspell.php", "<?php @eval($_POST['x']); ?>"),
        Sample(
            f"{Z}/data/httpd/htdocs/aspell.php",
            "<?php $text = $_REQUEST['text']; echo strlen($text); ?>",
        ),
        holds=(
            r"\b(?:eval|assert|system|passthru|shell_exec|popen|proc_open|exec"
            r"|create_function)\s*\(\s*[^;]{0,200}(?:\$_(?:GET|POST|REQUEST|COOKIE)"
            r"|base64_decode|gzinflate|str_rot13|php://input)"
        ),
    ),
    Hunt(
        "page-in-a-zimlet",
        "look",
        rf"{Z}/zimlets-deployed/{BEHIND}\.{RUNS}",
        mark("a zimlet that brings a program to be run by the server"),
        _WHOSE,
        Sample(f"{Z}/zimlets-deployed/com_x_y/do.jsp", "<%@ page %>"),
        Sample(f"{Z}/zimlets-deployed/com_x_y/do.js", "var x;"),
    ),
    Hunt(
        "page-of-no-package",
        "look",
        rf"{WEB}/{BEHIND}\.{PAGE}",
        mark("a page of no package, or not as its package has it"),
        _WHOSE,
        Sample(f"{WEB}/zimbra/h/more.jsp", "<%@ page %>"),
        Sample(f"{WEB}/zimbra/h/more.html", "<html>"),
        known=KNOWN_PAGES,
        unowned=True,
    ),
    Hunt(
        "extension-of-no-package",
        "look",
        rf"{Z}/(?:lib/(?:ext|ext-common|jars)|jetty_base/(?:lib|common/lib"
        rf"|common/endorsed|modules|start\.d)){BEHIND}\.(?i:jar|class|mod|ini|so)",
        mark("code that mailboxd loads, of no package or not as its package has it"),
        mark(
            "Extensions of third parties lie there too: compare it with their own "
            "archive. If nobody knows it, treat it as a break-in."
        ),
        Sample(f"{Z}/lib/ext/update/update.jar", "PK"),
        Sample(f"{Z}/lib/ext/update/update.txt", "text"),
        unowned=True,
    ),
    Hunt(
        "page-in-data",
        "alarm",
        rf"{Z}/data/tmp/{BEHIND}\.(?i:{PAGE}|php[0-9]?|war)",
        mark(
            "a page among temporary files, from where it can be put into the web root"
        ),
        _BREAK_IN,
        Sample(f"{Z}/data/tmp/upload/x.jsp", "<%@ page %>", owner="zimbra"),
        Sample(f"{Z}/data/tmp/upload/x.jpg", "JFIF", owner="zimbra"),
    ),
    Hunt(
        "program-in-data",
        "look",
        rf"{Z}/data/tmp/{BEHIND}\.(?i:sh|exe|bat|jar|class|py|pl|elf)",
        mark("a program among temporary files"),
        _WHOSE,
        Sample(f"{Z}/data/tmp/upload/x.sh", "#!/bin/sh", owner="zimbra"),
        Sample(f"{Z}/data/tmp/upload/x.eml", "From: x", owner="zimbra"),
    ),
)
