"""Each key of the profile as a row: what it decides, in words for its file."""

from collections.abc import Mapping
from typing import Final

from zmward.i18n import mark

KEYS: Final[Mapping[str, str]] = {
    "kind": mark("The kind of site; it only chose the defaults below."),
    "networks": mark("Who is where: lists of CIDR networks of both families."),
    "networks.admins": mark("From where administrators reach SSH and the console."),
    "networks.clients": mark("Where your own users are; empty means anywhere."),
    "networks.relays": mark(
        "Machines that may send without a password (printers, applications)."
    ),
    "networks.proxies": mark(
        "Balancers and proxies in front; none may be in zimbraMtaMyNetworks."
    ),
    "networks.monitoring": mark("Monitoring hosts."),
    "services": mark(
        'What your users need: "wanted", "unwanted" or "unsaid". '
        "A wanted function is not reported as a risk."
    ),
    "services.imap": mark("Mail clients that read by IMAP (T10)."),
    "services.pop": mark("Mail clients that read by POP (T10)."),
    "services.smtp-auth": mark("Mail clients that send with a password (T11)."),
    "services.sharing": mark("Sharing of folders among users (T28)."),
    "services.external-sharing": mark("Sharing with guests from outside (T28)."),
    "services.public-sharing": mark("Sharing with anybody, without login (T28)."),
    "services.external-sources": mark("Fetching mail from other providers (T29)."),
    "services.active-sync": mark("Phones by ActiveSync (Network edition)."),
    "services.ews": mark("Exchange Web Services (Network edition)."),
    "services.forwarding": mark("Forwarding of mail to other addresses (T30)."),
    "services.two-factor": mark("Two-factor authentication (T13)."),
    "services.search-engines": mark("Pages that search engines may index (T15)."),
    "services.classic-client": mark("The classic web client (10.1 and newer)."),
    "services.ssh-passwords": mark(
        "Passwords over SSH; unwanted plans to leave keys only (T08)."
    ),
    "services.ipv6": mark("IPv6 on this site (T04)."),
    "thresholds": mark("Numbers that decide between PASS and FAIL."),
    "thresholds.admin-accounts": mark("More global administrators are too many (T20)."),
    "thresholds.stale-admin-days": mark(
        "An admin not seen for so long is stale (T20)."
    ),
    "thresholds.stale-account-days": mark("The same for every account (T30)."),
    "thresholds.certificate-days": mark("A certificate must live so long (T38)."),
    "thresholds.password-length": mark("The shortest password of users."),
    "thresholds.admin-password-length": mark("The shortest one of admins (T26)."),
    "thresholds.session": mark("The longest session of users (T21)."),
    "thresholds.admin-session": mark("The longest session of admins (T21)."),
    "thresholds.idle": mark("The longest idle time in the web client (T21)."),
    "thresholds.backup-hours": mark("The oldest that the newest backup may be (T14)."),
    "thresholds.drill-days": mark("The longest time since a restore was tried (T14)."),
    "thresholds.document-days": mark(
        "How old the page of `zmward config document` may be (T14)."
    ),
    "thresholds.document-lag-days": mark(
        "How many days the page may be older than the newest snapshot (T14)."
    ),
    "thresholds.clock-offset-ms": mark("How wrong the clock may be (T24)."),
    "thresholds.two-factor-coverage": mark(
        "The share of active accounts that must be enrolled, in percent (T13)."
    ),
    "thresholds.integrity-days": mark(
        "The longest time since all of an installation was compared (T36)."
    ),
    "thresholds.log-days": mark("How long logs must be kept (T09)."),
    "thresholds.log-arrival-days": mark(
        "How old the last test line may be that was seen at the log host (T09)."
    ),
    "firewall": mark("The whitelist: what it adds to what the servers say."),
    "firewall.cluster": mark(
        "Addresses of nodes that the directory does not name (standby, storage)."
    ),
    "firewall.virtual-addresses": mark(
        "Addresses that move between nodes; they count as nodes of the cluster."
    ),
    "firewall.ssh-rate": mark(
        "New SSH connections of one source where SSH is open to everybody."
    ),
    "firewall.smtp-rate": mark("New SMTP connections of one source from outside."),
    "firewall.bans": mark("How many banned addresses must find room."),
    "firewall.services": mark(
        "Services of the catalog to zones (internet, clients, admin, monitoring, "
        'cluster, balancers): mailbox-admin = ["admin"]; an empty list closes.'
    ),
    "firewall.allow": mark(
        "An extra opening: port and protocol, or a name of the catalog; from: zones "
        "or networks; why."
    ),
    "firewall.refuse": mark(
        "What listens and stays closed on purpose, and why; with from, only to these: "
        '["internet"] means whoever is not let in otherwise.'
    ),
    "scan": mark("What `zmward scan` may look at, and the site's domains."),
    "scan.hosts": mark(
        "Names, addresses or networks of your own that may be scanned; nothing else "
        "is, unless somebody says so each time (--i-may-scan)."
    ),
    "scan.domains": mark("Your mail domains, whose DNS records are looked at."),
    "scan.dkim-selectors": mark("The selectors of your DKIM keys in DNS."),
    "scan.blocklists": mark("The DNS blocklists that your MTA asks, to be tested."),
    "scan.rate": mark("The most packets and connections a second."),
    "patches": mark("By when holes must be closed (T01), and whose news count."),
    "patches.time-zone": mark("The site's time zone, such as Europe/Rome."),
    "patches.working-days": mark("The days on which somebody works: Mon to Sun."),
    "patches.business-day-ends": mark("When the business day ends, in that zone."),
    "patches.maintenance-window": mark(
        "The monthly window: which weekday, the how-manieth of the month (5 means the "
        "last), from when on."
    ),
    "patches.holidays": mark("Days off: [2026-12-25, 2026-12-26]."),
    "patches.catalog-days": mark("An older catalog of advisories is a finding."),
    "patches.catalog-keys": mark(
        "Public ed25519 keys (base64) of those whose signed catalogs you take; none "
        "is shipped."
    ),
    "logs": mark("When `zmward logs` calls failed logins an attack."),
    "logs.failures": mark("So many failures of one source are brute force,"),
    "logs.window-minutes": mark("if they come within so many minutes."),
    "logs.accounts-per-source": mark(
        "So many accounts tried by one source in a day are password spraying."
    ),
    "logs.sources-per-account": mark(
        "So many sources that try one account in a day are distributed guessing."
    ),
    "logs.unknown-accounts": mark(
        "So many attempts of one source at accounts that do not exist look for names."
    ),
    "logs.success-after": mark(
        "A login after so many failures of the same source at it may be a break-in."
    ),
    "logs.failures-in-an-hour": mark(
        "So many failures in an hour are an attack, however many sources they have."
    ),
    "logs.networks-at-once": mark(
        "From how many networks one account logs in within the minutes below before "
        "that cannot be one person: a /16 of IPv4, a /32 of IPv6."
    ),
    "logs.at-once-minutes": mark("Within how many minutes."),
    "logs.sent-in-a-day": mark(
        "Fewer messages of one account in a day are never unusual."
    ),
    "logs.sent-times": mark(
        "How many times its busiest day before an account sends to be unusual."
    ),
    "logs.unknown-recipients": mark(
        "How many recipients that do not exist one client of the MTA asks for in a day "
        "before it is called a search."
    ),
    "logs.refused-preauths": mark(
        "How many refused pre-authentications of one domain are called guessing."
    ),
    "logs.usable-percent": mark(
        "The share of logins that must show their client's address, in percent (T32)."
    ),
    "logs.trusted": mark(
        "Proxies and MTAs whose word about others is taken, beside networks.proxies, "
        "firewall.cluster and this machine; name them one by one."
    ),
    "bans": mark("When the jails of `zmward logs bans` ban an address (T05)."),
    "bans.failures": mark("So many failed logins of one address ban it,"),
    "bans.window-minutes": mark("if they come within so many minutes,"),
    "bans.ban-minutes": mark("for so many minutes."),
    "bans.recidive-bans": mark("Whoever is banned so often"),
    "bans.recidive-hours": mark("within so many hours"),
    "bans.recidive-days": mark("is banned for so many days."),
    "bans.network-addresses": mark(
        "So many addresses of an IPv6 /64 that are banned at once ban all of it; 0: "
        "never."
    ),
    "bans.spared": mark(
        "Addresses and networks that are never banned, beside the servers and whoever "
        "the profile names: offices and proxies behind which many people are."
    ),
    "backups": mark(
        "Where the site's backups are (T14), and how `zmward backup drill` finds what "
        "it restores: names of files, the newest that matches is taken, and what "
        "has no name is not kept."
    ),
    "backups.scratch": mark(
        "Where the drill makes its own new folder; never within /opt/zimbra."
    ),
    "backups.ldap": mark("What zmslapcat wrote: the directory as LDIF."),
    "backups.ldap-config": mark("What zmslapcat -c wrote: its configuration."),
    "backups.mariadb": mark("Dumps of MariaDB as SQL."),
    "backups.account": mark("Accounts as Zimbra exports them, tar within gzip."),
    "backups.copy": mark(
        "One place where backups are kept. `kind` is ne-sessions, ng-store, restic, "
        "borg or folder (each entry of it that `pattern` matches is one backup). "
        "`place` is a folder or a repository; restic and borg take their password "
        "from `password-file`, and what else they need from the environment from "
        "`environment-file`. `host` and `pattern` choose among the backups of a "
        "repository that several servers share. `hours` is the oldest that the newest "
        "may be (0: thresholds.backup-hours), `keep-days` how far back the oldest "
        "must reach (0: not judged), `least-mib` the smallest size that is plausible, "
        "`off-site` says that it is another place, `transfer-mbit` how fast it comes "
        "back from there, and `holds` what of ldap, mariadb and account is in it "
        "(none named: all that the site keeps); a drill of it must restore that."
    ),
    "integrity": mark("Whose baselines of the installation are believed (T36)."),
    "integrity.keys": mark(
        "Public ed25519 keys (base64) that sign baselines, as `zmward integrity "
        "baseline` prints them."
    ),
    "severity": mark('Another severity for a control: control-id = "low".'),
    "waiver": mark(
        "A failure that you accept until a day (UTC, inclusive; at most 30 days for "
        "critical, 90 high, 180 medium, 365 low). It stays visible and never helps "
        "the score. `scope` names subjects as the report writes them."
    ),
    "attestation": mark(
        "What no host can see, stated by a person, with an end: backup-offsite, "
        "backup-key, backup-drill, snapshots, wiki, account-procedure, mitigation-ID "
        "of a hole; hole-ID, with the `build` from which on it is closed."
    ),
}
