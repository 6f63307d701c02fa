"""What is collected of an app and how long it is kept; the keys that senders use; how much comes, and what could not
be stored."""

from __future__ import annotations

from typing import Any, cast, get_args
from urllib.parse import urlsplit

import msgspec
from litestar import Response, get, post
from msgspec.inspect import IntType, StructType, type_info

from eden.base.api.access import needs
from eden.base.api.handlers import FromPath
from eden.base.problems import Problem
from eden.console.forms import Form
from eden.console.plots import Plot, Series
from eden.observe.app_settings import RETENTION, AppSettings, Consent, Kind
from eden.observe.apps import HOUR, WriteKey
from eden.observe.interfaces import QuarantinedRow
from eden.observe.pages.desk import Desk, TheDesk
from eden.observe.pages.kit import APP, LARGEST_FORM
from eden.observe.privacy import BUILT_IN

KINDS: tuple[Kind, ...] = get_args(Kind)
CONSENTS: tuple[Consent, ...] = get_args(Consent)
#: hours of the plot of usage
_HOURS = 7 * 24
_QUARANTINED = 20
#: numbers of what is sent and taken: the least and the most
_AMOUNTS: dict[str, tuple[int, int]] = {
    field.name: (field.type.ge or 0, field.type.le or 0)
    for field in cast(StructType, type_info(AppSettings)).fields
    if isinstance(field.type, IntType)
}


@get(f"{APP}/settings", opt=needs("observe.read"))
async def show_settings(desk: TheDesk) -> Response[bytes]:
    """Everything that can be set."""
    return await _page(desk, desk.app.settings, [])


@post(f"{APP}/settings", opt=needs("observe.write"), request_max_body_size=LARGEST_FORM)
async def change_settings(desk: TheDesk) -> Response[bytes]:
    """Change what is collected."""
    form = await desk.form()
    settings = desk.app.settings
    try:
        settings = read_settings(form, settings)
        await desk.observe.apps.set(*desk.caller, desk.app.key, settings, revision=form.number("revision"))
    except Problem as problem:
        if problem.code not in ("invalid", "conflict"):
            raise
        errors = [
            (name.partition("[")[0], desk.told(Problem("invalid", sentence))) for name, sentence in problem.errors
        ]
        return await _page(desk.at("settings"), settings, errors or [("", desk.told(problem))], form)
    return desk.went("settings", desk.t("observe.settings.saved"))


@post(f"{APP}/keys", opt=needs("observe.write"), request_max_body_size=LARGEST_FORM)
async def create_key(desk: TheDesk) -> Response[bytes]:
    """One more write key."""
    form = await desk.form()
    try:
        made = await desk.observe.apps.create_key(*desk.caller, desk.app.key, form.one("label"))
    except Problem as problem:
        if problem.code != "invalid":
            raise
        return desk.went("settings", desk.told(problem), "bad")
    return desk.went("settings#keys", desk.t("observe.settings.key-made", label=made.label))


@post(f"{APP}/keys/{{write_key:str}}/disable", opt=needs("observe.write"), request_max_body_size=LARGEST_FORM)
async def disable_key(desk: TheDesk, write_key: FromPath[str]) -> Response[bytes]:
    """Take no more from a key."""
    disabled = await desk.observe.apps.disable_key(*desk.caller, desk.app.key, write_key)
    return desk.went("settings#keys", desk.t("observe.settings.key-disabled", label=disabled.label))


def read_settings(form: Form, before: AppSettings) -> AppSettings:
    """The settings that a form has, by the API's own rules; what it has no fields for stays. Problem `invalid` with the
    fields."""
    kinds = {
        kind: {"on": form.on(f"on-{kind}"), "per_mille": _whole(form, f"per-mille-{kind}", 1000)} for kind in KINDS
    }
    bounds = {f"per-mille-{kind}": (kinds[kind]["per_mille"], 0, 1000) for kind in KINDS}
    days = {table: _whole(form, f"days-{table}", usual) for table, usual in RETENTION.items()}
    bounds |= {f"days-{table}": (found, 1, 3650) for table, found in days.items()}
    amounts = {name: _whole(form, name, getattr(before, name)) for name in _AMOUNTS}
    bounds |= {name: (found, *_AMOUNTS[name]) for name, found in amounts.items()}
    if errors := [
        (name, f"A whole number from {low} to {high:,}.")
        for name, (found, low, high) in bounds.items()
        if not low <= found <= high
    ]:
        raise Problem("invalid", "Some numbers cannot be used.", errors=errors)
    given = msgspec.to_builtins(before) | {
        **amounts,
        "kinds": {kind: sample for kind, sample in kinds.items() if sample != {"on": True, "per_mille": 1000}},
        "consent": form.one("consent"),
        "tap_text": form.on("tap_text"),
        "mask": [name for name in BUILT_IN if name in form.all("mask")],
        "masks": [line.strip() for line in form.one("masks").splitlines() if line.strip()],
        "retention": {table: found for table, found in days.items() if found != RETENTION[table]},
    }
    try:
        return msgspec.convert(given, AppSettings)
    except msgspec.ValidationError as error:
        sentence, _, place = str(error).partition(" - at `$.")
        raise Problem(
            "invalid", f"{sentence}.", errors=[(place.rstrip("`").partition("[")[0], f"{sentence}.")]
        ) from None


def _whole(form: Form, name: str, usual: int) -> int:
    """A whole number; −1, which no rule permits, for what is none."""
    return usual if not form.one(name) else form.number(name)


async def _page(
    desk: Desk, settings: AppSettings, errors: list[tuple[str, str]], form: Form | None = None
) -> Response[bytes]:
    apps = desk.observe.apps
    keys = await apps.keys(*desk.caller, desk.app.key)
    return desk.page(
        "observe/analysis-settings.html",
        status=422 if errors else 200,
        tab="settings",
        timed=False,
        settings=settings,
        errors=errors,
        wrong=dict(reversed(errors)),
        typed=form,
        samples=[(kind, settings.sample(kind)) for kind in KINDS],
        consents=CONSENTS,
        patterns=BUILT_IN,
        retention=[(table, settings.days(table), usual) for table, usual in RETENTION.items()],
        keys=[(key, addresses(desk, key)) for key in keys],
        usage=await _usage(desk),
        quarantined=await _quarantined(desk),
        installed=desk.observe.insight.is_installed,
    )


def addresses(desk: Desk, key: WriteKey) -> list[tuple[str, str]]:
    """What each kind of sender is told, ready to be copied."""
    base = (desk.observe.ground.settings.public_url or str(desk.request.base_url)).rstrip("/")
    parts = urlsplit(base)
    number = desk.app.number
    return [
        ("sentry", f"{parts.scheme}://{key.key}@{parts.netloc}{parts.path}/observe/sentry/{number}"),
        ("posthog", f"{base}/observe/posthog"),
        ("otlp", f"{base}/observe/otlp"),
        ("eden", f"{base}/observe/v1/batch"),
    ]


async def _usage(desk: Desk) -> Plot | None:
    """Records taken and refused, hour by hour."""
    end = desk.now // HOUR * HOUR
    hours = [end - HOUR * back for back in range(_HOURS - 1, -1, -1)]
    found = {one.hour: one for one in await desk.observe.apps.usage(*desk.caller, desk.app.key, hours[0])}
    if not found:
        return None
    accepted = [found[hour].accepted if hour in found else 0 for hour in hours]
    refused = [found[hour].refused if hour in found else 0 for hour in hours]
    return Plot(
        id="usage",
        title=desk.t("observe.settings.usage-plot"),
        summary=desk.t(
            "observe.settings.usage-sum", count=sum(accepted), bytes=sum(one.bytes for one in found.values())
        ),
        x=hours,
        x_title=desk.t("observe.draw.hour"),
        series=[
            Series(desk.t("observe.settings.accepted"), accepted, "bar"),
            Series(desk.t("observe.settings.refused"), refused, "bar"),
        ],
        stacked=True,
    )


async def _quarantined(desk: Desk) -> list[QuarantinedRow] | None:
    """What could not be stored; None while the events store does not say."""
    try:
        return await desk.observe.quarantine(*desk.caller, desk.app.key, limit=_QUARANTINED)
    except Problem as problem:
        if problem.code != "insight-unavailable":
            raise
        return None


HANDLERS: tuple[Any, ...] = (show_settings, change_settings, create_key, disable_key)
