"""The repository of Zimbra's packages is known and used."""

import re
from collections.abc import Iterator

from zmward.catalog.level import branch, level
from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.packages import PACKAGES
from zmward.sources.repositories import REPOSITORIES

# The folder of a repository says for which branch it is.
_FOLDERS = {"10.0": "1000", "10.1": "1010"}
_FOLDER = re.compile(r"/(87|90|1000|1010)(?:-ne)?(?:/|$)")
_NO_CURE = (
    "Write the repository's file again as the installer did, then update the lists; "
    "which address is right is the installed branch's to say."
)


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    # The document editor has a repository of its own.
    known = [
        one
        for one in facts.read(REPOSITORIES, host)
        if one.zimbra and "onlyoffice" not in f"{one.file} {one.address}".lower()
    ]
    used = [one for one in known if one.enabled]
    addresses = ", ".join(dict.fromkeys(one.address for one in used))
    if not used:
        files = ", ".join(dict.fromkeys(one.file for one in known))
        found = f"disabled in {files}" if known else "no file names it"
        yield deviates(
            Layer.LASTING,
            host,
            found,
            "enabled",
            no_cure=_NO_CURE,
            source="repositories",
        )
        return
    found_level = level(facts.read(PACKAGES, host).get("zimbra-core", ""))
    folder = _FOLDERS.get(branch(found_level)) if found_level else None
    folders = {match[1] for one in used if (match := _FOLDER.search(one.address))}
    if folder and folders and folder not in folders:
        yield deviates(
            Layer.LASTING,
            host,
            addresses,
            f"among them the folder {folder} of this branch",
            no_cure=_NO_CURE,
            source="repositories",
        )
        return
    if folder and not folders:
        reason = f"{addresses} does not say for which branch it is"
        yield unknown(Layer.LASTING, host, reason)
        return
    yield sound(Layer.LASTING, host, source="repositories", seen=addresses)


_LIST = "> /etc/apt/sources.list.d/zimbra.list\n"

CONTROL = Control(
    id="zimbra-repository-enabled",
    title="The repository of Zimbra's packages is enabled",
    why="Without it the server gets no patches, and nothing says so.",
    impact="None until a patch is installed.",
    severity=Severity.HIGH,
    tips=("T01",),
    check=on_hosts(Layer.LASTING, (REPOSITORIES, PACKAGES), _look),
    refs=("https://wiki.zimbra.com/wiki/Zimbra_Releases",),
    note=(
        "An upgrade of Ubuntu disables foreign repositories and renames their files; "
        "the folder in the address must be that of the installed branch."
    ),
    examples=(
        passes(
            packages={"zimbra-core": "10.1.0.GA.4655.UBUNTU22.64"},
            raw={
                "repositories": f"{_LIST} deb [arch=amd64] https://repo.zimbra.com"
                "/apt/87 jammy zimbra\n deb [arch=amd64] https://repo.zimbra.com"
                "/apt/1010 jammy zimbra\n"
            },
        ),
        passes(
            packages={"zimbra-core": "10.1.0_GA_4655.RHEL8_64-20240713"},
            raw={
                "repositories": "> /etc/yum.repos.d/zimbra.repo\n [zimbra]\n"
                " baseurl=https://repo.zimbra.com/rpm/1010/rhel8\n enabled=1\n"
            },
        ),
        fails(
            packages={"zimbra-core": "10.1.0.GA.4655.UBUNTU22.64"},
            raw={
                "repositories": "> /etc/apt/sources.list.d/zimbra.list.distUpgrade\n"
                " # disabled deb https://repo.zimbra.com/apt/1010 jammy zimbra\n"
            },
        ),
        fails(
            packages={"zimbra-core": "10.1.0.GA.4655.UBUNTU22.64"},
            raw={
                "repositories": f"{_LIST} deb https://repo.zimbra.com/apt/87 jammy "
                "zimbra\n deb https://repo.zimbra.com/apt/1000 jammy zimbra\n"
            },
        ),
        fails(
            packages={"zimbra-core": "10.1.0.GA.4655.UBUNTU22.64"},
            raw={
                "repositories": "> /etc/apt/sources.list.d/zimbra-onlyoffice.list\n"
                " deb https://repo.zimbra.com/apt/onlyoffice jammy zimbra\n"
            },
        ),
        unsure(
            packages={"zimbra-core": "10.1.0.GA.4655.UBUNTU22.64"},
            raw={"repositories": f"{_LIST} deb https://mirror.example.net/z jammy z\n"},
        ),
        unsure(missing=("repositories",)),
    ),
)
