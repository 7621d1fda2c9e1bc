"""What each field of the firewall's JSON documents means."""

from collections.abc import Mapping
from typing import Final

POLICY: Final[Mapping[str, str]] = {
    "schema": "always `zmward.policy/1`",
    "host": "the node whose whitelist it is",
    "when": "when the evidence was taken",
    "refuses": "whether something keeps it from being loaded",
    "openings": "what is let in, each as an OpeningShown",
    "closed": "services, and other programs that listen, that stay closed",
    "outbound": "connections that the node opens: for other firewalls, not enforced",
    "problems": "what is wrong with it, what refuses first",
    "picture": "who reaches what, as a Grid",
}
CHECK: Final[Mapping[str, str]] = {
    "schema": "always `zmward.check/1`",
    "host": "the node whose whitelist the rules are held against",
    "when": "when the evidence was taken",
    "rules": "the names of the files of rules, or `the loaded rules`",
    "families": "what was judged: a file of iptables-save speaks of one family",
    "equal": "whether nothing differs; null where not all could be judged",
    "unfiltered": "families at whose packets no rule looks",
    "differences": "every difference, each as a DifferenceShown",
    "incomplete": "why there may be more differences than these",
    "assumed": "what the files do not say and was taken so; empty for nothing",
    "bans": "rules that only keep banned addresses out, and are left aside",
    "full": "sets of zmward's own rules that are nearly full, each as a Room",
}
STRUCTS: Final[Mapping[str, Mapping[str, str]]] = {
    "OpeningShown": {
        "name": "the service's name, or its protocol and port",
        "protocol": "its protocol",
        "ports": "ports and ranges of ports; none for protocols without ports",
        "zone": "who may use it",
        "sources": "their networks, of both families",
        "why": "what it is for",
        "origin": "the key of the profile or row of the catalog that asks for it",
        "rate": "new connections that one source may open; empty without a limit",
        "source_port": "the one port that its packets come from; null for any",
    },
    "Shut": {
        "name": "the service's name, or that of the program",
        "what": "its packets, such as `tcp 11211`",
        "listening": "whether something listens; null where nobody looked",
    },
    "Outbound": {
        "target": "the server, or `internet`",
        "ports": "protocols and ports",
        "why": "what it is for",
    },
    "ProblemShown": {
        "kind": "which kind of problem",
        "subject": "the service, network, address or node that it is about",
        "text": "what is wrong",
        "refuses": "whether it keeps the whitelist from being loaded",
        "step": "what to do next",
    },
    "Grid": {
        "zones": "the columns",
        "rows": "one for each service, what is open to most first",
    },
    "Row": {
        "name": "the service's name",
        "what": "its packets, such as `tcp 25`",
        "cells": "how much of each zone gets in, in the order of the zones",
        "meant": "for whom the catalog means it; empty where it does not know it",
    },
    "DifferenceShown": {
        "kind": "let in too much, not let in, or not to be told",
        "what": "the packets: `tcp 25`, `udp 5404-5405`, `vrrp`",
        "names": "what the whitelist or the catalog calls them",
        "sources": "from which networks, or ranges `first-last`",
        "interfaces": "by which interfaces or `to` which own address; empty for all",
        "listeners": "what listens there; null where nobody looked",
        "said": "the matches that are not understood, or what was not asked",
    },
    "Room": {
        "name": "the set's name",
        "used": "how many places are taken",
        "size": "how many there are",
    },
}
