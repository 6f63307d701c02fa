"""Pages of devices: who was here last, and what one device would get now, and why.

A device that was never seen is asked about like any other; and for each, "what if" changes what it says of itself.
"""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec
from litestar import Response, get

from eden.base.api.access import needs
from eden.base.api.handlers import (
    AnyRequest,
    QueryParameter,
    Service,
    ThePaging,
    ThePrincipal,
    TheWorkspace,
    TheWorkspaceId,
)
from eden.base.identity.principal import Principal
from eden.base.targeting.words import words_for
from eden.console.frame import Console
from eden.console.http import respond
from eden.console.view import ViewContext
from eden.release.device_views import Workspaces, WorkspaceView
from eden.release.interfaces import DecisionAction, DeviceContext, Message
from eden.release.pages.kit import HERE, page_address
from eden.release.pages.preview import device_words
from eden.release.pages.words import Say, trace_tree
from eden.release.rules_decide import ReasonStep, explain_decision
from eden.release.rules_reasons import say
from eden.release.rules_views import DeviceView, container_of
from eden.release.service import ReleaseService

#: devices of one user that a search shows
_FOUND = 50
#: programs whose decisions one page explains
_PROGRAMS = 10
_LISTS = 500
_LONGEST = 256

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
DeviceText = Annotated[str, QueryParameter(name="id", max_length=128)]
ProgramText = Annotated[str, QueryParameter(name="program", max_length=64)]
Place = tuple[int, str]


@get(f"{HERE}/devices", opt=needs("device.read"))
async def show_devices(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    paging: ThePaging,
    view: Service[ViewContext],
    console: Service[Console],
    release_service: Service[ReleaseService],
    text: Text = "",
) -> Response[bytes]:
    """Those seen last, or those of an id."""
    asked = text.strip()
    records = release_service.devices
    following, before = "", None
    if asked:
        found = await records.find(principal, workspace_id, asked, limit=_FOUND)
    else:
        before = paging.after(Place)
        found = await records.page(principal, workspace_id, before=before, limit=paging.limit + 1)
        if len(found) > paging.limit:
            found = found[: paging.limit]
            following = page_address(view, "devices", (found[-1].seen_at, found[-1].id))
    return respond(
        request,
        console,
        view,
        "release/devices.html",
        asked=asked,
        devices=[(device, device_words(device), _address(view, device.id)) for device in found],
        anyway=_address(view, asked[:128]),
        next=following,
        first=view.url("devices") if before else "",
    )


@get(f"{HERE}/devices/one", opt=needs("device.read"))
async def show_device(
    request: AnyRequest,
    principal: ThePrincipal,
    here: TheWorkspace,
    workspace_id: TheWorkspaceId,
    paging: ThePaging,
    view: Service[ViewContext],
    console: Service[Console],
    release_service: Service[ReleaseService],
    release_views: Service[Workspaces],
    device: DeviceText = "",
    program: ProgramText = "",
) -> Response[bytes]:
    """What a device gets, program by program and step by step."""
    device_id = device.strip()
    known = await release_service.devices.get(principal, workspace_id, device_id) if device_id else None
    query = {name: value[:_LONGEST].strip() for name, value in request.query_params.items()}
    supposed = query.get("what") == "if"
    context = _supposed(query) if supposed else known.context if known else DeviceContext()
    fresh = supposed and query.get("fresh") == "yes"
    installed = {} if known is None or fresh else known.installed
    names, workspace = await _names(release_service, principal, workspace_id), await release_views.get(here.slug)
    after = paging.after(str)
    keys = _keys(workspace, program, after)
    t = console.translator(view)
    decisions = []
    if workspace is not None and device_id:
        decisions = [
            _explained(workspace, key, device_id, context, installed, t, view, names) for key in keys[:_PROGRAMS]
        ]
    rest = {name: value for name, value in query.items() if name != "cursor"}
    words = words_for(view.locale).attributes
    return respond(
        request,
        console,
        view,
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
        plain=_address(view, device_id),
        next=page_address(view, "devices/one", keys[_PROGRAMS - 1], **rest) if len(keys) > _PROGRAMS else "",
        first=f"{view.url('devices/one')}?{urlencode(rest)}" if after else "",
    )


def _address(view: ViewContext, device_id: str) -> str:
    return f"{view.url('devices/one')}?{urlencode({'id': device_id})}"


async def _names(service: ReleaseService, principal: Principal, workspace_id: str) -> dict[str, str]:
    return {each.id: each.name for each in await service.lists.page(principal, workspace_id, limit=_LISTS)}


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
    workspace: WorkspaceView,
    key: str,
    device_id: str,
    context: DeviceContext,
    installed: dict[str, int],
    t: Say,
    view: ViewContext,
    names: dict[str, str],
) -> dict[str, Any]:
    asked = DeviceView(
        device_id,
        workspace.context(device_id, context),
        installed.get(key),
        container=container_of(context.container_version),
    )
    decision, steps = explain_decision(workspace.programs[key][1], asked, view.now)
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
        "reason": say(decision.reason, view.locale),
        "steps": [_step(step, t, view, names) for step in steps],
    }


def _step(step: ReasonStep, t: Say, view: ViewContext, names: dict[str, str]) -> dict[str, Any]:
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
        "words": say(message, view.locale),
        "word": "" if word is None else t(f"release.device.{word}"),
        "trace": None if step.trace is None else trace_tree(step.trace, view.locale, names),
    }


HANDLERS: tuple[Any, ...] = (show_devices, show_device)
