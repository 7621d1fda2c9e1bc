"""`zmward integrity watch`: programs that are written into web roots, at once."""

import signal
from typing import Any

import click
import msgspec

from zmward.cli.integrity_place import SHARED, Asked, own
from zmward.cli.options import common
from zmward.errors import Interrupted
from zmward.reports.plain import plain, visible


class _Ended(Exception):
    """SIGTERM has come."""


def _end(_number: int, _frame: object) -> None:
    raise _Ended


@click.command("watch", help="Programs that are written into web roots.")
@common(*SHARED)
@own("root")
@click.option("--mail", metavar="ADDRESS", help="Mail each alarm there too.")
@click.option("--webhook", metavar="URL", help="Send each alarm there too, by https.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    mail: str | None,
    webhook: str | None,
    as_json: bool,
    **shared: Any,
) -> int:
    """Watch until SIGTERM (0) or Ctrl-C (130)."""
    from zmward.engine.alert import Alerts, by_https, by_mail, logged
    from zmward.engine.watch_files import Watcher
    from zmward.integrity.watching import Dropped

    asked = Asked(ctx, {**shared, "hurry": True})

    def say(text: str) -> None:
        click.echo(f"zmward: {plain(text)}", err=True)

    with asked.place() as place:
        place.require_zimbra()
        host = place.host().name or "a host without a name"
        sends = [by_mail(mail, host)] if mail else []
        sends += [by_https(webhook, host)] if webhook else []
        alerts = Alerts(sends, say)

        def tell(one: Dropped) -> None:
            line = msgspec.json.encode(one).decode() if as_json else one.text
            click.echo(visible(f"{line}\n"), nl=False)
            logged(one)
            alerts.tell(one)

        before = signal.signal(signal.SIGTERM, _end)
        watcher = Watcher(place, tell, say)
        try:
            say(f"{watcher.start()} folders are watched")
            while True:
                watcher.step()
        except _Ended:
            return 0
        except KeyboardInterrupt:
            raise Interrupted("watching has ended.") from None
        finally:
            signal.signal(signal.SIGTERM, before)
            watcher.close()
            alerts.close()
