"""Text of systemctl for examples."""


def unit_text(name: str, active: str = "active", boot: str = "enabled") -> str:
    """Return how `systemctl show` tells one unit that exists."""
    return (
        f"Id={name}.service\nNames={name}.service\nLoadState=loaded\n"
        f"ActiveState={active}\nUnitFileState={boot}\n\n"
    )
