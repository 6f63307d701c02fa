"""Telling: webhooks, mails, and every service that Apprise knows. A failure is an EdenError that people see."""

from __future__ import annotations

import asyncio
import base64
import secrets
import smtplib
import ssl
import warnings
from email.message import EmailMessage
from email.utils import formatdate
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec
from yarl import URL

from eden.base.errors import EdenError
from eden.observe.alerts.interfaces import Channel, Email, Service, Webhook
from eden.observe.alerts.networks import among_public

#: how Apprise writes addresses of what is on the machine that it runs on: its screen, its log, its lamp
_ON_THE_SERVER = "{schema}://"
#: seconds until a service that does not answer has failed
TIMEOUT = 15.0


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What is told. `body` is what webhooks get; `title` and `text` are for people. `id` is the same however often it
    is tried, `at` seconds."""

    id: str
    at: int
    title: str
    text: str
    body: dict[str, Any]


class NotTold(EdenError):
    """The channel did not take the notice."""

    def __init__(self, sentence: str, hint: str = "") -> None:
        super().__init__("not-told", sentence, hint)


def new_secret() -> str:
    """Of a webhook: `whsec_` and 32 bytes."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def where(channel: Channel) -> str:
    """What people see of a channel: never what opens it."""
    if isinstance(channel, Email):
        return ", ".join(channel.to)
    address = urlsplit(channel.url)
    return (address.hostname or "") if isinstance(channel, Webhook) else f"{address.scheme}://…"


def check(channel: Channel) -> None:
    """Raises NotTold where nothing can ever be told: what is written is no address, or one that is never told."""
    if isinstance(channel, Service):
        service_of(channel)
        return
    address = channel.url if isinstance(channel, Webhook) else channel.server
    try:
        parts = urlsplit(address)
        known = bool(URL(address).host and parts.hostname) and parts.port != 0
    except ValueError:
        known = False
    if not known:
        raise NotTold("This is no address of a server.", "Write it as in https://HOST:PORT/PATH.")


async def tell(channel: Channel, notice: Notice, *, private: bool) -> None:
    """`private`: whether machines on private networks may be told. Raises NotTold, PrivateAddress."""
    try:
        async with asyncio.timeout(2 * TIMEOUT):
            if isinstance(channel, Webhook):
                # a client of HTTP is a tenth of what a server loads: it waits until it is needed
                from eden.observe.alerts.webhooks import post

                await post(channel, notice, private=private)
            elif isinstance(channel, Email):
                await _email(channel, notice, private=private)
            else:
                await _service(channel, notice, private=private)
    except TimeoutError:
        raise NotTold(f"{where(channel)} does not answer.") from None


# mail


async def _email(channel: Email, notice: Notice, *, private: bool) -> None:
    host = urlsplit(channel.server).hostname or ""
    try:
        await among_public(partial(_send_mail, channel, notice), private=private)
    except smtplib.SMTPRecipientsRefused as error:
        raise NotTold(f"{host} does not take mail for {', '.join(error.recipients)}.") from error
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise NotTold(f"{host} does not take the mail: {error}.") from error


def _send_mail(channel: Email, notice: Notice) -> None:
    address = urlsplit(channel.server)
    host, secure = address.hostname or "", address.scheme == "smtps"
    message = EmailMessage()
    message["Subject"] = " ".join(notice.title.split())
    message["From"] = channel.sender
    message["To"] = ", ".join(channel.to)
    message["Date"] = formatdate(notice.at)
    message["Message-ID"] = f"<{notice.id}@{channel.sender.partition('@')[2]}>"
    # mail readers do not answer to it on holidays
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(notice.text)
    context = ssl.create_default_context()
    port = address.port or (465 if secure else 587)
    server: smtplib.SMTP
    if secure:
        server = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT, context=context)
    else:
        server = smtplib.SMTP(host, port, timeout=TIMEOUT)
    with server:
        if not secure:
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls(context=context)
            elif address.password:
                raise ValueError("it offers no encryption, and the password would cross the network readable")
        if address.username:
            server.login(unquote(address.username), unquote(address.password or ""))
        server.send_message(message)


# other services


async def _service(channel: Service, notice: Notice, *, private: bool) -> None:
    plugin = service_of(channel)
    tell_it = partial(plugin.notify, body=notice.text, title=notice.title)
    if not await among_public(tell_it, private=private):
        raise NotTold(f"{where(channel)} did not take the notice.", "Is the address right, and still valid?")


def service_of(channel: Service) -> Any:
    """Apprise's plug-in for an address. Raises NotTold: it is not installed, or knows no such address, or the address
    is of something on the server itself."""
    if find_spec("apprise") is None:
        raise NotTold("What tells other services is not installed.", "pip install 'eden-platform[observe]'")
    with warnings.catch_warnings():
        # its plug-ins are loaded when they are first asked for; what they import is their affair
        warnings.simplefilter("ignore")
        apprise = import_module("apprise")
        asset = apprise.AppriseAsset(plugin_paths=[], async_mode=False)
        plugin = apprise.Apprise.instantiate(channel.url, asset=asset, suppress_exceptions=True)
    if plugin is None:
        raise NotTold(f"Apprise does not know an address such as {where(channel)}.")
    if _ON_THE_SERVER in plugin.templates:
        raise NotTold(f"{where(channel)} is on the server itself, where nobody looks.")
    return plugin
