"""A shape for passwords in localconfig: set by the installer, never the public ones."""

from collections.abc import Iterator

from zmward.control import Check
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.localconfig import LOCALCONFIG
from zmward.sources.masking import DEFAULT, EMPTY

# Added late to Zimbra: an older installation may lack the account altogether.
_MAY_BE_ABSENT = ("ldap_bes_searcher_password",)
_STATES = {
    DEFAULT: "the public default",
    EMPTY: "empty",
    None: "not in localconfig.xml, so it is the public default",
}


def own_passwords(keys: tuple[str, ...], program: str, *, role: str) -> Check:
    """Judge that each key holds a password of this site's own."""

    def one(facts: Facts, host: str) -> Iterator[Judgement]:
        own = facts.read(LOCALCONFIG, host).own
        wrong = [key for key in keys if own.get(key) in _STATES]
        for key in wrong:
            text = f"{key} is {_STATES[own.get(key)]}"
            if key not in own and key in _MAY_BE_ABSENT:
                reason = f"{text}, or its account does not exist"
                yield unknown(Layer.DECLARED, host, reason)
                continue
            yield deviates(
                Layer.DECLARED,
                host,
                text,
                "a random password",
                no_cure=f"Change it on every node with `{program}`; zmward never sets "
                "passwords.",
                source="localconfig",
            )
        if not wrong:
            seen = f"{len(keys)} passwords, none a public default"
            yield sound(Layer.DECLARED, host, source="localconfig", seen=seen)

    return on_hosts(Layer.DECLARED, (LOCALCONFIG,), one, role=role)
