"""sshd's drop-in: only where it takes effect, and never where it shuts out all."""

import pytest

from tests.examples import NODE, facts_of
from tests.test_plan import report
from zmward.change import SetAttr, WriteFile
from zmward.control import Status, fails
from zmward.controls.registry import controls
from zmward.controls.shapes.sshd_drop_in import PATH
from zmward.controls.shapes.unittext import unit_text
from zmward.finding import Finding, judge
from zmward.plan import plan
from zmward.sources.recent_ssh import SshLogins

INCLUDE = "> /etc/ssh/sshd_config\n Include /etc/ssh/sshd_config.d/*.conf\n"
LOGIN = "path 0 700\npath 0 700\npath 0 600\nkey ssh-ed25519\n"
ROOT = f"user root 0 /bin/bash -\n{LOGIN}end\n"
OPEN = {
    "permitrootlogin": "yes",
    "passwordauthentication": "yes",
    "kbdinteractiveauthentication": "no",
    "gssapiauthentication": "yes",
}
METHODS = "AuthenticationMethods"
NAMES = ("ssh-root-needs-key", "ssh-without-passwords", "ssh-without-gssapi")


def raw(**texts: str) -> dict[str, str]:
    return {
        "sshd-files": f"{INCLUDE} PermitRootLogin yes\n",
        "own-files": "end\n",
        "key-logins": ROOT,
        "units": unit_text("ssh"),
        **{name.replace("_", "-"): text for name, text in texts.items()},
    }


def found(name: str, texts: dict[str, str], **options: str) -> Finding:
    example = fails(sshd={**OPEN, **options}, raw=texts)
    finding = judge(controls()[name], facts_of(example))
    assert finding.status is Status.FAIL
    return finding


def cure(finding: Finding) -> WriteFile:
    (deviation,) = finding.deviations
    assert isinstance(deviation.cure, WriteFile), deviation.no_cure
    return deviation.cure


def reason(finding: Finding) -> str:
    (deviation,) = finding.deviations
    assert deviation.cure is None
    return deviation.no_cure


def test_three_controls_write_one_file() -> None:
    findings = [found(name, raw()) for name in NAMES]
    planned = plan(report(*findings), only=NAMES)
    (step,) = planned.steps
    assert step.controls == tuple(sorted(NAMES))
    assert step.effort == "decision"
    assert isinstance(step.change, WriteFile)
    assert step.change.after is not None
    assert step.change.after.text.splitlines()[1:] == [
        "PermitRootLogin prohibit-password",
        "GSSAPIAuthentication no",
        "PasswordAuthentication no",
    ]
    assert step.change.validator == "sshd"
    assert step.change.reloads == ("ssh.service",)


def test_it_is_planned_by_name_only() -> None:
    findings = [found(name, raw()) for name in NAMES]
    planned = plan(report(*findings))
    assert not planned.steps
    assert all("plan it by name" in left.reason for left in planned.left)


def test_an_older_line_of_ours_is_replaced_and_others_stay() -> None:
    old = " # ours\n PasswordAuthentication yes\n X11Forwarding no\n $\nend\n"
    head = f"> 600 root root regular file|{PATH}\n"
    after = cure(found(NAMES[1], raw(own_files=head + old))).after
    assert after is not None
    assert after.text == "# ours\nX11Forwarding no\nPasswordAuthentication no\n"
    assert after.mode == 0o600


def test_an_older_sshd_is_told_by_both_names() -> None:
    options = {
        "kbdinteractiveauthentication": "yes",
        "challengeresponseauthentication": "yes",
    }
    after = cure(found(NAMES[1], raw(), **options)).after
    assert after is not None
    assert "KbdInteractiveAuthentication no\n" in after.text
    assert "ChallengeResponseAuthentication no\n" in after.text


def test_red_hats_unit_is_reloaded_there() -> None:
    assert cure(found(NAMES[0], raw(units=unit_text("sshd")))).reloads == (
        "sshd.service",
    )


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ("> /etc/ssh/sshd_config\n UsePAM yes\n", "does not include"),
        (
            f"> /etc/ssh/sshd_config\n PasswordAuthentication yes\n{INCLUDE[23:]}",
            "/etc/ssh/sshd_config:1",
        ),
        (
            f"{INCLUDE}> {PATH[:-14]}00-first.conf\n passwordauthentication yes\n",
            "00-first.conf:1",
        ),
        (
            f"{INCLUDE} Match User backup\n PasswordAuthentication yes\n",
            "Match User backup",
        ),
        (f"{INCLUDE} Include /etc/ssh/site/*.conf\n", "/etc/ssh/site/*.conf"),
        # Key and code: without the second, these logins would have no way left.
        (
            f"{INCLUDE} Match Group anna\n {METHODS} publickey,password:pam\n",
            "would let nobody in",
        ),
        (
            f"{INCLUDE}> {PATH}\n Match User anna\n X11Forwarding no\n",
            "move that block",
        ),
    ],
)
def test_it_is_not_written_where_it_would_not_be_in_force(
    files: str, words: str
) -> None:
    assert words in reason(found(NAMES[1], raw(sshd_files=files)))


def test_a_way_that_is_left_is_enough() -> None:
    ways = f" Match Group anna\n {METHODS} publickey,password publickey\n"
    assert cure(found(NAMES[1], raw(sshd_files=f"{INCLUDE}{ways}")))


@pytest.mark.parametrize(
    ("keys", "options"),
    [
        ("user root 0 /bin/bash -\nend\n", {}),
        (ROOT.replace("key ssh", 'key command="x" ssh'), {}),
        (ROOT, {"permitrootlogin": "no"}),
        (ROOT, {"pubkeyauthentication": "no"}),
        (ROOT, {"authorizedkeysfile": "/etc/ssh/keys/%u"}),
        (ROOT, {"authorizedkeysfile": "/home/%u/.ssh/authorized_keys"}),
        (ROOT, {"allowusers": "anna"}),
        (ROOT, {"denyusers": "ro*"}),
        (ROOT, {"allowgroups": "ssh-users"}),
        (
            f"user anna 1000 /bin/bash sudo\n{LOGIN.replace('th 0 6', 'th 9 6')}end\n",
            {},
        ),
    ],
)
def test_nobody_is_shut_out(keys: str, options: dict[str, str]) -> None:
    text = reason(found(NAMES[1], raw(key_logins=keys), **options))
    assert "Nobody who administers" in text


def test_a_list_that_lets_root_in_from_some_network_lets_it_in() -> None:
    assert cure(found(NAMES[1], raw(), allowusers="root@192.0.2.* zimbra"))


def test_an_account_with_sudo_is_enough() -> None:
    anna = "user anna 1000 /bin/bash sudo\n" + LOGIN.replace("path 0", "path 1000")
    texts = raw(key_logins=f"user root 0 /bin/bash -\n{anna}end\n")
    assert cure(found(NAMES[1], texts, permitrootlogin="no"))


@pytest.mark.parametrize("source", ["sshd-files", "own-files", "key-logins", "units"])
def test_what_was_not_asked_is_no_ground_for_writing(source: str) -> None:
    texts = {name: text for name, text in raw().items() if name != source}
    assert "not collected" in reason(found(NAMES[0], texts))


def test_a_link_in_its_place_is_left_alone() -> None:
    link = f"> 777 root root symbolic link|{PATH}\nend\n"
    assert "symbolic link" in reason(found(NAMES[0], raw(own_files=link)))


def test_who_logs_in_with_a_password_is_named() -> None:
    logins = SshLogins(
        9,
        {
            "password": {"anna from 203.0.113.45": 4, "root from 192.0.2.5": 2},
            "publickey": {"root from 192.0.2.6": 5},
        },
    )
    example = fails(sshd=OPEN, raw=raw(), recent_ssh=logins)
    facts = facts_of(example)
    for name, names in (
        (NAMES[1], ("anna from 203.0.113.45: 4", "root from 192.0.2.5: 2")),
        (NAMES[0], ("root from 192.0.2.5: 2",)),
    ):
        finding = judge(controls()[name], facts)
        (step,) = plan(report(finding), only=[name], facts=facts).steps
        (row,) = step.hurts
        assert row.names == names
        assert row.count == len(names)
        assert row.days == 9


@pytest.mark.parametrize("address", ["[::]:2200", "192.0.2.10:2200"])
def test_the_port_of_an_address_counts_before_the_common_one(address: str) -> None:
    options = {"port": "22", "listenaddress": address}
    (cure,) = (
        d.cure
        for d in judge(
            controls()["ssh-lets-zimbra-in"],
            facts_of(fails(sshd=options, config={})),
        ).deviations
    )
    assert isinstance(cure, SetAttr)
    assert cure.after == ("2200",)


def test_zimbra_is_told_the_port_on_which_sshd_listens() -> None:
    example = fails(sshd={"port": "2222"}, config={})
    finding = judge(controls()["ssh-lets-zimbra-in"], facts_of(example))
    assert [deviation.cure for deviation in finding.deviations] == [
        SetAttr(f"server:{NODE}", "zimbraRemoteManagementPort", None, ("2222",))
    ]


def test_a_list_that_leaves_zimbra_out_is_named_by_its_place() -> None:
    texts = {"sshd-files": "> /etc/ssh/sshd_config\n AllowUsers root\n"}
    example = fails(sshd={"allowusers": "root"}, config={}, raw=texts)
    finding = judge(controls()["ssh-lets-zimbra-in"], facts_of(example))
    assert "/etc/ssh/sshd_config:1" in reason(finding)
