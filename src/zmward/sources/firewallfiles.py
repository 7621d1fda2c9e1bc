"""Firewall settings on disk: what a boot would load."""

import re
from collections.abc import Mapping

import msgspec

from zmward.sources.source import Files, Source, contents

UFW = "/etc/ufw/ufw.conf"
_ZONES = "/etc/firewalld/zones/"
_ACCEPTS = 'target="ACCEPT"'
_APPLICATION = re.compile(r"^\[([^\]]+)\]\s*$", re.MULTILINE)


class FirewallFiles(msgspec.Struct, frozen=True):
    """The contents of firewall files, by path."""

    files: Mapping[str, str]

    def setting(self, path: str, name: str) -> str:
        """Return the value of a shell-like assignment, lower case, or an empty text."""
        found = re.findall(
            rf"^\s*{name}\s*=\s*(\S+)", self.files.get(path, ""), re.MULTILINE
        )
        return found[-1].strip("\"'").lower() if found else ""

    @property
    def ufw(self) -> bool:
        """Say whether ufw is told to load its rules at boot."""
        return self.setting(UFW, "ENABLED") == "yes"

    @property
    def ufw_denies(self) -> bool:
        """Say whether ufw is on and takes only what a rule lets in."""
        policy = self.setting("/etc/default/ufw", "DEFAULT_INPUT_POLICY")
        return self.ufw and policy in ("drop", "reject")

    @property
    def firewalld_denies(self) -> bool:
        """Say whether firewalld's default zone is one that denies."""
        zone = self.setting("/etc/firewalld/firewalld.conf", "DefaultZone")
        own = self.files.get(f"{_ZONES}{zone}.xml", "")
        return zone not in ("", "trusted") and _ACCEPTS not in own

    @property
    def firewalld_opens(self) -> bool:
        """Say whether a zone of the site's own takes everything from somewhere."""
        trusted = self.files.get(f"{_ZONES}trusted.xml", "")
        return bool(re.search(r"<(?:interface|source)\b", trusted)) or any(
            _ACCEPTS in text
            for path, text in self.files.items()
            if path.startswith(_ZONES) and not path.endswith("/trusted.xml")
        )

    def flushes(self, path: str) -> bool:
        """Say whether an nftables file throws away what others have loaded."""
        text = re.sub(r"#.*", "", self.files.get(path, ""))
        return re.search(r"\bflush\s+ruleset\b", text) is not None

    def includes(self, path: str) -> bool:
        """Say whether a file of rules includes others, which were not collected."""
        found = self.files.get(path, "")
        return re.search(r"^\s*include\b", found, re.MULTILINE) is not None

    def holds_rules(self, path: str) -> bool:
        """Say whether a file of rules holds anything that drops or rejects."""
        words = re.sub(r"#.*", "", self.files.get(path, "")).lower()
        return re.search(r"\b(drop|reject)\b", words) is not None

    def applications(self) -> dict[str, tuple[str, str, str]]:
        """Return ufw's application profiles: name → (file, ports, problem)."""
        found = {}
        for path, text in self.files.items():
            if not path.startswith("/etc/ufw/applications.d/"):
                continue
            parts = _APPLICATION.split(text)
            for name, body in zip(parts[1::2], parts[2::2], strict=True):
                ports = re.search(r"^ports\s*=\s*(.*)$", body, re.MULTILINE)
                problem = "" if ports else "it has no ports"
                text_of = ports[1].strip() if ports else ""
                if " /" in text_of:
                    problem = "a blank stands before the protocol"
                found[name] = (path, text_of, problem)
        return found


def parse(answer: str) -> FirewallFiles:
    """Read the files; an absent one is simply not there."""
    return FirewallFiles(contents(answer))


FIREWALL_FILES = Source(
    name="firewall-files",
    about="Files from which the firewall is loaded at boot.",
    question=Files(
        (
            "/etc/nftables.conf",
            "/etc/sysconfig/nftables.conf",
            "/etc/iptables/rules.v4",
            "/etc/iptables/rules.v6",
            "/etc/sysconfig/iptables",
            "/etc/sysconfig/ip6tables",
            "/etc/ufw/ufw.conf",
            "/etc/default/ufw",
            "/etc/ufw/user.rules",
            "/etc/ufw/user6.rules",
            "/etc/ufw/before.rules",
            "/etc/ufw/before6.rules",
            "/etc/ufw/after.rules",
            "/etc/ufw/after6.rules",
            "/etc/ufw/applications.d/*",
            "/etc/firewalld/firewalld.conf",
            "/etc/firewalld/zones/*.xml",
            "/var/lib/zmward/firewall/current/nft",
            "/var/lib/zmward/firewall/current/ipset",
            "/var/lib/zmward/firewall/current/v[46]",
        )
    ),
    parse=parse,
)
