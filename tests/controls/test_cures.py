"""Cures that one example cannot show: several nodes, links, long lists."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.examples import NODE, evidence_of, judged
from zmward.change import (
    Change,
    InstallPackage,
    Mode,
    SetCrontab,
    SetMode,
    SetParameter,
    WriteFile,
)
from zmward.control import Example, Status
from zmward.controls.registry import controls
from zmward.evidence import Evidence, Parsed
from zmward.finding import Finding
from zmward.guards import objection
from zmward.sources.expiry_notifier import Notifier
from zmward.sources.localconfig import Localconfig
from zmward.sources.own_files import OwnFile, OwnFiles
from zmward.sources.source import Status as Row
from zmward.sources.tls_keys import PrivateKey

TWO = "two.example.com"
KEY = "AAAAB3NzaC1yc2EAAAADAQABAAABAQC7"
KEYS = "/opt/zimbra/.ssh/authorized_keys"
FORCED = f'command="/opt/zimbra/libexec/zmrcd" ssh-rsa {KEY} a\n'


def found(name: str, **given: Any) -> Finding:
    example = Example(Status.FAIL, given)
    return judged(controls()[name], example, evidence_of(example))


def cures(finding: Finding) -> list[Change]:
    made = [d.cure for d in finding.deviations if d.cure is not None]
    assert not [text for cure in made if (text := objection(cure))]
    return made


def row(mode: int, owner: str = "zimbra", kind: str = "regular file") -> Row:
    return Row(mode, owner, owner, 1, 1, kind)


def secrets(**more: Row) -> Mapping[str, Row]:
    main = "/opt/zimbra/conf/localconfig.xml"
    return {"/": row(0o755, "root", "directory"), main: row(0o644), **more}


def test_a_mode_loses_bits_and_keeps_its_owners() -> None:
    (cure,) = cures(found("zimbra-secrets-private", file_modes=secrets()))
    assert isinstance(cure, SetMode)
    assert cure.after == Mode(0o640, cure.before.owner, cure.before.group)


def test_two_controls_wish_the_same_mode_for_a_key() -> None:
    key = "/opt/zimbra/conf/nginx.key"
    modes = {**secrets(), key: row(0o666)}
    one = cures(found("zimbra-secrets-private", file_modes=modes))
    keys = {key: PrivateKey(0o666, "zimbra", "zimbra", "11")}
    two = cures(found("private-keys-private", file_modes=modes, tls_keys=keys))
    assert [c for c in one if getattr(c, "path", "") == key] == two


def test_no_mode_is_set_where_the_home_of_zimbra_is_a_link() -> None:
    link = {"/opt/zimbra": row(0o777, "root", "symbolic link")}
    finding = found("zimbra-secrets-private", file_modes={**secrets(), **link})
    assert finding.status is Status.FAIL
    assert not cures(finding)


def test_no_foreign_owner_is_replaced() -> None:
    theirs = {"/opt/zimbra/conf/localconfig.xml": row(0o600, "www-data")}
    finding = found("zimbra-secrets-private", file_modes={**secrets(), **theirs})
    (deviation,) = finding.deviations
    assert deviation.cure is None
    assert "belongs to somebody else" in deviation.no_cure


def test_programs_of_another_owner_never_become_roots() -> None:
    home = {"/opt/zimbra": row(0o755, "root", "directory")}
    program = {"/opt/zimbra/libexec/zmqstat": row(0o4755)}
    finding = found("zimbra-code-owned-by-root", file_modes={**home, **program})
    assert finding.status is Status.FAIL
    assert not cures(finding)


def test_of_a_thousand_open_files_a_bounded_number_is_repaired() -> None:
    keys = {f"/opt/zimbra/conf/{n}.key": row(0o644) for n in range(1000)}
    finding = found("zimbra-secrets-private", file_modes={**secrets(), **keys})
    assert len(cures(finding)) == 20
    (rest,) = [d for d in finding.deviations if d.cure is None]
    assert "/opt/zimbra/conf/999.key" in rest.found


@pytest.mark.parametrize(
    ("system", "version", "package"),
    [("debian", "12", "pax"), ("rhel", "9.4", "spax"), ("rhel", "7.9", None)],
)
def test_pax_is_the_package_of_the_system(
    system: str, version: str, package: str | None
) -> None:
    from zmward.sources.osrelease import OsRelease  # noqa: PLC0415  # here alone

    finding = found(
        "pax-for-amavis",
        amavis_pax=(),
        os_release=OsRelease(system, version),
        packages={"zimbra-mta": "10.1"},
    )
    made = [c.package for c in cures(finding) if isinstance(c, InstallPackage)]
    assert made == [package] if package else not made


def test_amavis_is_restarted_once_pax_is_there() -> None:
    assert InstallPackage(NODE, "pax", "apt").restarts() == ("antispam",)
    assert InstallPackage(NODE, "chrony", "apt").restarts() == ()


def test_what_main_cf_says_itself_comes_back_and_the_default_is_known() -> None:
    name = "smtpd_forbid_bare_newline"
    given = {"postconf": {name: "no", "mail_version": "3.7.11"}}
    (fresh,) = cures(
        found("mta-refuses-smuggled-mail", **given, postconf_own={"a": ""})
    )
    (own,) = cures(
        found("mta-refuses-smuggled-mail", **given, postconf_own={name: "no"})
    )
    assert isinstance(fresh, SetParameter)
    assert isinstance(own, SetParameter)
    assert fresh.inverse().commands() == (("postconf", "-X", name),)
    assert own.inverse().commands() == (("postconf", "-e", f"{name}=no"),)
    assert fresh.builtin == "no"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mynetworks", "0.0.0.0/0"),
        ("alias_maps", "x"),
        ("smtpd_forbid_bare_newline", ""),
    ],
)
def test_parameters_of_zmconfigd_and_strange_ones_are_refused(
    name: str, value: str
) -> None:
    assert objection(SetParameter(NODE, name, None, value, ""))


def _two_nodes(
    other: Mapping[str, str], *, here: str = f"ldap://{NODE}", role: str = "mailbox"
) -> Evidence:
    control = controls()["ldap-demands-tls"]
    given = {
        "localconfig": {"ldap_url": here, "ldap_starttls_supported": "1", **SECURE},
        "servers": {TWO: {"zimbraServiceEnabled": (role,)}},
    }
    evidence = evidence_of(Example(Status.FAIL, given))
    assert control.check.cures
    theirs = {"localconfig": Parsed(Localconfig(dict(other)))}
    return Evidence(evidence.when, {**evidence.answers, TWO: theirs})


SECURE = {"zimbra_require_interprocess_security": "1"}
URL = {"ldap_url": f"ldap://{NODE}", "ldap_starttls_supported": "1"}


@pytest.mark.parametrize(
    ("other", "cured"),
    [
        (URL, True),
        ({"ldap_url": f"ldaps://{NODE}"}, True),
        ({**URL, "ldap_starttls_supported": "0"}, False),
        # Java asks in clear text then, whatever the other keys say.
        ({**URL, "zimbra_require_interprocess_security": "0"}, False),
        # Only the socket is exempt, loopback is not.
        ({"ldap_url": "ldap://127.0.0.1", "ldap_starttls_supported": "0"}, False),
        ({}, False),
    ],
)
def test_the_directory_demands_tls_only_when_every_node_speaks_it(
    other: Mapping[str, str], *, cured: bool
) -> None:
    control = controls()["ldap-demands-tls"]
    finding = judged(control, Example(Status.FAIL, {}), _two_nodes(other))
    assert bool(cures(finding)) is cured
    if not cured:
        assert any(TWO in deviation.no_cure for deviation in finding.deviations)


def test_directories_that_copy_from_each_other_are_left_to_a_person() -> None:
    control = controls()["ldap-demands-tls"]
    evidence = _two_nodes(URL, role="ldap")
    finding = judged(control, Example(Status.FAIL, {}), evidence)
    assert not cures(finding)
    assert any("olcSyncrepl" in deviation.no_cure for deviation in finding.deviations)


def test_foreign_keys_go_and_servers_keys_are_held_to_their_command() -> None:
    text = f"# ours\nssh-ed25519 AAAAC3 me@home\nssh-rsa {KEY} a\n"
    finding = found(
        "zimbra-logins-by-own-keys",
        server={"zimbraSshPublicKey": f"ssh-rsa {KEY} a"},
        raw={"authorized-keys": text},
        own_files=OwnFiles({KEYS: OwnFile(text, 0o600, "zimbra", "zimbra")}),
    )
    one, two = cures(finding)
    assert one == two
    assert isinstance(one, WriteFile)
    assert one.after is not None
    assert one.after.text == f"# ours\n{FORCED}"
    assert one.after.mode == 0o600


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ('from="192.0.2.0/24",no-pty ', ',from="192.0.2.0/24",no-pty'),
        (
            'from="192.0.2.0/24",command="/bin/sh",no-pty ',
            ',from="192.0.2.0/24",no-pty',
        ),
        ('command="echo \\"a,b\\"" ', ""),
    ],
)
def test_what_else_holds_a_servers_key_stays(options: str, kept: str) -> None:
    text = f"{options}ssh-rsa {KEY} a\n"
    finding = found(
        "zimbra-logins-by-own-keys",
        server={"zimbraSshPublicKey": f"ssh-rsa {KEY} a"},
        raw={"authorized-keys": text},
        own_files=OwnFiles({KEYS: OwnFile(text, 0o600, "zimbra", "zimbra")}),
    )
    (cure,) = cures(finding)
    assert isinstance(cure, WriteFile)
    assert cure.after is not None
    assert cure.after.text == FORCED.replace(" ssh-rsa", f"{kept} ssh-rsa", 1)


def test_keys_of_a_second_file_are_not_taken_for_those_of_the_first() -> None:
    finding = found(
        "zimbra-logins-by-own-keys",
        server={"zimbraSshPublicKey": f"ssh-rsa {KEY} a"},
        raw={"authorized-keys": f"ssh-ed25519 AAAAC3 me@home\n{FORCED}"},
        own_files=OwnFiles({KEYS: OwnFile(FORCED, 0o600, "zimbra", "zimbra")}),
    )
    assert finding.status is Status.FAIL
    assert not cures(finding)


def test_the_shipped_job_goes_to_the_end_of_zimbras_block() -> None:
    own = "# ZIMBRASTART\n40 2 * * * /opt/zimbra/libexec/zmcleantmp\n"
    text = f"{own}# ZIMBRAEND\n0 4 * * * /usr/local/bin/backup\n"
    head = (
        "# DO NOT EDIT THIS FILE - edit the master and reinstall.\n"
        "# (- installed on Sat Nov 21 12:00:00 2026)\n# (Cron version -- $Id$)\n"
    )
    lines = "".join(f" {line}\n" for line in f"{head}{text}".splitlines())
    finding = found(
        "certificate-expiry-is-told",
        localconfig={"smtp_destination": "a@example.com"},
        expiry_notifier=Notifier((), program=True, mailers=("/usr/share/perl5",)),
        raw={"crontab-zimbra": f"> /var/spool/cron/crontabs/zimbra\n{lines}"},
    )
    (cure,) = cures(finding)
    assert isinstance(cure, SetCrontab)
    assert cure.before == text
    job = "0 0 1 * * /opt/zimbra/libexec/zmcheckexpiredcerts -days 30 -email\n"
    assert cure.after == text.replace("# ZIMBRAEND", f"{job}# ZIMBRAEND")


def test_a_table_with_a_masked_password_is_never_written() -> None:
    text = "# ZIMBRASTART\n1 2 * * * /opt/zimbra/x --password=zmward:secret:set\n"
    lines = "".join(f" {line}\n" for line in f"{text}# ZIMBRAEND\n".splitlines())
    finding = found(
        "certificate-expiry-is-told",
        localconfig={"smtp_destination": "a@example.com"},
        expiry_notifier=Notifier((), program=True, mailers=("/usr/share/perl5",)),
        raw={"crontab-zimbra": f"> /var/spool/cron/crontabs/zimbra\n{lines}"},
    )
    assert finding.status is Status.FAIL
    assert not cures(finding)
