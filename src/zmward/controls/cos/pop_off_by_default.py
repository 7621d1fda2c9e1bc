"""POP3 is on only for those who need it."""

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.attributes import cos_attr
from zmward.controls.shapes.outside_login import pop_refused
from zmward.controls.shapes.service import unless_wanted
from zmward.controls.shapes.wanted import exactly

CONTROL = Control(
    id="pop-off-by-default",
    title="POP3 is on only for those who need it",
    why=(
        "A password that was guessed or stolen opens the inbox over POP3, without"
        " a second factor; almost nobody still needs that protocol."
    ),
    impact=(
        "Mail programs that use POP3 stop working for users whose account does "
        "not allow it."
    ),
    severity=Severity.LOW,
    tips=("T10",),
    roles=("mailbox",),
    locks_out="users of POP3 mail programs",
    check=unless_wanted("pop", cos_attr("zimbraPop3Enabled", exactly("FALSE"))),
    refs=(),
    examples=(
        passes(cos={"default": {"zimbraPop3Enabled": "FALSE"}}, accounts={}),
        fails(
            cos={
                "default": {"zimbraPop3Enabled": "FALSE"},
                "staff": {"zimbraPop3Enabled": "TRUE"},
            },
            accounts={},
        ),
        fails(
            cos={"default": {"zimbraPop3Enabled": "FALSE"}},
            accounts={"zimbraPop3Enabled": {"TRUE": ["boss@example.com"]}},
        ),
        unsure(missing=("ldap-cos",), accounts={}),
        unconcerned(
            profile={"services": {"pop": "wanted"}},
            cos={"default": {"zimbraPop3Enabled": "TRUE"}},
            accounts={},
        ),
    ),
    outside=pop_refused(),
)
