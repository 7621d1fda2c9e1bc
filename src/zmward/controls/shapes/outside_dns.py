"""Looks at a domain's records: who may send, who signs, what receivers shall do."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.outlook import Outlook
from zmward.scan import policies, spf
from zmward.scan.dns import DnsShown
from zmward.scan.names import Answered
from zmward.scan.seen import Seen

_RUNNING: Final = Layer.RUNNING
_BITS: Final = 2048
_SPF: Final = (
    "Publish one TXT record of SPF at {} that names every sender and ends in -all or "
    "~all."
)
_COST: Final = (
    "Take out includes that nobody sends by, or write their addresses as ip4: and ip6:."
)
_DMARC: Final = (
    "Publish at _dmarc.{}: first p=none with rua=, read the reports, then p=quarantine "
    "and p=reject."
)
_DKIM: Final = (
    "As zimbra: /opt/zimbra/libexec/zmdkimkeyutil -q -d {} prints the record; publish "
    "it (-u -b 2048 makes a new key)."
)
Judge = Callable[[DnsShown], Iterable[Judgement]]
Look = Callable[[Seen, Outlook], Iterable[Judgement]]


def of_domains(judge: Judge) -> Look:
    """Judge every domain whose records were asked for."""

    def look(seen: Seen, outlook: Outlook) -> Iterator[Judgement]:
        shown = [one for one in seen.shown if isinstance(one, DnsShown)]
        for one in shown:
            yield from judge(one)
        if not shown:
            reason = "no domain was asked for"
            yield not_concerned(_RUNNING, outlook.subject, reason)

    return look


def told(answer: Answered) -> str:
    """Return a question and its answer in words."""
    if answer.values is None:
        return f"{answer.kind} {answer.name}: {answer.trouble or 'no answer'}"
    values = "; ".join(value[:200] for value in answer.values[:8]) or "none"
    return f"{answer.kind} {answer.name}: {values}"


def bad(
    shown: DnsShown, found: str, wanted: str, *answers: Answered, cure: str
) -> Judgement:
    """Say what is wrong with a domain; `answers` show it."""
    seen = "\n".join(map(told, answers))
    return deviates(
        _RUNNING,
        shown.domain,
        found,
        wanted,
        no_cure=cure,
        source="outside",
        seen=seen,
    )


def good(shown: DnsShown, *answers: Answered) -> Judgement:
    """Say that a domain is as it should be; `answers` show it."""
    seen = "\n".join(map(told, answers))
    return sound(_RUNNING, shown.domain, source="outside", seen=seen)


def unsure(shown: DnsShown, answer: Answered) -> Judgement:
    """Say that an answer did not come."""
    return unknown(_RUNNING, shown.domain, told(answer))


def _spf_faults(shown: DnsShown, record: str) -> Iterator[str]:
    yield from spf.faults(record, shown.answers)
    if wide := spf.everybody(record, shown.answers):
        yield wide
    end = spf.last(record, shown.answers)
    if end is None:
        yield "it ends without `all`, so everybody else is neutral"
    elif end.name == "all" and end.qualifier == "?":
        yield "?all: everybody else is neutral"


def senders_named(shown: DnsShown) -> Iterator[Judgement]:
    """Judge SPF: one record, readable, cheap enough, and closed at its end."""
    answer = shown.answer(shown.domain, "TXT")
    records = spf.records(answer)
    if records is None:
        yield unsure(shown, answer)
        return
    cure = _SPF.format(shown.domain)
    if len(records) != 1:
        found = f"{len(records)} records of SPF, so none counts" if records else "none"
        yield bad(shown, found, "one record of SPF", answer, cure=cure)
        return
    faults = tuple(_spf_faults(shown, records[0]))
    if faults:
        yield bad(
            shown, "; ".join(faults), "~all or -all at its end", answer, cure=cure
        )
    doubts = tuple(spf.doubts(records[0], shown.answers))
    cost = spf.cost(records[0], shown.answers, (shown.domain,))
    if cost.lookups > spf.MOST:
        found = "it asks for more than ten lookups: receivers take it for broken"
        yield bad(shown, found, "ten lookups at most", answer, cure=_COST)
    elif not cost.known and not faults:
        reason = "not every record that SPF takes in answered"
        yield unknown(_RUNNING, shown.domain, reason)
    elif doubts and not faults:
        yield unknown(_RUNNING, shown.domain, "; ".join(doubts))
    elif not faults:
        yield good(shown, answer)


def receivers_told(shown: DnsShown) -> Iterator[Judgement]:
    """Judge DMARC: whether receivers shall put forged mail away, all of it."""
    found = policies.dmarc(shown.domain, shown.answers)
    answer = shown.answer(f"_dmarc.{shown.domain}", "TXT")
    cure, wanted = _DMARC.format(shown.domain), "p=quarantine or p=reject, for all mail"
    if found is None:
        yield unsure(shown, answer)
        return
    if found is False:
        none = "no policy of DMARC, which must begin with v=DMARC1"
        yield bad(shown, none, wanted, answer, cure=cure)
        return
    where = shown.answer(found.where, "TXT")
    faults = list(found.faults)
    if found.wish == "none":
        faults.append("p=none: forged mail is delivered")
    if found.testing:
        faults.append("t=y: it is only a trial")
    elif found.share < 100:  # noqa: PLR2004  # all of them
        faults.append(f"pct={found.share}: the rest is delivered")
    if faults:
        yield bad(shown, "; ".join(faults), wanted, where, cure=cure)
    else:
        yield good(shown, where)


def keys_published(shown: DnsShown) -> Iterator[Judgement]:
    """Judge the published keys of DKIM of the selectors that were named."""
    if not shown.selectors:
        reason = "no selector of DKIM was named, and nobody can list them"
        yield not_concerned(_RUNNING, shown.domain, reason)
    cure = _DKIM.format(shown.domain)
    for selector in shown.selectors:
        answer = shown.answer(f"{selector}._domainkey.{shown.domain}", "TXT")
        if answer.values is None:
            yield unsure(shown, answer)
            continue
        texts = [text for text in answer.values if "p=" in text]
        if len(texts) != 1:
            found = "two keys, so none counts" if texts else "the key is not published"
            yield bad(shown, found, "the key of the selector", answer, cure=cure)
            continue
        key = policies.key(texts[0])
        fault = key.fault or ("t=y: receivers ignore it" if key.testing else "")
        if not fault and key.kind == "rsa" and key.bits < _BITS:
            fault = f"a key of {key.bits} bits only"
        if fault:
            yield bad(
                shown, fault, f"RSA of {_BITS} bits, or Ed25519", answer, cure=cure
            )
        else:
            yield good(shown, answer)
