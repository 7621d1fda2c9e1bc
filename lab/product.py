"""zmward on a node: its own code and libraries, for audits that run there."""

import shutil
import sys
import sysconfig
from pathlib import Path

from lab.errors import LabError
from lab.layers import REPOSITORY, Layer, digest, ensure
from lab.node import Lab
from lab.process import run

LIBRARIES = (
    *("click", "rich", "msgspec", "jinja2", "markupsafe", "markdown_it", "mdurl"),
    *("pygments", "cryptography", "cffi", "pycparser", "defusedxml"),
)
COMPILED = shutil.ignore_patterns("__pycache__")
PLACE = "opt/zmward"
LAUNCHER = """\
#!/usr/bin/python3
import sys
sys.path.insert(0, "/opt/zmward")
from zmward.cli.main import run
run()
"""


def _libraries(site: Path, target: Path) -> None:
    for name in LIBRARIES:
        shutil.copytree(site / name, target / name, ignore=COMPILED)
    alone = (*site.glob("*.so"), site / "inotify_simple.py")
    for path in (*alone, *site.glob("*.dist-info")):
        if path.is_dir():
            shutil.copytree(path, target / path.name)
        else:
            shutil.copy(path, target)


def layer() -> Layer:
    """Return the layer of zmward and its libraries, without building it."""
    names = ("requirements/run.txt", "src/zmward")
    return Layer("product", digest(REPOSITORY / name for name in names))


def _fill(tree: Path) -> None:
    target = tree / PLACE
    target.mkdir(parents=True)
    _libraries(Path(sysconfig.get_path("purelib")), target)
    source = REPOSITORY / "src" / "zmward"
    shutil.copytree(source, target / "zmward", ignore=COMPILED)
    words = ["-q", "--invalidation-mode", "unchecked-hash", "-d", f"/{PLACE}"]
    run([sys.executable, "-m", "compileall", *words, str(target)])


def install(lab: Lab) -> str:
    """Put zmward onto the lab's mail server and return the program's path there."""
    if sys.version_info[:2] != (3, 11):
        raise LabError("the node's Python is 3.11: run the tests with the same")
    built = ensure(layer(), _fill)
    tree = built.directory / "tree"
    shutil.copytree(tree / PLACE, lab.root / PLACE, dirs_exist_ok=True)
    program = lab.root / "usr/local/bin/zmward"
    program.write_text(LAUNCHER)
    program.chmod(0o755)
    return "/usr/local/bin/zmward"
