"""Logins by pre-authentication tell the address of the client."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import layers, on_directory, on_hosts
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.facts import Facts
from zmward.sources.directory import DOMAINS
from zmward.sources.originlog import ORIGINLOG

_KEY = "zimbraPreAuthKey"


def _keyed(facts: Facts) -> tuple[str, ...]:
    return tuple(domain.name for domain in facts.domains() if domain.own(_KEY))


def _with_key(facts: Facts) -> Iterator[Judgement]:
    keyed = _keyed(facts)
    if keyed:
        seen = f"domains with a key: {', '.join(keyed[:10])}"
        yield sound(Layer.DECLARED, "directory", source="directory", seen=seen)
    else:
        yield not_concerned(Layer.DECLARED, "directory", "no domain has a key")


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    if not _keyed(facts):
        yield not_concerned(Layer.RUNNING, host, "no domain has a key")
        return
    log = facts.read(ORIGINLOG, host)
    text = f"{log['preauth-blind']} of {log['preauth']} lines without an address"
    if not log["preauth"]:
        reason = f"no pre-authentication in the last {log['lines']} lines of audit.log"
        yield unknown(Layer.RUNNING, host, reason)
    elif not log["preauth-blind"]:
        yield sound(Layer.RUNNING, host, source="origin-log", seen=text)
    else:
        yield deviates(
            Layer.RUNNING,
            host,
            text,
            "an address in each line",
            no_cure="Let the portal use the SOAP form: `zmward preauth` will help.",
            source="origin-log",
        )


_KEYED = {"example.com": {_KEY: "zmward:secret:set"}}


def _log(lines: int, blind: int) -> dict[str, int]:
    return {"lines": 100, "preauth": lines, "preauth-blind": blind}


CONTROL = Control(
    id="preauth-tells-the-client",
    title="Logins by pre-authentication tell the address of the client",
    why=(
        "The REST form leaves a line without any address, so that nobody can be "
        "found or banned after an abuse of the portal or its key."
    ),
    impact="The portal logs in by SOAP and hands the token over.",
    severity=Severity.MEDIUM,
    tips=("T25", "T32"),
    roles=("mailbox",),
    check=layers(
        on_directory(Layer.DECLARED, (DOMAINS,), _with_key),
        on_hosts(Layer.RUNNING, (DOMAINS, ORIGINLOG), _look, role="mailbox"),
    ),
    refs=(),
    note=(
        "Take a key away from a domain whose portal no longer uses it: whoever "
        "has the key logs in as everybody."
    ),
    examples=(
        passes(domains=_KEYED, origin_log=_log(9, 0)),
        fails(domains=_KEYED, origin_log=_log(9, 4)),
        unconcerned(domains={"example.com": {}}, origin_log=_log(0, 0)),
        unsure(domains=_KEYED, origin_log=_log(0, 0)),
        unsure(domains=_KEYED, missing=("origin-log",)),
    ),
)
