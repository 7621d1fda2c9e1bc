"""The laws of the house: what may import what, and how big a file may be."""

import ast
from functools import cache
from pathlib import Path

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
FULL = [path for path in FILES if path.name != "__init__.py"]
LONGEST = 400


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def room(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


@cache
def imports(path: Path) -> frozenset[str]:
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{name(path)}: imports are absolute"
            found.add(node.module)
    return frozenset(found)


def test_there_are_files() -> None:
    assert len(FULL) > len(ORDER)


def test_pure_code_has_no_effects() -> None:
    pure = [path for path in FILES if room(path) not in IMPURE]
    assert not {
        name(path): imports(path) & EFFECTS for path in pure if imports(path) & EFFECTS
    }


def _upwards(path: Path) -> list[str]:
    own = ORDER.index(room(path))
    ours = [found for found in imports(path) if found.startswith("zmward.")]
    return [found for found in ours if ORDER.index(found.split(".")[1]) > own]


def test_imports_run_one_way() -> None:
    assert not {name(path): _upwards(path) for path in FULL if _upwards(path)}


def test_the_lab_is_never_imported() -> None:
    tops = {name(path): {one.split(".")[0] for one in imports(path)} for path in FILES}
    assert not [path for path, found in tops.items() if "lab" in found]


def test_packages_are_empty() -> None:
    packages = set(FILES) - set(FULL)
    assert not [name(path) for path in packages if path.read_text("utf-8")]


def test_files_say_what_they_hold_and_are_short() -> None:
    assert not [name(path) for path in FULL if not ast.get_docstring(tree(path))]
    long = [p for p in FULL if len(p.read_text("utf-8").splitlines()) > LONGEST]
    assert not [name(path) for path in long]


def _caught(handler: ast.ExceptHandler) -> set[str]:
    """Return the names of what is caught, without their modules."""
    named = [ast.unparse(handler.type)] if handler.type else []
    if isinstance(handler.type, ast.Tuple):
        named = [ast.unparse(one) for one in handler.type.elts]
    return {one.rpartition(".")[2] for one in named}


def test_bytes_that_are_no_text_are_caught_where_json_is_read() -> None:
    """For them Python's own error is raised, and none of msgspec's."""
    own = {"DecodeError", "MsgspecError"}
    python = {"UnicodeError", "UnicodeDecodeError", "ValueError", "Exception"}
    handlers = [
        (name(path), node.lineno, _caught(node))
        for path in FULL
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ExceptHandler)
    ]
    found = [one for one in handlers if one[2] & own]
    assert len(found) > 20
    assert not [one for one in found if not one[2] & python]
