"""The laws of the house: what may import what, and how big a file may be."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "src" / "zmward"
EFFECTS = {
    *("os", "subprocess", "socket", "time", "pathlib", "shutil", "tempfile", "ssl"),
    *("threading", "multiprocessing", "asyncio", "urllib.request", "sys", "random"),
}
IMPURE = {"doors", "engine", "cli"}
# A room may import from rooms that stand before it.
ORDER = """
errors i18n catalog evidence strict backup_places profile scan sources facts lockouts
ruleset firewall patches
logs bans integrity backups
change deviation
outlook control outside
waivers exposure controls finding survey pseudonyms starter handmade provable
foresee guards affected joining plan forecast drift configuration reports
doors engine demo cli
""".split()  # noqa: SIM905  # one line a floor reads better
FILES = sorted(path for path in ROOT.rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, "imports are absolute"
            yield node.module


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
class TestEveryFile:
    def test_pure_code_has_no_effects(self, path: Path) -> None:
        if room(path) not in IMPURE:
            assert not set(imports(path)) & EFFECTS

    def test_imports_run_one_way(self, path: Path) -> None:
        if path.name == "__init__.py" or room(path) == "__init__":
            return
        own = ORDER.index(room(path))
        for name in imports(path):
            if name.startswith("zmward."):
                assert ORDER.index(name.split(".")[1]) <= own, name

    def test_the_lab_is_never_imported(self, path: Path) -> None:
        assert not [name for name in imports(path) if name.split(".")[0] == "lab"]

    def test_packages_are_empty(self, path: Path) -> None:
        if path.name == "__init__.py":
            assert path.read_text("utf-8") == ""

    def test_files_say_what_they_hold_and_are_short(self, path: Path) -> None:
        text = path.read_text("utf-8")
        if path.name == "__init__.py":
            return
        assert ast.get_docstring(ast.parse(text)), "a docstring"
        assert len(text.splitlines()) <= 400
