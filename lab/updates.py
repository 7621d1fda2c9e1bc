"""Pending updates, as apt's own lists know them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

LISTS = Path("var/lib/apt/lists")
UBUNTU = "archive.example.test_ubuntu_dists_{suite}"
ZIMBRA = "repo.example.test_apt_1010_dists_jammy"
SUITES = ("jammy", "jammy-updates", "jammy-security")


def _release(origin: str, suite: str, component: str) -> str:
    return (
        f"Origin: {origin}\nLabel: {origin}\nSuite: {suite}\nVersion: 22.04\n"
        f"Codename: jammy\nArchitectures: amd64\nComponents: {component}\n"
        f"Description: {origin} {suite}\n"
    )


def stanzas(root: Path) -> dict[str, str]:
    """Return what dpkg knows of each installed package, as a package list says it."""
    status = (root / "var/lib/dpkg/status").read_text()
    found = {}
    for text in status.strip().split("\n\n"):
        kept = re.sub(
            r"^Conffiles:\n(?: .*\n?)*|^Status:.*\n", "", text, flags=re.MULTILINE
        )
        name = kept.split("\n", 1)[0].removeprefix("Package: ")
        if "Status: install ok installed" in text:
            found[name] = kept.rstrip("\n")
    return found


def _rows(found: Mapping[str, str]) -> str:
    return "".join(
        f"{text}\nFilename: pool/{name}.deb\nSize: 100000\nSHA256: {'0' * 64}\n\n"
        for name, text in sorted(found.items())
    )


def _at(text: str, version: str) -> str:
    return re.sub(r"^Version: .*", f"Version: {version}", text, flags=re.MULTILINE)


def _newer(known: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    """Return these packages one step newer than they are installed."""
    return {
        name: re.sub(r"^(Version: .*)", r"\1.1", known[name], flags=re.MULTILINE)
        for name in names
    }


def _write(root: Path, prefix: str, component: str, texts: tuple[str, str]) -> None:
    lists = root / LISTS
    (lists / "partial").mkdir(parents=True, exist_ok=True)
    (lists / f"{prefix}_Release").write_text(texts[0])
    name = f"{prefix}_{component}_binary-amd64_Packages"
    (lists / name).write_text(texts[1])


def write(
    root: Path,
    security: Sequence[str],
    other: Sequence[str],
    zimbra: Mapping[str, str],
) -> None:
    """Write apt's lists, in which these packages have newer versions."""
    known = stanzas(root)
    debian = {n: row for n, row in known.items() if not n.startswith("zimbra-")}
    for suite, rows in zip(
        SUITES,
        (debian, _newer(known, [*other, *security]), _newer(known, security)),
        strict=True,
    ):
        texts = (_release("Ubuntu", suite, "main"), _rows(rows))
        _write(root, UBUNTU.format(suite=suite), "main", texts)
    offered = {name: _at(known[name], version) for name, version in zimbra.items()}
    texts = (_release("Zimbra", "jammy", "zimbra"), _rows(offered))
    _write(root, ZIMBRA, "zimbra", texts)
    notice = root / "var/lib/update-notifier/updates-available"
    notice.parent.mkdir(parents=True, exist_ok=True)
    notice.write_text("\n".join(_notice(len(security), len(other))))


def _notice(security: int, other: int) -> Iterator[str]:
    yield ""
    yield f"{security + other} updates can be applied immediately."
    if security:
        yield f"{security} of these updates are standard security updates."
    if security + other:
        yield "To see these additional updates run: apt list --upgradable"
    yield ""
