"""Telling: webhooks, mail, other services; and whom the server does not ask."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import socket

import pytest

from eden.base.errors import EdenError
from eden.observe.alerts import networks
from eden.observe.alerts.channels import Notice, NotTold, new_secret, tell, where
from eden.observe.alerts.interfaces import Channel, Email, Service, Webhook
from eden.observe.alerts.networks import PrivateAddress, is_public
from tests.observe.alerts.conftest import MailServer, WebServer

NOTICE = Notice(
    id="i1.opened", at=1_790_000_000, title="bank: crashes\nmany", text="The number is 3.\nÄ", body={"what": "opened"}
)


def told(channel: Channel, *, private: bool = True) -> str:
    """Why it was not told; empty when it was."""
    try:
        asyncio.run(tell(channel, NOTICE, private=private))
    except EdenError as error:
        return str(error)
    return ""


def test_a_webhook_is_signed(web: WebServer) -> None:
    secret = new_secret()
    assert told(Webhook(url=f"{web.address}/hook?a=1", secret=secret)) == ""
    [(path, headers, body)] = web.got
    assert path == "/hook?a=1" and json.loads(body) == {"what": "opened"}
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = hmac.new(key, b"i1.opened.1790000000." + body, hashlib.sha256).digest()
    assert headers["webhook-signature"] == "v1," + base64.b64encode(signed).decode()
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == ("i1.opened", "1790000000")


def test_a_webhook_that_fails(web: WebServer) -> None:
    web.answers = [500, 302]
    assert told(Webhook(url=web.address)) == "127.0.0.1 answered 500."
    assert told(Webhook(url=web.address)).startswith("127.0.0.1 answered 302.")
    # a redirect is not followed
    assert [path for path, _, _ in web.got] == ["/", "/"]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert told(Webhook(url=f"http://127.0.0.1:{port}")) == "127.0.0.1 cannot be reached: Connection refused."


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "[::1]",
        "localhost",
        "10.0.0.1",
        "169.254.169.254",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
        "127.1",
        "１２７.0.0.1",
        "127。0。0。1",
    ],
)
def test_private_networks_are_not_asked(web: WebServer, host: str) -> None:
    port = web.server_address[1]
    said = told(Webhook(url=f"http://{host}:{port}/"), private=False)
    assert "private network" in said or "cannot be reached" in said
    assert web.got == []


def test_private_networks_are_not_asked_for_mail_or_services(mail: MailServer, web: WebServer) -> None:
    said = told(Email(server=mail.address, sender="e@x.example", to=("a@x.example",)), private=False)
    assert "private network" in said and mail.got == []
    port = web.server_address[1]
    for host in ("127.0.0.1", "localhost"):
        said = told(Service(url=f"json://{host}:{port}"), private=False)
        assert "private network" in said and web.got == [], host


def test_a_service_that_leads_to_a_neighbour_is_not_followed(web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A public machine answers with a redirect to one that only the server can reach."""
    public = iter([True])
    monkeypatch.setattr(networks, "is_public", lambda address: next(public, False))
    web.answers = [302]
    said = told(Service(url=web.address.replace("http", "json")), private=False)
    assert "private network" in said and [path for path, _, _ in web.got] == ["/"]


def test_a_name_that_means_another_machine_a_moment_later(mail: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """What counts is the address that is connected to."""
    look_up = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **more: look_up("127.0.0.1", *rest, **more))
    asked = Email(server=mail.address.replace("127.0.0.1", "mail.example"), sender="e@x.example", to=("a@x.example",))
    assert "private network" in told(asked, private=False) and mail.got == []
    # what is kept from its neighbours is this one notice
    assert told(asked) == "" and len(mail.got) == 1


@pytest.mark.parametrize(
    ("address", "public"),
    [("8.8.8.8", True), ("2606:4700::1111", True), ("192.168.1.1", False), ("fe80::1", False), ("100.64.0.1", False),
     ("::ffff:10.0.0.1", False), ("2002:7f00:1::", False), ("224.0.0.1", False), ("name", False)],
)  # fmt: skip
def test_public_addresses(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_a_mail(mail: MailServer) -> None:
    channel = Email(server=mail.address, sender="eden@x.example", to=("a@x.example", "b@x.example"))
    assert told(channel) == ""
    [(sender, recipients, text)] = mail.got
    assert sender == "eden@x.example" and recipients == ["a@x.example", "b@x.example"]
    assert "Subject: bank: crashes many\r\n" in text and "Message-ID: <i1.opened@x.example>" in text
    assert "The number is 3." in text


def test_a_mail_that_is_not_taken(mail: MailServer) -> None:
    refused = told(Email(server=mail.address, sender="eden@x.example", to=("nobody@x.example",)))
    assert "does not take mail for nobody@x.example" in refused
    secret = mail.address.replace("smtp://", "smtp://u:secret@")
    said = told(Email(server=secret, sender="eden@x.example", to=("a@x.example",)))
    # a password is not sent where everybody can read it
    assert "offers no encryption" in said and "secret" not in said and mail.got == []


def test_a_service_of_apprise(web: WebServer) -> None:
    assert told(Service(url=web.address.replace("http", "json"))) == ""
    [(_, _, body)] = web.got
    assert json.loads(body)["title"].startswith("bank: crashes") and "The number is 3." in json.loads(body)["message"]
    web.answers = [500]
    assert "did not take the notice" in told(Service(url=web.address.replace("http", "json")))


@pytest.mark.parametrize(
    "url", ["unknown://x", "syslog://", "syslog://local0", "blink1://", "dbus://", "gio://", "file:///tmp/x"]
)
def test_services_that_are_not_told(url: str) -> None:
    with pytest.raises(NotTold):
        asyncio.run(tell(Service(url=url), NOTICE, private=True))


def test_what_people_see() -> None:
    """Never what opens a channel."""
    assert where(Webhook(url="https://u:p@hooks.example.com/secret?token=x")) == "hooks.example.com"
    assert where(Service(url="slack://a/b/c")) == "slack://…"
    assert where(Email(server="smtp://u:p@h", sender="a@x.example", to=("b@x.example",))) == "b@x.example"


def test_a_private_address_says_what_to_do() -> None:
    assert "observe.private_addresses" in str(PrivateAddress("h"))
