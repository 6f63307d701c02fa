"""What all of Sentry's items have in common: who, with which version, on which device.

Events have contexts (develop.sentry.dev, "Contexts Interface"); logs, metrics and spans of the second protocol have
attributes ("Attributes": {"value": …, "type": …}) with the same things under other names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import msgspec

from eden.observe.digest.foreign import Clock, mapping, text, version_of
from eden.observe.digest.sentry_envelope import Envelope, Item
from eden.observe.interfaces import Accepted

if TYPE_CHECKING:
    from eden.observe.digest.digest import About

decode_json = msgspec.json.Decoder().decode
_PLATFORMS = ("android", "ios", "harmony")
_SCRIPTS = frozenset({"javascript", "web", "browser"})


class Sent(NamedTuple):
    """An envelope on its way into rows. `files`: names of those in it; `minidump`: one is a crash of native code."""

    batch: Accepted
    envelope: Envelope
    clock: Clock
    about: About
    files: list[str]
    minidump: bool

    def payload(self, item: Item) -> bytes:
        return self.batch.body[item.start : item.end]

    def object(self, item: Item) -> dict[str, Any]:
        """The payload's JSON object. Raises ValueError."""
        data = decode_json(memoryview(self.batch.body)[item.start : item.end])
        if not isinstance(data, dict):
            raise ValueError("the payload is not a JSON object")
        return data

    def fields(self, **more: Any) -> dict[str, Any]:
        """What every row of the envelope has."""
        return {
            "app": self.batch.app,
            "received": round(self.clock.received, 3),
            "source": "sentry",
            **more,
        }

    def event_id(self, event: dict[str, Any]) -> str:
        """The envelope's wins over the payload's."""
        return (self.envelope.text("event_id") or text(event.get("event_id"))).replace("-", "").lower()[:64]


def attributes(value: object) -> dict[str, Any]:
    """Typed attributes as plain properties; those that are plain already stay."""
    found = {}
    for name, held in mapping(value).items():
        found[name] = held["value"] if isinstance(held, dict) and "value" in held else held
    return found


def take_attributes(props: dict[str, Any]) -> dict[str, Any]:
    """Fields of a row out of attributes; what is used is taken away."""
    fields: dict[str, Any] = {}

    def take(field: str, *names: str) -> None:
        for name in names:
            if value := text(props.get(name)):
                fields[field] = value
                del props[name]
                return

    take("person", "user.id")
    take("device", "device.id", "app.installation.id")
    take("session", "session.id", "sentry.session.id")
    take("model", "device.model")
    take("channel", "sentry.environment")
    take("app_version", "app.version", "app.app_version")
    take("language", "culture.locale", "browser.language")
    take("country", "user.geo.country_code")
    take("city", "user.geo.city")
    take("network", "device.connection_type", "network.connection.type")
    take("page", "url.path", "screen.name")
    take("os", "os.name")
    if os_version := text(props.get("os.version")):
        fields["os"] = f"{fields.get('os', '')} {os_version}".strip()
        del props["os.version"]
    if release := text(props.pop("sentry.release", "")):
        fields["version"], fields["code"] = version_of(release)
    fields["platform"] = platform(
        fields.get("os", ""), text(props.get("sentry.platform")) or _language(text(props.get("sentry.sdk.name")))
    )
    if "device" in fields:
        fields.setdefault("person", fields["device"])
    return fields


def event_fields(event: dict[str, Any]) -> dict[str, Any]:
    """Fields of a row out of an event's or transaction's payload."""
    contexts, user = mapping(event.get("contexts")), mapping(event.get("user"))
    app, device, os = mapping(contexts.get("app")), mapping(contexts.get("device")), mapping(contexts.get("os"))
    geo, culture = mapping(user.get("geo")), mapping(contexts.get("culture"))
    version, code = version_of(text(event.get("release")))
    dist = text(event.get("dist"))
    if not code and dist.isdecimal() and len(dist) < 19:
        code = int(dist)
    device_id = (
        text(app.get("device_app_hash")) or text(device.get("device_unique_identifier")) or text(device.get("id"))
    )
    fields = {
        "person": text(user.get("id")) or text(user.get("username")) or device_id,
        "device": device_id,
        "platform": platform(text(os.get("name")), text(event.get("platform"))),
        "os": f"{text(os.get('name'))} {text(os.get('version'))}".strip(),
        "model": text(device.get("model")),
        "app_version": text(app.get("app_version")),
        "version": version,
        "code": code,
        "country": text(geo.get("country_code")),
        "city": text(geo.get("city")),
        "language": text(culture.get("locale")),
        "network": text(device.get("connection_type")),
        "channel": text(event.get("environment")),
        "page": page(event),
    }
    return {name: value for name, value in fields.items() if value}


def platform(os: str, language: str) -> str:
    """What a program runs on: the phone's system, the web, or, of what runs on no phone, the language."""
    system = os.lower()
    for name in _PLATFORMS:
        if system.startswith(name):
            return name
    if system.startswith(("ipados", "ios")):
        return "ios"
    return "web" if language.lower() in _SCRIPTS else language.lower()


def page(event: dict[str, Any]) -> str:
    """Path of the page: of the address without query, or what the client names."""
    url = text(mapping(event.get("request")).get("url"), 2000)
    if url:
        try:
            return urlsplit(url).path[:500] or "/"
        except ValueError:
            return ""
    return text(event.get("transaction"), 500)


def tags(value: object) -> dict[str, str]:
    """Tags, which may be an object or a list of pairs."""
    if isinstance(value, list):
        pairs = [pair for pair in value if isinstance(pair, list) and len(pair) == 2]
        return {text(name): text(held, 512) for name, held in pairs if text(name)}
    return {name: text(held, 512) or str(held)[:512] for name, held in mapping(value).items() if held is not None}


def _language(sdk: str) -> str:
    """The language in a client's name: "sentry.javascript.browser"."""
    parts = sdk.split(".")
    return parts[1] if len(parts) > 1 else ""
