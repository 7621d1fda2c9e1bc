"""zmward on a node: its own code and libraries, for audits that run there."""

import shutil
import sys
import sysconfig
from pathlib import Path

from lab.errors import LabError
from lab.layers import REPOSITORY
from lab.node import Lab

LIBRARIES = (
    *("click", "rich", "msgspec", "jinja2", "markupsafe", "markdown_it", "mdurl"),
    *("pygments", "cryptography", "cffi", "pycparser", "defusedxml"),
)
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
        shutil.copytree(site / name, target / name, dirs_exist_ok=True)
    for path in (*site.glob("*.so"), *site.glob("*.dist-info")):
        if path.is_dir():
            shutil.copytree(path, target / path.name, dirs_exist_ok=True)
        else:
            shutil.copy(path, target)


def install(lab: Lab) -> str:
    """Put zmward onto the lab's mail server and return the program's path there."""
    if sys.version_info[:2] != (3, 11):
        raise LabError("the node's Python is 3.11: run the tests with the same")
    target = lab.root / PLACE
    _libraries(Path(sysconfig.get_path("purelib")), target)
    shutil.copytree(
        REPOSITORY / "src" / "zmward", target / "zmward", dirs_exist_ok=True
    )
    program = lab.root / "usr/local/bin/zmward"
    program.write_text(LAUNCHER)
    program.chmod(0o755)
    lab.run("mail", ["python3", "-m", "compileall", "-q", f"/{PLACE}"])
    return "/usr/local/bin/zmward"
