"""Asks at a terminal who may reach the servers, with a proposal wherever one shows."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import click
import msgspec

from zmward.cli.repairing import note
from zmward.evidence import Evidence
from zmward.facts import Facts
from zmward.finding import moment
from zmward.firewall.openings import Policy
from zmward.firewall.policy import policy
from zmward.firewall.proposals import (
    BadAnswer,
    anywhere_or_networks,
    around,
    decided,
    keeping,
    left,
    listening,
    networks,
    seen_operators,
    strangers,
    trusted,
    used,
    with_firewall,
)
from zmward.firewall.zones import as_seen
from zmward.profile import Profile, Rate
from zmward.reports.plain import plain
from zmward.starter import with_networks

Answered = tuple[str, ...]
_FUNCTIONS = {
    "imap": "Do users read mail by IMAP",
    "pop": "Do users fetch mail by POP",
    "smtp_auth": "Do mail programs of users send with a password",
}
_LISTS = (
    ("monitoring", "Monitoring hosts"),
    ("relays", "Machines that send without a password (printers, applications)"),
)


class _Question(msgspec.Struct, frozen=True):
    """One question for networks: the key it is about, what is proposed, and why."""

    key: str
    text: str
    proposal: Answered = ()
    why: str = ""
    empty: str = "none"


class Interview:
    """What is known of the servers, and the profile as the answers make it.

    `origins` says of a key of the profile where its value comes from.
    """

    def __init__(
        self, profile: Profile, evidence: Evidence | None, operators: Iterable[str]
    ) -> None:
        self.profile = profile
        self.evidence = evidence
        self.origins: dict[str, str] = {}
        facts = self._facts()
        found = dict.fromkeys(operators)
        for host in facts.evidence.hosts if facts else ():
            found |= dict.fromkeys(seen_operators(facts, host) if facts else ())
        self.operators = tuple(found)

    def _facts(self) -> Facts | None:
        if self.evidence is None:
            return None
        now: datetime = moment(self.evidence.when)
        return Facts(self.evidence, self.profile, now)

    def policies(self) -> tuple[Policy, ...]:
        """Return each node's whitelist as the profile is now."""
        facts = self._facts()
        if facts is None:
            return ()
        hosts = facts.evidence.hosts
        return tuple(policy(facts, host, self.operators) for host in hosts)

    def _asked(self, one: _Question, taken: Callable[[str], Answered]) -> Answered:
        """Ask for networks until the answer can be taken."""
        shown = " ".join(one.proposal) or one.empty

        def value(text: str) -> Answered:
            try:
                return taken(text)
            except BadAnswer as error:
                raise click.BadParameter(plain(str(error))) from error

        asked = one.text + (f" ({one.why})" if one.why else "")
        found: Answered = click.prompt(
            plain(asked, 2000), default=shown, value_proc=value, err=True
        )
        self.origins[one.key] = "Answered at zmward init."
        if one.why:
            same = value(shown) == found
            said = "Taken as proposed" if same else "Answered; other was proposed"
            self.origins[one.key] = f"{said}: {plain(one.why)}."
        return found

    def _networks(self) -> None:
        where = ", ".join(self.operators)
        admins = self._asked(
            _Question(
                "networks.admins",
                "Administrators' networks, for SSH and the console",
                tuple(dict.fromkeys(around(one) for one in self.operators)),
                f"you come from {where}" if where else "",
            ),
            lambda text: keeping(text, self.operators),
        )
        self.profile = with_networks(self.profile, admins=admins)
        users = "Networks of your users, or anywhere"
        clients = self._asked(
            _Question("networks.clients", users, empty="anywhere"), anywhere_or_networks
        )
        self.profile = with_networks(self.profile, clients=clients)
        for name, question in _LISTS:
            found = self._asked(_Question(f"networks.{name}", question), networks)
            self.profile = with_networks(self.profile, **{name: found})
        self._balancers()

    def _balancers(self) -> None:
        facts = self._facts()
        found = trusted(facts, self.policies()) if facts else ()
        asked = _Question(
            "networks.proxies",
            "Balancers and proxies in front of the servers",
            found,
            "zimbraMailTrustedIP names them" if found else "",
        )
        proxies = self._asked(asked, networks)
        self.profile = with_networks(self.profile, proxies=proxies)

    def _cluster(self) -> None:
        found = strangers(self.policies())
        cluster = self._asked(
            _Question(
                "firewall.cluster",
                "Nodes that the directory does not name (standby, storage)",
                found,
                f"{', '.join(found)} uses inner services" if found else "",
            ),
            networks,
        )
        self.profile = with_firewall(self.profile, cluster=cluster)
        moving = "Addresses that move between nodes"
        addresses = self._asked(
            _Question("firewall.virtual-addresses", moving), networks
        )
        self.profile = with_firewall(self.profile, virtual_addresses=addresses)

    def _functions(self) -> None:
        facts = self._facts()
        running = used(facts) if facts else dict.fromkeys(_FUNCTIONS, ())
        where = "their networks" if self.profile.networks.clients else "anywhere"
        answers: dict[str, Any] = {}
        for key, question in _FUNCTIONS.items():
            if key not in running:
                continue
            seen = f" ({', '.join(running[key])})" if running[key] else ""
            wanted = click.confirm(
                f"{question}, from {where}{seen}?", default=self._usual(key), err=True
            )
            answers[key] = "wanted" if wanted else "unwanted"
            said = f"; seen: {', '.join(running[key])}" if running[key] else ""
            shown = f"services.{key.replace('_', '-')}"
            self.origins[shown] = f"Answered at zmward init{said}."
        own = msgspec.structs.replace(self.profile.services, **answers)
        self.profile = msgspec.structs.replace(self.profile, services=own)

    def _usual(self, key: str) -> bool | None:
        use = getattr(self.profile.services, key)
        return None if use == "unsaid" else use == "wanted"

    def _rate(self) -> None:
        if self.profile.networks.admins:
            return
        own = self.profile.firewall

        def value(text: str) -> str:
            try:
                return msgspec.convert(text.strip(), Rate)
            except msgspec.ValidationError as error:
                reason = "write a number and second, minute or hour: 20/minute"
                raise click.BadParameter(reason) from error

        rate = click.prompt(
            "SSH is open to everybody: new connections of one source",
            default=own.ssh_rate,
            value_proc=value,
            err=True,
        )
        self.profile = with_firewall(self.profile, ssh_rate=rate)
        self.origins["firewall.ssh-rate"] = "Answered at zmward init."

    def _listening(self) -> None:
        waiting = list(listening(self.policies()))
        if waiting:
            note(
                "Something listens beside Zimbra. For each: whom to let in (networks, "
                "or the zones internet, clients, admin, monitoring, cluster, "
                "balancers), `refuse`, or `later`."
            )
        done: set[str] = set()
        while waiting:
            problem = waiting[0]
            done.add(problem.subject)
            self._one(problem.subject, problem.text)
            # An answer may settle others: a name with several ports.
            waiting = [p for p in listening(self.policies()) if p.subject not in done]

    def _one(self, subject: str, said: str) -> None:
        what = said.partition("; ")[0]

        def value(text: str) -> Profile:
            try:
                return self._taken(subject, text, what)
            except BadAnswer as error:
                raise click.BadParameter(plain(str(error))) from error

        self.profile = click.prompt(
            f"  {plain(what)}", default="later", value_proc=value, err=True
        )

    def _taken(self, subject: str, text: str, what: str) -> Profile:
        why = plain(f"said at zmward init; {what}", 120)
        own = decided(self.profile.firewall, subject, text.strip(), why)
        more = own.allow[len(self.profile.firewall.allow) :]
        known = as_seen(self.profile, self.policies())
        for zone, found in known.items():
            if not found and any(zone in entry.from_ for entry in more):
                raise BadAnswer(f"the zone {zone} has no address yet: name networks")
        return msgspec.structs.replace(self.profile, firewall=own)

    def ask(self) -> None:
        """Ask all of it, then say what is still open."""
        note("Who may reach the servers? An empty answer takes what stands in [].")
        self._networks()
        self._cluster()
        self._functions()
        self._rate()
        self._listening()
        rest = left(self.policies())
        if rest:
            note("The whitelist cannot be loaded yet:")
            for problem in rest:
                note(f"  {plain(problem.text)}")
