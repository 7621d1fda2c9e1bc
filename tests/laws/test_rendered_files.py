"""What zmconfigd renders, and what it renders from, is never written by zmward."""

from pathlib import Path

import pytest

from zmward.catalog.actions import FILES
from zmward.catalog.triggers import SECTIONS
from zmward.change import FileText, WriteFile
from zmward.guards import objection
from zmward.handmade.losses import HOME, pairs, wanted
from zmward.handmade.program import parse

LAB = Path(__file__).parents[2] / "lab/rootfs/opt/zimbra"
PROGRAM = parse((LAB / "conf/zmconfigd.cf").read_text("utf-8"))
TEMPLATES = tuple(path.name for path in (LAB / "conf/nginx/templates").iterdir())
PATHS = sorted(
    {f"{HOME}/{path}" for path in wanted(PROGRAM.values(), TEMPLATES)}
    | {
        f"{HOME}/{path}"
        for s in PROGRAM.values()
        for p in pairs(s, TEMPLATES)
        for path in p
    }
    | {file for section in SECTIONS.values() for file in section.files}
    | {
        f"{HOME}/conf/zmconfigd.cf",
        f"{HOME}/conf/nginx/templates_custom/nginx.conf.web.template",
        f"{HOME}/conf/nginx/includes/nginx.conf.own",
        f"{HOME}/mailboxd/etc/service.web.xml.in",
        f"{HOME}/mailboxd/webapps/service/WEB-INF/web.xml",
    }
)


def test_the_lab_has_enough_of_them() -> None:
    assert len(PATHS) > 50


@pytest.mark.parametrize("path", PATHS)
def test_no_plan_may_write_one(path: str) -> None:
    assert not [pattern for pattern in FILES if pattern.fullmatch(path)]
    change = WriteFile("mail.example.test", path, None, FileText("x\n"))
    assert objection(change)
