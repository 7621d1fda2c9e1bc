"""slapd's access rules, opened to anonymous readers of the address book or closed."""

_USERS = " by users read"
_ANONYMOUS = " by anonymous read"


def opened(rule: str) -> str:
    """Return the rule that lets anonymous read what users read."""
    return rule if _ANONYMOUS in rule else rule.replace(_USERS, _USERS + _ANONYMOUS)


def closed(rule: str) -> str:
    """Return the rule without anonymous readers."""
    return rule.replace(_ANONYMOUS, "")
