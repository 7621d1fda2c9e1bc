"""Pending updates, as apt's own lists know them."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from lab.process import run, within

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


def _rows(versions: Mapping[str, tuple[str, str]]) -> str:
    return "".join(
        f"Package: {name}\nArchitecture: {architecture}\nVersion: {version}\n"
        f"Maintainer: Archive <archive@example.test>\n"
        f"Filename: pool/{name}_{version}_{architecture}.deb\nSize: 100000\n"
        f"SHA256: {'0' * 64}\nDescription: {name}\n\n"
        for name, (version, architecture) in sorted(versions.items())
    )


def installed(root: Path) -> dict[str, tuple[str, str]]:
    """Return version and architecture of each installed package."""
    shown = "${Package} ${Version} ${Architecture}\\n"
    rows = run(within(root, ["dpkg-query", "-W", "-f", shown])).splitlines()
    return {name: (version, kind) for name, version, kind in map(str.split, rows)}


def _newer(
    known: Mapping[str, tuple[str, str]], names: Sequence[str]
) -> dict[str, tuple[str, str]]:
    return {name: (f"{known[name][0]}.1", known[name][1]) for name in names}


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
    known = installed(root)
    debian = {n: row for n, row in known.items() if not n.startswith("zimbra-")}
    for suite, rows in zip(
        SUITES,
        (debian, _newer(known, [*other, *security]), _newer(known, security)),
        strict=True,
    ):
        texts = (_release("Ubuntu", suite, "main"), _rows(rows))
        _write(root, UBUNTU.format(suite=suite), "main", texts)
    offered = {name: (version, "amd64") for name, version in zimbra.items()}
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
