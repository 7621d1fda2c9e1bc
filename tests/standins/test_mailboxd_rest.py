"""An account's archive over REST: who gets it, and what `zmward` reads in it."""

import io
import json
import tarfile

import pytest
from tests.standins import mailboxd_twin as twin

from zmward.backups.account_archive import contents

ADMIN = 'xmlns="urn:zimbraAdmin"'
USER = "user1@example.test"
MAIL = b"Subject: a/b: caf\xc3\xa9\r\nFrom: joe@example.test\r\n\r\nbody\r\n"


def deliver(server: twin.Running, name: str = USER, count: int = 1) -> None:
    place = server.places.mail / "0" / name / "msg"
    place.mkdir(parents=True)
    for number in range(count):
        (place / f"{number:06}-aa.msg").write_bytes(MAIL)


def lent(server: twin.Running, name: str = USER, more: str = "") -> twin.Reply:
    who = server.store.get("account", "name", name).id
    body = (
        f"<DelegateAuthRequest {ADMIN}{more}>"
        f'<account by="id">{who}</account></DelegateAuthRequest>'
    )
    return server.soap(body, server.admin())


def fetched(
    server: twin.Running, token: str, name: str = USER, role: str = "admin"
) -> twin.Reply:
    cookie = "ZM_ADMIN_AUTH_TOKEN" if role == "admin" else "ZM_AUTH_TOKEN"
    headers = {"Cookie": f"{cookie}={token}"}
    return server.ask(role, f"/home/{name}/?fmt=tgz", headers=headers)


def state(server: twin.Running, status: str, name: str = USER) -> None:
    by = "name" if "@" in name else "adminName"
    account = server.store.get("account", by, name)
    server.store.modify(account, [("zimbraAccountStatus", status)])
    server.mailboxd.directory.flush("all")


class TestDelegation:
    def test_an_administrator_gets_a_token_and_the_audit_log_tells(
        self, server: twin.Running
    ) -> None:
        reply = lent(server, more=' duration="600"')
        assert "<lifetime>600000</lifetime>" in reply.text
        who = server.store.get("account", "name", USER).id
        line = f"cmd=DelegateAuth; accountId={who}; accountName={USER};\n"
        assert line in server.log("audit.log")

    def test_nobody_else_gets_one(self, server: twin.Running) -> None:
        body = f'<DelegateAuthRequest {ADMIN}><account by="id">x</account>'
        reply = server.soap(f"{body}</DelegateAuthRequest>", server.user())
        assert reply.code == "service.PERM_DENIED"

    def test_there_must_be_an_account(self, server: twin.Running) -> None:
        body = f'<DelegateAuthRequest {ADMIN}><account by="id">x</account>'
        reply = server.soap(f"{body}</DelegateAuthRequest>", server.admin())
        assert reply.code == "account.NO_SUCH_ACCOUNT"

    def test_it_lives_as_long_as_was_asked(self, server: twin.Running) -> None:
        token = twin.token_of(lent(server, more=' duration="600"'))
        server.clock.now += 599
        assert fetched(server, token).status == 200
        server.clock.now += 2
        assert fetched(server, token).status == 401

    def test_it_administers_nothing(self, server: twin.Running) -> None:
        token = twin.token_of(lent(server, "admin@example.test"))
        reply = server.soap(f"<GetAllConfigRequest {ADMIN}/>", token)
        assert reply.code == "service.PERM_DENIED"


class TestArchive:
    def test_zmward_reads_it_to_its_end(self, server: twin.Running) -> None:
        deliver(server, count=3)
        reply = fetched(server, twin.token_of(lent(server)))
        assert reply.header("Content-Type") == "application/x-compressed-tar"
        assert reply.header("Content-Length") is None
        found = contents(io.BytesIO(reply.content).read)
        assert found.counts == {"items": 18, "messages": 3}
        assert found.doubtful == ()

    def test_it_has_zimbras_layout(self, server: twin.Running) -> None:
        deliver(server)
        reply = fetched(server, twin.token_of(lent(server)))
        with tarfile.open(fileobj=io.BytesIO(reply.content)) as archive:
            names = archive.getnames()
            assert names[-2:] == [
                "Inbox/0000000257-a_b_ café.eml.meta",
                "Inbox/0000000257-a_b_ café.eml",
            ]
            assert "0000000002-Inbox.meta" in names
            assert "0000000002-Inbox" not in names
            (meta, mail) = (archive.extractfile(name) for name in names[-2:])
            assert meta
            assert mail
            assert mail.read() == MAIL
            row = json.loads(meta.read())
        assert (row["type"], row["size"], row["Path"]) == (
            5,
            len(MAIL),
            "/Inbox/a/b: café",
        )

    def test_a_folder_is_cut_after_five_hundred_items(
        self, server: twin.Running
    ) -> None:
        deliver(server, count=500)
        reply = fetched(server, twin.token_of(lent(server)))
        with tarfile.open(fileobj=io.BytesIO(reply.content)) as archive:
            assert archive.getnames()[-1].startswith("Inbox!1/0000000756-")

    def test_a_mailbox_without_mail_has_its_folders(self, server: twin.Running) -> None:
        reply = fetched(server, twin.token_of(lent(server)))
        assert contents(io.BytesIO(reply.content).read).counts == {"items": 15}

    def test_a_period_that_the_class_of_service_wants_refuses_all_of_it(
        self, server: twin.Running
    ) -> None:
        account = server.store.get("account", "name", USER)
        server.store.modify(account, [("zimbraExportMaxDays", "30")])
        token = twin.token_of(lent(server))
        assert fetched(server, token).status == 500


class TestWho:
    def test_everybody_gets_his_own(self, server: twin.Running) -> None:
        assert fetched(server, server.user(), role="mail").status == 200
        assert fetched(server, server.user(), "~", role="mail").status == 200

    def test_a_password_does_too(self, server: twin.Running) -> None:
        basic = "Basic dXNlcjFAZXhhbXBsZS50ZXN0OnVzZXItc2VjcmV0"
        path = f"/home/{USER}/?fmt=tgz"
        headers = {"Authorization": basic}
        assert server.ask("mail", path, headers=headers).status == 200
        assert server.ask("mail", path).status == 401

    @pytest.mark.parametrize("name", ["user2@example.test", "nobody@example.test"])
    def test_no_right_and_no_account_look_alike(
        self, server: twin.Running, name: str
    ) -> None:
        token = twin.token_of(lent(server))
        assert fetched(server, token, name).status == 404
        assert fetched(server, server.user(), name, role="mail").status == 404

    def test_an_administrators_own_token_is_good_for_all(
        self, server: twin.Running
    ) -> None:
        assert fetched(server, server.admin()).status == 200
        assert fetched(server, server.admin(), "nobody@example.test").status == 404

    def test_a_forged_token_is_no_token(self, server: twin.Running) -> None:
        token = twin.token_of(lent(server))
        assert fetched(server, token[:-2] + "00").status == 401

    @pytest.mark.parametrize(
        ("status", "wanted"), [("closed", 200), ("locked", 200), ("maintenance", 401)]
    )
    def test_only_maintenance_closes_an_account_to_administrators(
        self, server: twin.Running, status: str, wanted: int
    ) -> None:
        state(server, status)
        assert fetched(server, twin.token_of(lent(server))).status == wanted

    def test_what_a_locked_administrator_lent_is_worth_nothing(
        self, server: twin.Running
    ) -> None:
        token = twin.token_of(lent(server))
        assert fetched(server, token).status == 200
        state(server, "locked", "zimbra")
        assert fetched(server, token).status == 401
