"""A domain's records: asked through the real door, and what each of them means."""

import time
from datetime import UTC, datetime

import dns.rrset
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from tests.scan.name_server import Mood, Records, serving
from zmward.controls.registry import controls
from zmward.doors.names import Resolver, _whole
from zmward.outlook import Outlook
from zmward.profile import Profile
from zmward.scan import policies, spf
from zmward.scan.dns import DnsShown, look
from zmward.scan.names import Answered
from zmward.scan.seen import Seen, decode, encode

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
POLICY = "version: STSv1\r\nmode: enforce\r\nmx: *.example.test\r\nmax_age: 604800\r\n"
ZONE: Records = {
    (".", "NS"): ("a.root.test.",),
    ("example.test", "MX"): ("20 mx2.example.test.", "10 mail.example.test."),
    ("example.test", "TXT"): ('"v=spf1 mx include:_spf." "example.test -all"',),
    ("_spf.example.test", "TXT"): ('"v=spf1 ip4:192.0.2.0/24 ~all"',),
    ("_dmarc.example.test", "TXT"): ('"v=DMARC1; p=quarantine"',),
    ("_mta-sts.example.test", "TXT"): ('"v=STSv1; id=1;"',),
    ("mail.example.test", "A"): ("192.0.2.10",),
    ("mail.example.test", "AAAA"): ("2001:db8::10",),
    ("mx2.example.test", "A"): ("192.0.2.11",),
    ("10.2.0.192.in-addr.arpa", "PTR"): ("mail.example.test.",),
    ("zen.example.test", "A"): (),
    ("2.0.0.127.zen.example.test", "A"): ("127.0.0.2", "127.0.0.4"),
    ("1.0.0.127.zen.example.test", "TXT"): (),
}
SIX = "0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"


def judged(name: str, shown: DnsShown) -> list[str]:
    outside = controls()[name].outside
    assert outside
    seen = Seen("mail", NOW.isoformat(), "0", shown=(shown,))
    assert decode(encode(seen)) == seen
    return [
        one.state.value for one in outside.look(seen, Outlook(Profile(), NOW, "mail"))
    ]


def asked(records: Records, mood: Mood = "honest") -> DnsShown:
    with serving(records, mood) as port:
        return look(
            Resolver(("127.0.0.1",), port),
            "Example.test.",
            blocklists=("zen.example.test",),
            fetch=lambda _address: POLICY,
        )


class TestThroughTheDoor:
    def test_everything_of_a_domain(self) -> None:
        shown = asked(ZONE)
        assert shown.trouble == ""
        assert shown.servers() == ("mail.example.test", "mx2.example.test")
        assert judged("spf-names-all-senders", shown) == ["ok"]
        assert judged("dmarc-policy-enforced", shown) == ["ok"]
        assert judged("senders-told-to-use-tls", shown) == ["ok"]
        assert judged("certificate-authorities-named", shown) == ["bad"]
        assert judged("blocklists-are-alive", shown) == ["ok"]
        # 192.0.2.10 has its name; the address of IPv6 and mx2's have none.
        assert judged("mail-servers-named-both-ways", shown) == ["ok", "bad", "bad"]

    def test_names_both_ways_over_ipv6(self) -> None:
        shown = asked({**ZONE, (SIX, "PTR"): ("mail.example.test.",)})
        assert judged("mail-servers-named-both-ways", shown) == ["ok", "ok", "bad"]

    @pytest.mark.parametrize("mood", ["silent", "failing"])
    def test_no_answer_is_never_absence(self, mood: Mood) -> None:
        begun = time.monotonic()
        shown = asked(ZONE, mood)
        assert time.monotonic() - begun < 20
        assert shown.trouble
        for name in (
            *("spf-names-all-senders", "dmarc-policy-enforced"),
            *("senders-told-to-use-tls", "certificate-authorities-named"),
            *("mail-servers-named-both-ways", "blocklists-are-alive"),
        ):
            assert judged(name, shown) == ["unknown"], name

    def test_garbage_is_no_answer(self) -> None:
        with serving(ZONE, "garbage") as port:
            found = Resolver(("127.0.0.1",), port).ask("example.test", "MX")
        assert found.values is None

    def test_an_endless_answer_is_cut(self) -> None:
        with serving(ZONE, "endless") as port:
            found = Resolver(("127.0.0.1",), port).ask("example.test", "TXT")
        assert found.values is None or len(found.values) <= 64

    @pytest.mark.parametrize(
        ("count", "length", "trouble"),
        [
            *((64, 9, ""), (65, 9, "too many records")),
            *((1, 16, ""), (1, 17, "too long a record")),
        ],
    )
    def test_a_part_of_an_answer_is_no_answer(
        self, count: int, length: int, trouble: str
    ) -> None:
        row = " ".join(['"' + "x" * 250 + '"'] * length)
        texts = [f'"v={number}" {row}' for number in range(count)]
        records = dns.rrset.from_text("example.test.", 60, "IN", "TXT", *texts)
        found = _whole("example.test", "TXT", records, secure=True)
        assert found.trouble == trouble
        assert (found.values is None) is bool(trouble)

    @pytest.mark.parametrize(("count", "known"), [(64, True), (65, False)])
    def test_too_many_records_are_not_cut(self, count: int, *, known: bool) -> None:
        texts = (*(f'"x={n}"' for n in range(count - 1)), '"v=spf1 -all"')
        with serving({("example.test", "TXT"): texts}) as port:
            found = Resolver(("127.0.0.1",), port).ask("example.test", "TXT")
        assert (found.values is not None) is known
        shown = DnsShown("example.test", (found,))
        state = "ok" if known else "unknown"
        assert judged("spf-names-all-senders", shown) == [state]

    def test_a_domain_without_anything(self) -> None:
        shown = asked({("example.test", "MX"): ("0 .",)})
        assert judged("spf-names-all-senders", shown) == ["bad"]
        assert judged("dmarc-policy-enforced", shown) == ["bad"]
        assert judged("senders-told-to-use-tls", shown) == ["n/a"]
        assert judged("mail-servers-named-both-ways", shown) == ["n/a"]

    def test_no_question_leaves_for_a_name_that_is_none(self) -> None:
        zone = {**ZONE, ("example.test", "TXT"): ('"v=spf1 include:a..b/../c -all"',)}
        shown = asked(zone)
        assert all("/" not in one.name for one in shown.answers)
        assert judged("spf-names-all-senders", shown) != ["ok"]

    @pytest.mark.parametrize(
        ("proved", "servers", "state"),
        [
            (True, ("mail", "mx2"), "ok"),
            (False, ("mail", "mx2"), "unknown"),
            # A sender that is kept from mail goes to mx2.
            *((True, ("mail",), "bad"), (True, ("mx2",), "bad")),
        ],
    )
    def test_dane_counts_where_it_is_proved(
        self,
        proved: bool,  # noqa: FBT001  # a row of the table
        servers: tuple[str, ...],
        state: str,
    ) -> None:
        zone: dict[tuple[str, str], tuple[str, ...]] = {
            **ZONE,
            ("_mta-sts.example.test", "TXT"): (),
        }
        for server in servers:
            zone[f"_25._tcp.{server}.example.test", "TLSA"] = (f"3 1 1 {'ab' * 32}",)
        if proved:
            zone["proved", ""] = ()
        assert judged("senders-told-to-use-tls", asked(zone)) == [state]

    def test_dane_of_many_servers_is_asked_of_each(self) -> None:
        names = [f"mx{number}.example.test" for number in range(7)]
        zone: dict[tuple[str, str], tuple[str, ...]] = {
            **ZONE,
            ("_mta-sts.example.test", "TXT"): (),
            ("example.test", "MX"): tuple(f"10 {name}." for name in names),
            ("proved", ""): (),
        }
        for name in names:
            zone[f"_25._tcp.{name}", "TLSA"] = (f"3 1 1 {'ab' * 32}",)
        assert judged("senders-told-to-use-tls", asked(zone)) == ["ok"]


def texts(**values: str) -> tuple[Answered, ...]:
    return tuple(
        Answered(name.replace("__", "."), "TXT", (text,))
        for name, text in values.items()
    )


class TestSpf:
    def test_lookups_are_counted_through_includes(self) -> None:
        answers = texts(
            a__test="v=spf1 include:b.test include:c.test a -all",
            b__test="v=spf1 mx ip4:192.0.2.1 -all",
            c__test="v=spf1 exists:%{i}.d.test ~all",
        )
        record = answers[0].values
        assert record
        assert spf.cost(record[0], answers) == spf.Cost(5)

    def test_what_was_not_seen_makes_the_count_uncertain(self) -> None:
        answers = texts(a__test="v=spf1 include:b.test -all")
        assert spf.cost("v=spf1 include:b.test -all", answers) == spf.Cost(
            1, known=False
        )

    def test_a_circle_is_too_much(self) -> None:
        answers = texts(
            a__test="v=spf1 include:b.test -all", b__test="v=spf1 include:a.test -all"
        )
        assert (
            spf.cost("v=spf1 include:b.test -all", answers, ("a.test",)).lookups
            > spf.MOST
        )

    def test_a_tree_that_grows_ends_soon(self) -> None:
        wide = "v=spf1 " + " ".join(["include:n.test"] * 9) + " -all"
        answers = tuple(
            Answered(f"n{n}.test", "TXT", (wide.replace("n.test", f"n{n + 1}.test"),))
            for n in range(14)
        )
        begun = time.monotonic()
        assert spf.cost(wide.replace("n.test", "n0.test"), answers).lookups > spf.MOST
        assert time.monotonic() - begun < 1

    @pytest.mark.parametrize(
        ("record", "inner", "state"),
        [
            ("v=spf1 include:b.test -all", "v=spf1 +all", "bad"),
            ("v=spf1 include:b.test -all", "v=spf1 ip4:0.0.0.0/0 -all", "bad"),
            ("v=spf1 include:b.test -all", "v=spf1 mx ?all", "ok"),
            ("v=spf1 redirect=b.test", "v=spf1 mx -all", "ok"),
            ("v=spf1 redirect=b.test", "v=spf1 mx ?all", "bad"),
            ("v=spf1 redirect=b.test", "v=spf1 mx", "bad"),
            ("v=spf1 redirect=c.test", "v=spf1 mx -all", "unknown"),
            ("v=spf1 -ip4:0.0.0.0/0 mx -all", "", "ok"),
        ],
    )
    def test_what_is_taken_in_counts(self, record: str, inner: str, state: str) -> None:
        answers = (
            Answered("a.test", "TXT", (record,)),
            Answered("b.test", "TXT", (inner,)),
        )
        shown = DnsShown("a.test", answers)
        assert judged("spf-names-all-senders", shown) == [state]

    @pytest.mark.parametrize(
        ("text", "state"),
        [
            # Everybody may send.
            *(("a/0 -all", "bad"), ("a:example.test/0 -all", "bad")),
            ("a:a.test/4 a:b.test/4 mx/4 -all", "bad"),
            ("a:a.test/24 a:b.test/24 mx/16 -all", "ok"),
            *(("mx//0 -all", "bad"), ("mx/24//0 -all", "bad"), ("a/3 -all", "bad")),
            ("ip4:0.0.0.0/1 ip4:128.0.0.0/1 -all", "bad"),
            ("ip4:0.0.0.0/4 ip4:16.0.0.0/4 -all", "bad"),
            *(("ip6:2000::/3 -all", "bad"), ("?ip4:0.0.0.0/0 -all", "bad")),
            *(("~ip4:0.0.0.0/0 -all", "ok"), ("ip4:17.0.0.0/8 -all", "ok")),
            *(("a/24//64 -all", "ok"), ("mx:b.test/32 ip6:2001:db8::/32 ~all", "ok")),
            *(("?include:wide.test -all", "bad"), ("-include:wide.test -all", "ok")),
            *(("-all ip4:0.0.0.0/0", "ok"), ("exists:%{i}.b.test -all", "ok")),
            *(("exists:b.test -all", "unknown"), ("-exists:b.test -all", "ok")),
            # Permanent errors.
            *(("ip4:999.1.1.1 -all", "bad"), ("ip4: -all", "bad"), ("ip4 -all", "bad")),
            *(("ip4:1.2.3.4/00 -all", "bad"), ("ip4:1.2.3.4/33 -all", "bad")),
            *(("ip4:01.2.3.4 -all", "bad"), ("ip4:2001:db8::1 -all", "bad")),
            *(("ip6:192.0.2.1 -all", "bad"), ("ip6:fe80::1%eth0 -all", "bad")),
            *(("ip6:2001:db8::/129 -all", "bad"), ("a/33 -all", "bad")),
            *(("a/ -all", "bad"), ("a// -all", "bad"), ("a: -all", "bad")),
            *(("a/24/64 -all", "bad"), ("mx//129 -all", "bad"), ("mx/024 -all", "bad")),
            *(("include: -all", "bad"), ("include -all", "bad")),
            *(("include:com -all", "bad"), ("include:b.123 -all", "bad")),
            *(("exists -all", "bad"), ("ptr: -all", "bad"), ("ptr/24 -all", "bad")),
            *(("-all:foo", "bad"), ("-all/24", "bad"), ("mx ~all=x", "bad")),
            *(("all=x -all", "ok"), ("mx all=x", "bad"), ("+redirect=b.test", "bad")),
            *(("redirect=b.test redirect=b.test", "bad"), ("redirect=", "bad")),
            *(("exp=%{c}.b.test -all", "ok"), ("a:%{c}.b.test -all", "bad")),
            *(("x=%zz -all", "bad"), ("a:%{d0}.b.test -all", "bad")),
            *(("a:b.test} -all", "bad"), ("a:x.%{d2r} -all", "ok")),
            *(
                ("mx\u00a0-all", "bad"),
                ("mx\t-all", "bad"),
                ("include:two.test -all", "bad"),
            ),
            *(("include:broken.test -all", "bad"), ("include:hollow.test -all", "bad")),
            # Nobody knows where they end.
            *(
                ("redirect=%{d}.foo", "unknown"),
                ("include:%{i}.b.test -all", "unknown"),
            ),
            ("mx -all redirect=%{d}.foo", "ok"),
        ],
    )
    def test_terms_are_read_as_receivers_read_them(self, text: str, state: str) -> None:
        answers = (
            Answered("a.test", "TXT", (f"v=spf1 {text}",)),
            Answered("b.test", "TXT", ("v=spf1 mx -all",)),
            Answered("wide.test", "TXT", ("v=spf1 +all",)),
            Answered("two.test", "TXT", ("v=spf1 mx -all", "v=spf1 -all")),
            Answered("broken.test", "TXT", ("v=spf1 ip4:1 -all",)),
            Answered("hollow.test", "TXT", ("v=spf1 include:none.test -all",)),
            Answered("none.test", "TXT", ()),
        )
        shown = DnsShown("a.test", answers)
        assert judged("spf-names-all-senders", shown) == [state]

    def test_an_include_without_a_record_is_a_fault(self) -> None:
        answers = (Answered("b.test", "TXT", ("other",)),)
        (fault,) = spf.faults("v=spf1 include:b.test -all", answers)
        assert fault == "b.test is taken in and has no records"

    @given(st.text(max_size=200))
    def test_any_text_is_read(self, text: str) -> None:
        record = f"v=spf1 {text}"
        assert spf.cost(record, ()).lookups >= 0
        spf.last(record, ())
        spf.everybody(record, ())
        list(spf.faults(record))
        list(spf.doubts(record, ()))


def rsa_record(bits: int) -> str:
    public = rsa.generate_private_key(65_537, bits).public_key()
    content = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    import base64  # noqa: PLC0415  # for this alone

    return f"v=DKIM1; k=rsa; p={base64.b64encode(content).decode()}"


class TestPolicies:
    def test_the_length_of_a_key_is_read(self) -> None:
        assert policies.key(rsa_record(2048)) == policies.Key("rsa", 2048)
        assert policies.key(rsa_record(1024)).bits == 1024

    def test_a_short_key_is_bad(self) -> None:
        name = "s._domainkey.example.test"
        for bits, state in ((1024, "bad"), (2048, "ok")):
            answer = Answered(name, "TXT", (rsa_record(bits),))
            shown = DnsShown("example.test", (answer,), selectors=("s",))
            assert judged("domains-sign-with-dkim", shown) == [state]

    @given(st.text(max_size=300))
    def test_any_text_is_read(self, text: str) -> None:
        for record in (text, f"v=DKIM1; p={text}", f"k=ed25519; p={text}"):
            assert policies.key(record)
        policies.sts(text)
        policies.sts(f"version: STSv1\nmax_age: 1\n{text}")
        policies.dmarc(
            "a.test", (Answered("_dmarc.a.test", "TXT", (f"v=DMARC1;{text}",)),)
        )

    def test_a_domain_inherits_the_policy_above(self) -> None:
        answers = (
            Answered("_dmarc.sub.example.test", "TXT", ()),
            Answered("_dmarc.example.test", "TXT", ("v=DMARC1; p=reject; sp=none",)),
        )
        found = policies.dmarc("sub.example.test", answers)
        assert found
        assert found.wish == "none"

    @pytest.mark.parametrize("end", ["\u2028", "\x85", "\x0b", "\r"])
    def test_only_a_line_feed_ends_a_line_of_a_policy(self, end: str) -> None:
        assert policies.sts(POLICY.replace("\n", "\r\n")) == policies.sts(POLICY)
        assert policies.sts(POLICY.replace("\n", end)) is None

    def test_servers_of_a_forged_list_are_not_proved(self) -> None:
        """TLSA of a provider that signs, for a domain that does not."""
        tlsa = ("3 1 1 " + "ab" * 32,)
        for secure, state in ((True, "ok"), (False, "bad")):
            answers = (
                Answered(".", "NS", ("a.",), secure=True),
                Answered("a.test", "MX", ("10 mx.b.test.",), secure=secure),
                Answered("_25._tcp.mx.b.test", "TLSA", tlsa, secure=True),
                Answered("_mta-sts.a.test", "TXT", ()),
            )
            shown = DnsShown("a.test", answers)
            assert judged("senders-told-to-use-tls", shown) == [state]

    def test_a_star_covers_one_label(self) -> None:
        found = policies.sts(POLICY)
        assert found
        assert policies.covers(found, "mail.example.test")
        assert not policies.covers(found, "a.mail.example.test")
        assert not policies.covers(found, "example.test")


@pytest.mark.parametrize(
    ("listed", "clean", "state"),
    [
        (("127.0.0.2",), (), "ok"),
        (("127.0.0.2",), ("127.0.0.2",), "bad"),
        ((), (), "bad"),
        (("127.255.255.254",), ("127.255.255.254",), "unknown"),
        (("203.0.113.9",), (), "bad"),
        (None, (), "unknown"),
        (("127.0.0.2",), None, "unknown"),
        (("no address",), (), "bad"),
    ],
)
def test_a_blocklist_is_told_by_its_test_entries(
    listed: tuple[str, ...] | None, clean: tuple[str, ...] | None, state: str
) -> None:
    shown = DnsShown(
        "example.test",
        (
            Answered("example.test", "MX", ("10 mail.example.test.",)),
            Answered("2.0.0.127.l.test", "A", listed),
            Answered("1.0.0.127.l.test", "A", clean),
        ),
        blocklists=("l.test",),
    )
    assert judged("blocklists-are-alive", shown) == [state]
