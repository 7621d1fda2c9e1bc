"""The tips of the mission as rows: id, what it asks for, and what is still to come.

`until` names what a control of this version leaves UNKNOWN, and the verb that will
judge it.
"""

from typing import Final

import msgspec


class Tip(msgspec.Struct, frozen=True):
    """One tip; `until` is empty where controls judge all of it."""

    title: str
    until: str = ""


TIPS: Final = {
    "T01": Tip(
        "OS and Zimbra are up to date and supported",
        "whether 10.1.21 closes CVE-2025-48700: no record says it",
    ),
    "T02": Tip("pax unpacks archives for Amavis"),
    "T03": Tip("A host firewall for IPv4 denies by default"),
    "T04": Tip("The same firewall for IPv6"),
    "T05": Tip(
        "fail2ban bans who guesses passwords",
        "whether filters of others match; zmward logs bans writes proved ones",
    ),
    "T06": Tip("The admin console is reached by an SSH tunnel"),
    "T07": Tip("The admin console goes through the proxy"),
    "T08": Tip("SSH works without passwords"),
    "T09": Tip("Logs go to a central server"),
    "T10": Tip("IMAP and POP are granted per user"),
    "T11": Tip("SMTP AUTH is off, restricted, or inside TLS"),
    "T12": Tip("Only trusted networks may relay"),
    "T13": Tip("Two-factor authentication"),
    "T14": Tip("Backups exist and are tested"),
    "T15": Tip("Search engines are kept out"),
    "T16": Tip("Users cannot spoof other senders"),
    "T17": Tip("Dangerous attachments are blocked"),
    "T18": Tip("Spam is refused"),
    "T19": Tip("The proxy servlet fetches nothing unnamed"),
    "T20": Tip("Administrators are few, known and guarded"),
    "T21": Tip("Sessions end"),
    "T22": Tip("The last logon is recorded finely enough"),
    "T23": Tip("The kernel has entropy"),
    "T24": Tip("The clock is right"),
    "T25": Tip(
        "Pre-authentication goes by SOAP",
        "a library and a bridge that log the origin: zmward preauth",
    ),
    "T26": Tip("External authentication has no local fallback"),
    "T27": Tip("Login by alias is refused"),
    "T28": Tip("Sharing is restricted"),
    "T29": Tip("External POP and IMAP sources are off"),
    "T30": Tip("Accounts have a life cycle", "review and offboarding: zmward accounts"),
    "T31": Tip("TLS is strong everywhere"),
    "T32": Tip("Logs show the right source address"),
    "T33": Tip("The full sender address is shown"),
    "T34": Tip("Cookies carry SameSite"),
    "T35": Tip("Outgoing mail names no mailer"),
    "T36": Tip("The installation is what was installed"),
    "T37": Tip("A foreign Host header is refused"),
    "T38": Tip("Expiring certificates are announced"),
    "S1": Tip("Deny first, then allow by list"),
    "S2": Tip("Outside reaches the public ports only"),
    "S3": Tip("Internal ports stay internal"),
    "S4": Tip("Several servers reach each other and no more"),
    "S5": Tip("ufw allows SSH first and has a valid profile"),
    "S6": Tip("LDAP is reached by the cluster only"),
    "S7": Tip("memcached is not reached from outside"),
}
