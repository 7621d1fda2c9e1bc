"""What the history asks a live host beyond an audit's questions."""

from typing import Final

from zmward.sources.source import Search, Snippet, Source, contents
from zmward.sources.source import text as as_text

# Zimbra's own places for templates and zmconfigd's rules; the site's own changes lie in
# them, or in nginx's second folder, which is there for that.
TEMPLATE_PATTERNS: Final = (
    *("/opt/zimbra/conf/*.in", "/opt/zimbra/conf/zmconfigd.cf"),
    *("/opt/zimbra/conf/zmconfigd/*", "/opt/zimbra/conf/nginx/templates/*"),
    *("/opt/zimbra/conf/nginx/templates_custom/*", "/opt/zimbra/jetty_base/etc/*.in"),
)
ZIMLETS: Final = Source(
    name="ldap-zimlets",
    about="Every zimlet that the directory knows.",
    question=Search("cn=zimlets,cn=zimbra", "one", "(objectClass=*)"),
    parse=as_text,
    directory=True,
)
TEMPLATES: Final = Source(
    name="templates",
    about="The templates of which zmconfigd renders files; passwords are masked.",
    question=Snippet(
        f"""
found=$(contents {" ".join(TEMPLATE_PATTERNS)}) || return
printf '%s\\n' "$found" | masked
""",
        seconds=60,
    ),
    parse=contents,
)
FINGERPRINTS: Final = "configuration-fingerprints"
