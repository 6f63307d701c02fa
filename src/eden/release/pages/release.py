"""The page of one release: where it is, what devices report, what can be done, what happened."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from markupsafe import Markup

from eden.base.api.access import needs
from eden.base.api.handlers import AnyRequest, FromPath, Service, ThePaging, ThePrincipal, TheWorkspaceId
from eden.base.identity.principal import Principal
from eden.base.problems import Problem, not_found
from eden.console import formats
from eden.console.frame import Console
from eden.console.http import redirect, respond
from eden.console.view import Flash, ViewContext
from eden.release.interfaces import Health, Message, Release, ReleaseState, Verb
from eden.release.pages.kit import HERE, LARGEST_FORM, page_address, read_form, standing_at, told
from eden.release.pages.ramp import plots, problem_message, refusal_words, verdict_words
from eden.release.pages.states import HEALTH_TONES, TONES, VERB_ICONS
from eden.release.pages.words import Say, plan_words, step_notes
from eden.release.rules_reasons import say
from eden.release.service import ReleaseService
from eden.release.service_release_rows import ReleaseEvent, ReleaseInfo
from eden.release.service_releases import EMERGENCY, REASONED

#: events that the plots know of; the timeline shows some of them and goes on by pages
_EVENTS = 300
_TIMELINE = 20
#: lists whose names are known in words
_LISTS = 500

_RevisionKey = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]


class Button(msgspec.Struct, frozen=True, kw_only=True):
    """A verb on the page. `reasoned`: one has to say why; `refused`: why it is not possible now, "" when it is;
    `allowed`: whether this person may."""

    verb: str
    address: str
    icon: str
    kind: str
    danger: bool
    reasoned: bool
    refused: str
    allowed: bool

    @property
    def ready(self) -> bool:
        return self.allowed and not self.refused


class Retry(msgspec.Struct, frozen=True, kw_only=True):
    """What a person wanted to do when it did not work: `why`, and what they had written. `button`: to do it after all,
    None when that is not possible any more."""

    verb: str
    reason: str
    title: str
    why: str
    button: Button | None


@get(f"{HERE}/releases/{{release:str}}", opt=needs("workspace.read"))
async def show_release(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    release: FromPath[str],
    view: Service[ViewContext],
    console: Service[Console],
    release_service: Service[ReleaseService],
) -> Response[bytes]:
    """Everything about one release; it keeps itself up to date."""
    info = await release_service.releases.get(principal, workspace_id, release)
    return await _page(request, principal, workspace_id, view, console, release_service, info)


@get(f"{HERE}/releases/{{release:str}}/events", opt=needs("workspace.read"))
async def show_events(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    release: FromPath[str],
    paging: ThePaging,
    view: Service[ViewContext],
    console: Service[Console],
    release_service: Service[ReleaseService],
) -> Response[bytes]:
    """All that happened, by pages."""
    info = await release_service.releases.get(principal, workspace_id, release)
    below = paging.after(_RevisionKey)
    found = await release_service.releases.events(principal, workspace_id, release, below=below, limit=paging.limit + 1)
    shown = found[: paging.limit]
    t = console.translator(view)
    path = f"releases/{release}/events"
    return respond(
        request,
        console,
        view,
        "release/release-events.html",
        block="events",
        info=info,
        events=_timeline(t, view, shown),
        next=page_address(view, path, shown[-1].revision) if len(found) > paging.limit else "",
        first=view.url(path) if below is not None else "",
    )


@post(
    f"{HERE}/releases/{{release:str}}/stop/{{verb:str}}",
    opt=needs("release.emergency"),
    request_max_body_size=LARGEST_FORM,
)
async def stop_release(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    release: FromPath[str],
    verb: FromPath[str],
    view: Service[ViewContext],
    console: Service[Console],
    release_service: Service[ReleaseService],
) -> Response[bytes]:
    """Pause, halt, roll back."""
    return await _act(request, principal, workspace_id, release, verb, view, console, release_service, stops=True)


@post(
    f"{HERE}/releases/{{release:str}}/go/{{verb:str}}", opt=needs("release.operate"), request_max_body_size=LARGEST_FORM
)
async def move_release(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    release: FromPath[str],
    verb: FromPath[str],
    view: Service[ViewContext],
    console: Service[Console],
    release_service: Service[ReleaseService],
) -> Response[bytes]:
    """Start, advance, resume, roll forward, finish."""
    return await _act(request, principal, workspace_id, release, verb, view, console, release_service, stops=False)


@post(f"{HERE}/releases/{{release:str}}/discard", opt=needs("release.operate"), request_max_body_size=LARGEST_FORM)
async def discard_release(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    release: FromPath[str],
    view: Service[ViewContext],
    console: Service[Console],
    release_service: Service[ReleaseService],
) -> Response[bytes]:
    """Remove a draft."""
    form = await read_form(request)
    t = console.translator(view)
    try:
        await release_service.releases.discard(principal, workspace_id, release, revision=form.number("revision"))
    except Problem as problem:
        if problem.code not in ("release-changed", "release-state"):
            raise
        flash = Flash("bad", told(problem, console, view))
        return redirect(request, view.url(f"releases/{release}"), flash)
    return redirect(request, view.url("releases"), Flash("good", t("release.one.discarded")))


async def _act(
    request: AnyRequest,
    principal: Principal,
    workspace_id: str,
    release: str,
    word: str,
    view: ViewContext,
    console: Console,
    service: ReleaseService,
    *,
    stops: bool,
) -> Response[bytes]:
    verb = next((each for each in Verb if each.value.replace("_", "-") == word), None)
    if verb is None or (verb in EMERGENCY) is not stops:
        raise not_found("This action")
    form = await read_form(request)
    reason = form.one("reason")
    t = console.translator(view)
    here = f"releases/{release}"
    try:
        info = await service.releases.act(
            principal, workspace_id, release, verb, revision=form.number("revision"), reason=reason
        )
    except Problem as problem:
        if problem.code in ("not-found", "forbidden"):
            raise
        info = await service.releases.get(principal, workspace_id, release)
        standing = standing_at(view, here)
        retry = _retry(problem, verb, reason, info, console, standing)
        status = 422 if problem.code == "invalid" else 409
        return await _page(request, principal, workspace_id, standing, console, service, info, retry, status)
    tone = TONES[info.release.state][0]
    done = t(f"release.done.{verb.value}", version=info.version_name)
    return redirect(request, view.url(here), Flash("good" if tone in ("accent", "good") else "warning", done))


def _retry(problem: Problem, verb: Verb, reason: str, info: ReleaseInfo, console: Console, view: ViewContext) -> Retry:
    t = console.translator(view)
    button = _button(verb, info, t, view)
    message = problem_message(problem)
    if problem.code == "release-changed":
        title = t("release.one.changed")
        why = t("release.one.changed-text", state=t(f"release.state.{info.release.state}"))
    elif problem.code == "invalid":
        title, why = t("release.one.reason-missing"), t("release.one.reason-missing-text")
    else:
        title = t("release.one.not-done", verb=t(f"release.verb.{verb.value}"))
        why = told(problem, console, view) if message is None else _refused(message, t, view)
    again = problem.code in ("release-changed", "invalid") and button.ready
    return Retry(verb=verb.value, reason=reason, title=title, why=why, button=button if again else None)


def _refused(message: Message, t: Say, view: ViewContext) -> str:
    time = partial(formats.time_element, locale=view.locale)
    length = partial(formats.duration, locale=view.locale)
    return refusal_words(t, view.locale, message, time, length)


def _button(verb: Verb, info: ReleaseInfo, t: Say, view: ViewContext) -> Button:
    word = verb.value.replace("_", "-")
    refusal = info.refused[verb]
    stops = verb in EMERGENCY
    return Button(
        verb=verb.value,
        address=view.url(f"releases/{info.release.id}/{'stop' if stops else 'go'}/{word}"),
        icon=VERB_ICONS[verb],
        kind="danger" if verb is Verb.HALT else "" if stops else "main",
        danger=verb in (Verb.ROLL_BACK, Verb.HALT),
        reasoned=verb in REASONED,
        refused="" if refusal is None else _refused(refusal, t, view),
        allowed=view.may("release.emergency" if stops else "release.operate"),
    )


def _buttons(info: ReleaseInfo, t: Say, view: ViewContext) -> tuple[list[Button], list[Button]]:
    """Those of this state, and those of others."""
    now: list[Button] = []
    other: list[Button] = []
    for verb in Verb:
        refusal = info.refused[verb]
        elsewhere = refusal is not None and refusal.code in ("not-in-state", "at-its-end")
        # the last step can only be finished, those before it only be left
        unfit = refusal is not None and refusal.code in ("last-step", "steps-left")
        (other if elsewhere or unfit else now).append(_button(verb, info, t, view))
    return now, other


async def _page(
    request: AnyRequest,
    principal: Principal,
    workspace_id: str,
    view: ViewContext,
    console: Console,
    service: ReleaseService,
    info: ReleaseInfo,
    retry: Retry | None = None,
    status: int = 200,
) -> Response[bytes]:
    release, t = info.release, console.translator(view)
    events = await service.releases.events(principal, workspace_id, release.id, limit=_EVENTS)
    figures = await service.figures.of_release(principal, workspace_id, release.id)
    lists = await service.lists.page(principal, workspace_id, limit=_LISTS)
    names = {each.id: each.name for each in lists}
    now, other = _buttons(info, t, view)
    health = None if info.verdict is None else Health(info.verdict["health"])
    return respond(
        request,
        console,
        view,
        "release/release.html",
        block="live",
        status=status,
        info=info,
        release=release,
        tone=TONES[release.state],
        buttons=now,
        others=other,
        retry=retry,
        editable=release.state is not ReleaseState.FINISHED and view.may("release.operate"),
        steps=_steps(release, t, view, names),
        figures=figures,
        plots=plots(t, figures, events),
        verdict=verdict_words(info.verdict, view.locale),
        health=health,
        health_tone="neutral" if health is None else HEALTH_TONES[health],
        ratio=_ratio(info),
        events=_timeline(t, view, events[:_TIMELINE]),
        more_events=len(events) > _TIMELINE,
    )


def _ratio(info: ReleaseInfo) -> dict[str, Any] | None:
    """How many times as often the new version crashes, with its interval; None where that is not known."""
    for metric in (info.verdict or {}).get("metrics", ()):
        if metric["metric"] == "crash" and metric["ratio"]["value"] is not None:
            return dict(metric["ratio"])
    return None


def _steps(release: Release, t: Say, view: ViewContext, names: dict[str, str]) -> list[dict[str, Any]]:
    """The plan for `ui.steps`."""
    state = release.state
    time = partial(formats.time_element, locale=view.locale)
    here = {
        ReleaseState.DRAFT: "waiting",
        ReleaseState.LIVE: "current",
        ReleaseState.PAUSED: "paused",
        ReleaseState.HALTED: "failed",
        ReleaseState.ROLLED_BACK: "failed",
        ReleaseState.FINISHED: "done",
    }[state]
    found = []
    for index, step in enumerate(release.plan.steps):
        at = index - release.step
        shown = "done" if at < 0 else here if at == 0 else "done" if state is ReleaseState.FINISHED else "waiting"
        if state is ReleaseState.DRAFT:
            shown = "waiting"
        item: dict[str, Any] = {
            "title": step.name,
            "state": shown,
            "text": plan_words(t, view.locale, release.plan, index, names),
            "note": _joined(step_notes(t, view.locale, step, time)),
        }
        if shown == "failed":
            item["word"] = t(f"release.state.{state}")
        found.append(item)
    return found


def _joined(sentences: list[str]) -> str:
    """Sentences behind one another; Markup stays Markup."""
    if not sentences:
        return ""
    return Markup(" ").join(sentences)


def _timeline(t: Say, view: ViewContext, events: list[ReleaseEvent]) -> list[dict[str, Any]]:
    return [
        {
            "at": event.at,
            "actor": event.actor.removeprefix("user:") if event.actor != "system" else t("release.one.system"),
            "kind": event.kind,
            "state": event.state,
            "step": event.step + 1,
            "share": event.share,
            "words": event.reason if event.message is None else say(event.message, view.locale),
        }
        for event in events
    ]


HANDLERS: tuple[Any, ...] = (show_release, show_events, stop_release, move_release, discard_release)
