"""What loaded rules come to, in the words of older and newer programs."""

from zmward.firewall.allowed_rules import strange_rules
from zmward.firewall.own_rules import Listing, essence, loadable

_LISTED = """\
%% nft
table inet zmward {{
\tset admin4 {{
\t\ttype ipv4_addr
\t\tsize 1024{}
\t\tflags interval
\t\telements = {{ 192.0.2.64/26 }}
\t}}
\tchain input {{
\t\ttype filter hook input priority filter; policy drop;
\t\tip saddr @admin4 tcp dport 22 accept
\t}}
}}
"""


def test_how_many_elements_a_set_has_is_no_part_of_the_rules() -> None:
    """Since 1.1.2, nft tells it in a comment, which changes with every ban."""
    older, newer = (
        Listing.read("nftables", _LISTED.format(count))
        for count in ("", "\t# count 17")
    )
    assert older is not None
    assert newer is not None
    assert essence(newer) == essence(older)
    assert strange_rules(loadable(newer)) == ""
