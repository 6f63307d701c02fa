"""Pages of devices: who was here last, and what one device would get now, and why.

A device that was never seen is asked about like any other; and for each, "what if" changes what it says of itself.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Response, get

from eden.base.api.access import needs
from eden.base.api.handlers import QueryParameter, Service, ThePaging, TheWorkspace
from eden.base.targeting.words import words_for
from eden.release.device_views import Workspaces, WorkspaceView
from eden.release.interfaces import DecisionAction, DeviceContext, Message
from eden.release.pages.desk import Desk, TheDesk
from eden.release.pages.kit import HERE
from eden.release.pages.preview import device_words
from eden.release.pages.words import trace_tree
from eden.release.rules_decide import ReasonStep, explain_decision
from eden.release.rules_reasons import say
from eden.release.rules_views import DeviceView, container_of

#: devices of one user that a search shows
_FOUND = 50
#: programs whose decisions one page explains
_PROGRAMS = 10
_LONGEST = 256
_LONGEST_ID = 128

#: what a device says of itself, in the order of the form; tags are separated by commas
ATTRIBUTES = (
    "city", "device_model", "platform", "os_version", "app_version", "container_version", "network", "language",
    "channel", "tags", "user_id",
)  # fmt: skip

#: what a decision asks for → tone and icon of its pill
_ACTIONS = {
    DecisionAction.INSTALL: ("accent", "download"),
    DecisionAction.KEEP: ("neutral", "check"),
    DecisionAction.ROLLBACK: ("warning", "rollback"),
    DecisionAction.REMOVE: ("bad", "trash"),
}
#: what a step of an explanation says → how `ui.steps` marks it
_FOR = frozenset(
    {"on-list", "matches-pattern", "rule-holds", "within-share", "gets-trial", "gets-release", "gets-stable",
     "gets-notice", "keeps-trial"}
)  # fmt: skip
_AGAINST = frozenset(
    {"on-no-list", "matches-no-pattern", "rule-fails", "beyond-share", "closed-before-window", "closed-after-window",
     "closed-cap", "is-bad", "container-too-old", "trial-opens-nothing", "release-not-newer", "no-release",
     "no-stable", "stable-not-newer", "not-for-shell"}
)  # fmt: skip

Text = Annotated[str, QueryParameter(name="q", max_length=_LONGEST)]
DeviceText = Annotated[str, QueryParameter(name="id", max_length=_LONGEST_ID)]
ProgramText = Annotated[str, QueryParameter(name="program", max_length=64)]
Place = tuple[int, str]


@get(f"{HERE}/devices", opt=needs("device.read"))
async def show_devices(desk: TheDesk, paging: ThePaging, text: Text = "") -> Response[bytes]:
    """Those seen last, or those of an id."""
    asked = text.strip()
    records = desk.service.devices
    following, before = "", None
    if asked:
        found = await records.find(*desk.caller, asked, limit=_FOUND)
    else:
        before = paging.after(Place)
        found = await records.page(*desk.caller, before=before, limit=paging.limit + 1)
        if len(found) > paging.limit:
            found = found[: paging.limit]
            following = desk.following("devices", (found[-1].seen_at, found[-1].id))
    return desk.page(
        "release/devices.html",
        asked=asked,
        devices=[(device, device_words(device), _address(desk, device.id)) for device in found],
        anyway=_address(desk, asked[:_LONGEST_ID]),
        next=following,
        first=desk.url("devices") if before else "",
    )


@get(f"{HERE}/devices/one", opt=needs("device.read"))
async def show_device(
    desk: TheDesk,
    here: TheWorkspace,
    paging: ThePaging,
    release_views: Service[Workspaces],
    device: DeviceText = "",
    program: ProgramText = "",
) -> Response[bytes]:
    """What a device gets, program by program and step by step."""
    device_id = device.strip()
    known = await desk.service.devices.get(*desk.caller, device_id) if device_id else None
    given = desk.request.query_params
    query = {name: given[name][:_LONGEST].strip() for name in ("what", "fresh", *ATTRIBUTES) if name in given}
    supposed = query.get("what") == "if"
    context = _supposed(query) if supposed else known.context if known else DeviceContext()
    fresh = supposed and query.get("fresh") == "yes"
    installed = {} if known is None or fresh else known.installed
    names, workspace = await desk.list_names(), await release_views.get(here.slug)
    after = paging.after(str)
    keys = _keys(workspace, program, after)
    decisions = []
    if workspace is not None and device_id:
        decisions = [_explained(desk, workspace, key, device_id, context, installed, names) for key in keys[:_PROGRAMS]]
    rest = {"id": device_id, "program": program, **query}
    words = {name: word[:1].upper() + word[1:] for name, word in words_for(desk.locale).attributes.items()}
    return desk.page(
        "release/device.html",
        block="decisions",
        device_id=device_id,
        known=known,
        context=[(words[name], value) for name in ATTRIBUTES if (value := _written(context, name))],
        fields=[(name, words[name], _written(context, name)) for name in ATTRIBUTES],
        installed=[(key, _version(workspace, key, code)) for key, code in sorted(installed.items())],
        supposed=supposed,
        fresh=fresh,
        program=program,
        programs=sorted(workspace.programs) if workspace is not None else [],
        decisions=decisions,
        plain=_address(desk, device_id),
        next=desk.following("devices/one", keys[_PROGRAMS - 1], **rest) if len(keys) > _PROGRAMS else "",
        first=desk.url("devices/one", **rest) if after else "",
    )


def _address(desk: Desk, device_id: str) -> str:
    return desk.url("devices/one", id=device_id)


def _supposed(query: dict[str, str]) -> DeviceContext:
    values: dict[str, Any] = {name: query.get(name) or None for name in ATTRIBUTES if name != "tags"}
    tags = [tag.strip() for tag in query.get("tags", "").replace("，", ",").split(",")]
    return msgspec.convert({**values, "tags": [tag for tag in tags if tag][:100]}, DeviceContext)


def _written(context: DeviceContext, name: str) -> str:
    value = getattr(context, name)
    return ", ".join(value) if isinstance(value, tuple) else value or ""


def _version(workspace: WorkspaceView | None, key: str, code: int) -> str:
    """The version's name, where it is known."""
    program = None if workspace is None else workspace.programs.get(key)
    version = None if program is None else program[1].versions.get(code)
    return str(code) if version is None else f"{version.name} ({code})"


def _keys(workspace: WorkspaceView | None, program: str, after: str | None) -> list[str]:
    """Programs to be explained, one more than a page has when they go on."""
    if workspace is None:
        return []
    if program:
        return [program] if program in workspace.programs else []
    return [key for key in sorted(workspace.programs) if after is None or key > after][: _PROGRAMS + 1]


def _explained(
    desk: Desk,
    workspace: WorkspaceView,
    key: str,
    device_id: str,
    context: DeviceContext,
    installed: dict[str, int],
    names: dict[str, str],
) -> dict[str, Any]:
    asked = DeviceView(
        device_id,
        workspace.context(device_id, context),
        installed.get(key),
        container=container_of(context.container_version),
    )
    decision, steps = explain_decision(workspace.programs[key][1], asked, desk.view.now)
    tone, icon = _ACTIONS[decision.action]
    return {
        "key": key,
        "name": workspace.names.get(key, key),
        "has": _version(workspace, key, installed[key]) if key in installed else "",
        "version": decision.version,
        "code": decision.code,
        "action": decision.action,
        "tone": tone,
        "icon": icon,
        "release": decision.release,
        "steps": [_step(desk, step, names) for step in steps],
    }


def _step(desk: Desk, step: ReasonStep, names: dict[str, str]) -> dict[str, Any]:
    message = step.message
    if "list" in message.fields:
        found = str(message.fields["list"])
        message = Message(message.code, {**message.fields, "list": f"“{names.get(found, found)}”"})
    state = "done" if message.code in _FOR else "skipped" if message.code in _AGAINST else "waiting"
    if message.code in ("has-revoked", "must-remove"):
        state = "failed"
    word = {"done": "yes", "skipped": "no"}.get(state)
    return {
        "state": state,
        "words": say(message, desk.locale),
        "word": "" if word is None else desk.t(f"release.device.{word}"),
        "trace": None if step.trace is None else trace_tree(step.trace, desk.locale, names),
    }


HANDLERS: tuple[Any, ...] = (show_devices, show_device)
