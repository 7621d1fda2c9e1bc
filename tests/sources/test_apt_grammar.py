"""The language of apt's configuration, beside apt's own reading of it."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from zmward.sources.apt_grammar import Item, Wrong, read
from zmward.sources.aptconf import APT_CONF
from zmward.sources.source import Unreadable

APT = "/usr/bin/apt-config"
FIRST = "Zmward=here"

TEXTS = {
    "a block": ('A { B "1"; C "2"; };', ["A=", "A::B=1", "A::C=2"]),
    "a block in a block": (
        'A{B{C "1";}D "2";}',
        ["A=", "A::B=", "A::B::C=1", "A::D=2"],
    ),
    "a block of a long name": ('A::B { C "1"; };', ["A=", "A::B=", "A::B::C=1"]),
    "a value and a block": ('A::B "1"; A { B { C "2"; }; };', None),
    "a list": ('A { "x"; "y"; };', ["A=", "A::=x", "A::=y"]),
    "a list, one by one": ('A:: "x";\nA:: "y";', ["A=", "A::=x", "A::=y"]),
    "a list with colons": ('A:: { "x"; "y"; };', ["A=", "A::::=y"]),
    "names know no case": ('aB "1"; AB "2";', ["aB=2"]),
    "the last one counts": ('A "1"; A "2";', ["A=2"]),
    "over several lines": ('A\n{\n  B\n  "1"\n;\n}', ["A=", "A::B=1"]),
    "comments": ('// A "1";\n# B "2";\n/* C "3";\nD "4"; */ E "5"; // F', ["E=5"]),
    "a comment within": ('A /* x */ "1"; B "2"; # y "3";', ["A=1", "B=2"]),
    "a comment cut off first": ('/* // */ A "1";\nB "2"; */ C "3";', ["C=3"]),
    "no comments in quotes": ('A "//x"; B "#y"; C "/*z*/";', None),
    "signs in quotes": ('A "a;b{c}";', ["A=a;b{c}"]),
    "cleared": ('A { B "1"; }; C "2"; #clear A;', ["A=", "C=2"]),
    "a list cleared and begun anew": ('A:: "x"; #clear A; A:: "y";', ["A=", "A::=y"]),
    "cleared in capitals": ('A "1"; #clear a;', ["A="]),
    "strings side by side": ('A "x" "y"; B "x""y"; C "x"   "y";', None),
    "hexadecimal": ('A x%20y; B "x%20y"; C { "x%20y"; };', None),
    "no quotes": ("A b;", ["A=b"]),
    "no end": ('A "1"; B "2"', None),
    "a block without a name": ('{ A "1"; };', None),
    "more than a value": ('A b "c" d;', None),
    "a block that is not closed": ('A { B "1";', ["A=", "A::B=1"]),
    "closed too often": ('A { B "1"; }; }; C "2";', ["A=", "A::B=1", "C=2"]),
    "an unknown directive": ('#exclude "x";', None),
    "a directive in a block": ("A { #clear B; };", None),
    "nothing to clear": ("#clear;", None),
    "an open quote": ('A "1;\nB "2";', None),
    "brackets": ("A [x y];", ["A=[x y]"]),
}


def shown(item: Item, above: str = "") -> Iterator[str]:
    for one in item.below:
        yield f"{above}{one.name}={one.value}"
        yield from shown(one, f"{above}{one.name}::")


def ours(text: str) -> list[str] | None:
    tree = Item()
    try:
        read(text, tree, lambda _path: None)
    except Wrong:
        return None
    return list(shown(tree))


def apts(text: str, folder: Path) -> list[str] | None:
    """Return what apt makes of a text; what it has of its own is left out."""
    (folder / "parts").mkdir(exist_ok=True)
    (folder / "main").write_text(f'Zmward "here";\n{text}\n')
    settings = f'Dir::Etc::main "{folder}/main"; Dir::Etc::parts "{folder}/parts";\n'
    (folder / "settings").write_text(settings)
    done = subprocess.run(
        [APT, "dump", "--format", "%f=%v%n"],
        env={"APT_CONFIG": str(folder / "settings"), "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return None
    lines = done.stdout.splitlines()
    own = ("APT", "Acquire", "Binary", "CommandLine", "DPkg", "Dir")
    found = lines[lines.index(FIRST) + 1 :]
    return [line for line in found if not line.startswith(own)]


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_read_as_apt_reads_it(name: str, tmp_path: Path) -> None:
    text, expected = TEXTS[name]
    if expected is not None:
        assert ours(text) == expected
    if shutil.which(APT) is None:
        pytest.skip("this system has no apt to compare with")
    # What apt refuses is refused here, and nothing else is.
    assert ours(text) == apts(text, tmp_path)


def conf(**files: str) -> str:
    """Return the answer of a host with files of apt's folder."""
    return "".join(
        f"> /etc/apt/apt.conf.d/{name.replace('_', '-')}\n"
        + "".join(f" {line}\n" for line in text.splitlines())
        for name, text in files.items()
    )


def test_what_apt_does_daily_may_stand_in_a_block() -> None:
    block = 'APT::Periodic {\n Unattended-Upgrade "1";\n Update-Package-Lists "1";\n};'
    found = APT_CONF.parse(conf(site=block))
    assert found.unattended
    assert found.lists
    found = APT_CONF.parse(conf(site='APT { Periodic { Unattended-Upgrade "1"; }; };'))
    assert found.unattended


def test_the_switch_over_all_that_is_done_daily_counts() -> None:
    on = 'APT::Periodic { Enable "0"; Unattended-Upgrade "1"; Update-Package-Lists "1"; }'
    found = APT_CONF.parse(conf(site=on))
    assert (found.daily, found.unattended, found.lists) == (False, False, False)


def test_a_list_that_is_cleared_spares_nothing() -> None:
    spared = 'Unattended-Upgrade::Package-Blacklist { "zimbra-"; };'
    cleared = "#clear Unattended-Upgrade::Package-Blacklist;"
    assert APT_CONF.parse(conf(a=spared)).spared == ("zimbra-",)
    assert APT_CONF.parse(conf(a=spared, b=cleared)).spared == ()
    assert APT_CONF.parse(conf(a=cleared, b=spared)).spared == ("zimbra-",)


def test_a_value_where_a_list_belongs_spares_nothing() -> None:
    # unattended-upgrades reads what stands below the name.
    text = 'Unattended-Upgrade::Package-Blacklist "zimbra-";'
    assert APT_CONF.parse(conf(a=text)).spared == ()


def test_another_file_is_read_where_it_is_known_and_else_nothing_is_told() -> None:
    switch = 'APT::Periodic::Unattended-Upgrade "1";'
    known = '#include "/etc/apt/apt.conf.d/b.off";'
    assert APT_CONF.parse(conf(**{"a": known, "b.off": switch})).unattended
    for path in ("/srv/apt.conf", "/etc/apt/apt.conf.d/a", "/srv/apt.conf.d/"):
        with pytest.raises(Unreadable):
            APT_CONF.parse(conf(a=f'#include "{path}";'))


def test_a_folder_that_is_included_is_read_in_its_order() -> None:
    name = "APT::Periodic::Unattended-Upgrade"
    main = f'> /etc/apt/apt.conf\n {name} "0";\n #include "/etc/apt/apt.conf.d/";\n'
    assert APT_CONF.parse(f'{main}{conf(a=f"""{name} "1";""")}').unattended


def test_what_apt_itself_refuses_is_not_known() -> None:
    with pytest.raises(Unreadable):
        APT_CONF.parse(conf(a='{ "1"; };'))
