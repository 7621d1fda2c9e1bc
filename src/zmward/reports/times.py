"""Times as people read them."""


def moment(when: str) -> str:
    """Return a report's time as people read it: to the minute."""
    day, _, time = when.partition("T")
    zone = "UTC" if time.endswith(("Z", "+00:00")) else time[8:]
    return f"{day} {time[:5]} {zone}".strip()
