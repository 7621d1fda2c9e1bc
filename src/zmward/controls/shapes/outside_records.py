"""The looks at a domain's records, with a good domain and its faults as examples."""

from typing import Final

from zmward.controls.shapes.outside_dns import (
    Judge,
    keys_published,
    of_domains,
    receivers_told,
    senders_named,
)
from zmward.controls.shapes.outside_mail_servers import (
    authorities_named,
    lists_alive,
    named_both_ways,
    senders_told,
)
from zmward.outlook import Outside, Sight
from zmward.scan.dns import DnsShown
from zmward.scan.names import Answered, Kind
from zmward.scan.seen import Seen

_D: Final = "example.test"
_KEY: Final = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
_POLICY: Final = (
    "version: STSv1\nmode: enforce\nmx: mail.example.test\nmax_age: 86400\n"
)
_GOOD: Final[dict[tuple[str, Kind], tuple[str, ...]]] = {
    (".", "NS"): ("a.root.test.",),
    (_D, "MX"): ("10 mail.example.test.",),
    (_D, "TXT"): ("v=spf1 mx -all", "something else"),
    (_D, "CAA"): ('0 issue "ca.example.test"',),
    (f"_dmarc.{_D}", "TXT"): ("v=DMARC1; p=reject; rua=mailto:d@example.test",),
    (f"s1._domainkey.{_D}", "TXT"): (_KEY,),
    (f"_mta-sts.{_D}", "TXT"): ("v=STSv1; id=20261101",),
    ("_25._tcp.mail.example.test", "TLSA"): (),
    ("mail.example.test", "A"): ("192.0.2.10",),
    ("mail.example.test", "AAAA"): (),
    ("10.2.0.192.in-addr.arpa", "PTR"): ("mail.example.test.",),
    ("2.0.0.127.zen.example.test", "A"): ("127.0.0.2",),
    ("1.0.0.127.zen.example.test", "A"): (),
}
_NAME: Final = "10.2.0.192.in-addr.arpa"


def _domain(
    changes: dict[tuple[str, Kind], tuple[str, ...] | None] | None = None,
    policy: str | None = _POLICY,
) -> Seen:
    answers = {**_GOOD, **(changes or {})}
    shown = DnsShown(
        _D,
        tuple(Answered(n, k, values) for (n, k), values in answers.items()),
        policy,
        ("s1",),
        ("zen.example.test",),
    )
    return Seen("mail.example.test", "2026-11-21T12:00:00+00:00", "0", shown=(shown,))


def _outside(judge: Judge, name: str, kind: Kind, *bad: tuple[str, ...]) -> Outside:
    """Return a look whose one decisive answer goes wrong in some ways."""
    key = (name, kind)
    nothing = Seen("mail.example.test", "2026-11-21T12:00:00+00:00", "0")
    return Outside(
        of_domains(judge),
        (
            Sight("ok", _domain()),
            *(Sight("bad", _domain({key: values})) for values in bad),
            Sight("unknown", _domain({key: None})),
            Sight("n/a", nothing),
        ),
    )


SENDERS_NAMED: Final = _outside(
    *(senders_named, _D, "TXT"),
    (),
    ("v=spf1 mx -all", "v=spf1 a -all"),
    ("v=spf1 mx +all",),
    ("v=spf1 mx ?all",),
    ("v=spf1 mx",),
    ("v=spf1 ip5:192.0.2.1 -all",),
    ("v=spf1 a a a a a a a a a a mx -all",),
    (f"v=spf1 include:{_D} -all",),
    ("v=spf1 a/0 -all",),
    ("v=spf1 ip4:0.0.0.0/1 ip4:128.0.0.0/1 -all",),
    ("v=spf1 ip4:999.1.1.1 -all",),
)
RECEIVERS_TOLD: Final = _outside(
    *(receivers_told, f"_dmarc.{_D}", "TXT"),
    (),
    ("v=DMARC1; p=none",),
    ("v=DMARC1; p=reject; pct=20",),
    ("v=DMARC1; p=reject", "v=DMARC1; p=none"),
    ("v=DMARC1; p=refuse",),
    ("v=DMARC1; p=reject; t=y",),
    *((f"{start}; p=reject",) for start in ("v=dmarc1", "V=DMARC1", "v=DMARC12")),
    ("p=reject; v=DMARC1",),
    ("v=DMARC1; p=reject; p=none",),
)
KEYS_PUBLISHED: Final = _outside(
    *(keys_published, f"s1._domainkey.{_D}", "TXT"),
    (),
    ("v=DKIM1; p=",),
    ("v=DKIM1; p=!!!",),
    (f"t=y; {_KEY}",),
    (f"k=ed25519; {_KEY.removeprefix('v=DKIM1; ')}; v=DKIM1",),
    (f"{_KEY}; t=y",),
    (f"{_KEY}; h=sha1",),
    (f"{_KEY}; s=tlsrpt",),
    (_KEY, _KEY + " "),
)
AUTHORITIES_NAMED: Final = _outside(
    *(authorities_named, _D, "CAA"), (), ('0 iodef "mailto:a@example.test"',)
)
NAMED_BOTH_WAYS: Final = Outside(
    of_domains(named_both_ways),
    (
        Sight("ok", _domain()),
        Sight("bad", _domain({(_NAME, "PTR"): ()})),
        Sight(
            "bad", _domain({(_NAME, "PTR"): ("pool.test.",), ("pool.test", "A"): ()})
        ),
        Sight("bad", _domain({("mail.example.test", "A"): ()})),
        Sight("unknown", _domain({(_NAME, "PTR"): None})),
        Sight("unknown", _domain({(_NAME, "PTR"): ("pool.test.",)})),
        Sight("n/a", _domain({(_D, "MX"): ("0 .",)})),
    ),
)
SENDERS_TOLD: Final = Outside(
    of_domains(senders_told),
    (
        Sight("ok", _domain()),
        Sight("bad", _domain({(f"_mta-sts.{_D}", "TXT"): ()})),
        Sight("bad", _domain(policy=_POLICY.replace("enforce", "testing"))),
        Sight("bad", _domain(policy=_POLICY.replace("mail.", "other."))),
        Sight("bad", _domain(policy="<html>")),
        Sight("bad", _domain(policy=_POLICY.replace("86400", "0"))),
        Sight("bad", _domain(policy=_POLICY.replace("86400", "86399"))),
        Sight("bad", _domain(policy=_POLICY.replace("86400", "1" * 11))),
        Sight("bad", _domain({(f"_mta-sts.{_D}", "TXT"): ("id=1; v=STSv1",)})),
        Sight("bad", _domain({(f"_mta-sts.{_D}", "TXT"): ("v=STSv1; id=",)})),
        Sight("unknown", _domain(policy=None)),
        Sight("unknown", _domain({(_D, "MX"): None})),
        Sight("n/a", _domain({(_D, "MX"): ("0 .",)})),
    ),
)
LISTS_ALIVE: Final = _outside(
    *(lists_alive, "2.0.0.127.zen.example.test", "A"), (), ("203.0.113.9",)
)
