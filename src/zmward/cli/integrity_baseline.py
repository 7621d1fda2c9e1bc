"""`zmward integrity baseline`: record the installation as it is, and sign it."""

from typing import Any

import click
import msgspec

from zmward.cli.integrity_place import SHARED, Asked, own, signer
from zmward.cli.options import common
from zmward.errors import Refused, Usage


@click.command("baseline", help="Record the installation as it is, and sign it.")
@common(*SHARED)
@own("root", "key", "hurry")
@click.option("--new-key", metavar="FILE", help="Make a key, and sign with it.")
@own("passphrase", "keys", "expect")
@click.option(
    "--anew", is_flag=True, help="Record all as it is now, whatever has changed."
)
@click.option("--json", "as_json", is_flag=True, help="As zmward.integrity/1.")
@click.option("--all", "everything", is_flag=True, help="Every path.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    key: str | None,
    new_key: str | None,
    phrase: str | None,
    anew: bool,
    as_json: bool,
    everything: bool,
    **shared: Any,
) -> int:
    """Print what was recorded; 1 where code is not as shipped, 3 for unread files."""
    from zmward.engine.integrity_record import keep
    from zmward.engine.integrity_state import exists
    from zmward.engine.integrity_work import baseline
    from zmward.integrity.shipped import Database
    from zmward.integrity.verdicts import standing
    from zmward.reports.integrity_json import made

    asked = Asked(ctx, shared)
    first = not exists(asked.root)
    if new_key is not None and not first:
        raise Usage(
            "There is a baseline already, signed by another key: a new key has to be "
            "pinned first. Make it with `openssl genpkey -algorithm ed25519 -aes256`."
        )
    if not first and not anew:
        raise Refused(
            "There is a baseline already: `zmward integrity check` says what changed, "
            "and `accept` takes what you name. --anew records all as it is now."
        )
    with asked.place() as place:
        using = signer(asked.root, key, new_key, phrase)
        wish = asked.wish(using if first else None)
        found = baseline(place, msgspec.structs.replace(wish, anew=anew), using)
        asked.warn(keep(asked.root, wish, found))
    suspects = [standing(path, Database()) for path in found.shipped.suspects]
    shown = made(found, suspects)
    asked.say(shown, as_json=as_json, everything=everything)
    return found.code
