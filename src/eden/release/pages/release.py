"""The page of one release: where it is, what devices report, what can be done, what happened."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from markupsafe import Markup

from eden.base.api.access import needs
from eden.base.api.handlers import FromPath, ThePaging
from eden.base.problems import Problem, not_found
from eden.console import formats
from eden.release.interfaces import Health, Message, ReleaseState, Verb
from eden.release.pages.desk import Desk, TheDesk
from eden.release.pages.kit import HERE, LARGEST_FORM
from eden.release.pages.ramp import plots, problem_message, refusal_words, verdict_words
from eden.release.pages.states import HEALTH_TONES, TONES, VERB_ICONS
from eden.release.pages.words import plan_words, step_notes
from eden.release.rules_reasons import say
from eden.release.service_figures import ReleaseFigures
from eden.release.service_release_rows import ReleaseEvent, ReleaseInfo
from eden.release.service_releases import EMERGENCY, REASONED

#: events that the plots know of; the timeline shows some of them and goes on by pages
_EVENTS = 300
_TIMELINE = 20

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
async def show_release(desk: TheDesk, release: FromPath[str]) -> Response[bytes]:
    """Everything about one release; it keeps itself up to date."""
    return await _page(desk, await desk.service.releases.get(*desk.caller, release))


@get(f"{HERE}/releases/{{release:str}}/events", opt=needs("workspace.read"))
async def show_events(desk: TheDesk, release: FromPath[str], paging: ThePaging) -> Response[bytes]:
    """All that happened, by pages."""
    info = await desk.service.releases.get(*desk.caller, release)
    below = paging.after(_RevisionKey)
    found = await desk.service.releases.events(*desk.caller, release, below=below, limit=paging.limit + 1)
    shown = found[: paging.limit]
    path = f"releases/{release}/events"
    return desk.page(
        "release/release-events.html",
        block="events",
        info=info,
        events=_timeline(desk, shown),
        next=desk.following(path, shown[-1].revision) if len(found) > paging.limit else "",
        first=desk.url(path) if below is not None else "",
    )


@post(
    f"{HERE}/releases/{{release:str}}/stop/{{verb:str}}",
    opt=needs("release.emergency"),
    request_max_body_size=LARGEST_FORM,
)
async def stop_release(desk: TheDesk, release: FromPath[str], verb: FromPath[str]) -> Response[bytes]:
    """Pause, halt, roll back."""
    return await _act(desk, release, verb, stops=True)


@post(
    f"{HERE}/releases/{{release:str}}/go/{{verb:str}}", opt=needs("release.operate"), request_max_body_size=LARGEST_FORM
)
async def move_release(desk: TheDesk, release: FromPath[str], verb: FromPath[str]) -> Response[bytes]:
    """Start, advance, resume, roll forward, finish."""
    return await _act(desk, release, verb, stops=False)


@post(f"{HERE}/releases/{{release:str}}/discard", opt=needs("release.operate"), request_max_body_size=LARGEST_FORM)
async def discard_release(desk: TheDesk, release: FromPath[str]) -> Response[bytes]:
    """Remove a draft."""
    form = await desk.form()
    try:
        await desk.service.releases.discard(*desk.caller, release, revision=form.number("revision"))
    except Problem as problem:
        if problem.code not in ("release-changed", "release-state"):
            raise
        return desk.go(f"releases/{release}", desk.told(problem), "bad")
    return desk.go("releases", desk.t("release.one.discarded"))


async def _act(desk: Desk, release: str, word: str, *, stops: bool) -> Response[bytes]:
    verb = next((each for each in Verb if each.value.replace("_", "-") == word), None)
    if verb is None or (verb in EMERGENCY) is not stops:
        raise not_found("This action")
    form = await desk.form()
    reason = form.one("reason")
    here = f"releases/{release}"
    try:
        info = await desk.service.releases.act(
            *desk.caller, release, verb, revision=form.number("revision"), reason=reason
        )
    except Problem as problem:
        if problem.code in ("not-found", "forbidden"):
            raise
        info = await desk.service.releases.get(*desk.caller, release)
        status = 422 if problem.code == "invalid" else 409
        return await _page(desk.at(here), info, _retry(desk, problem, verb, reason, info), status)
    tone = TONES[info.release.state][0]
    done = desk.t(f"release.done.{verb.value}", version=info.version_name)
    return desk.go(here, done, "good" if tone in ("accent", "good") else "warning")


def _retry(desk: Desk, problem: Problem, verb: Verb, reason: str, info: ReleaseInfo) -> Retry:
    button = _button(desk, verb, info)
    message = problem_message(problem)
    if problem.code == "release-changed":
        title = desk.t("release.one.changed")
        why = desk.t("release.one.changed-text", state=desk.t(f"release.state.{info.release.state}"))
    elif problem.code == "invalid":
        title, why = desk.t("release.one.reason-missing"), desk.t("release.one.reason-missing-text")
    else:
        title = desk.t("release.one.not-done", verb=desk.t(f"release.verb.{verb.value}"))
        why = desk.told(problem) if message is None else _refused(desk, message)
    again = problem.code in ("release-changed", "invalid") and button.ready
    return Retry(verb=verb.value, reason=reason, title=title, why=why, button=button if again else None)


def _refused(desk: Desk, message: Message) -> str:
    time = partial(formats.time_element, locale=desk.locale)
    length = partial(formats.duration, locale=desk.locale)
    return refusal_words(desk.t, desk.locale, message, time, length)


def _button(desk: Desk, verb: Verb, info: ReleaseInfo) -> Button:
    word = verb.value.replace("_", "-")
    refusal = info.refused[verb]
    stops = verb in EMERGENCY
    return Button(
        verb=verb.value,
        address=desk.url(f"releases/{info.release.id}/{'stop' if stops else 'go'}/{word}"),
        icon=VERB_ICONS[verb],
        kind="danger" if verb is Verb.HALT else "" if stops else "main",
        danger=verb in (Verb.ROLL_BACK, Verb.HALT),
        reasoned=verb in REASONED,
        refused="" if refusal is None else _refused(desk, refusal),
        allowed=desk.view.may("release.emergency" if stops else "release.operate"),
    )


def _buttons(desk: Desk, info: ReleaseInfo) -> tuple[list[Button], list[Button]]:
    """Those of this state, and those of others."""
    now: list[Button] = []
    other: list[Button] = []
    for verb in Verb:
        refusal = info.refused[verb]
        elsewhere = refusal is not None and refusal.code in ("not-in-state", "at-its-end")
        # the last step can only be finished, those before it only be left
        unfit = refusal is not None and refusal.code in ("last-step", "steps-left")
        (other if elsewhere or unfit else now).append(_button(desk, verb, info))
    return now, other


async def _page(desk: Desk, info: ReleaseInfo, retry: Retry | None = None, status: int = 200) -> Response[bytes]:
    release = info.release
    events = await desk.service.releases.events(*desk.caller, release.id, limit=_EVENTS)
    figures = await desk.service.figures.of_release(*desk.caller, release.id)
    names = await desk.list_names()
    now, other = _buttons(desk, info)
    return desk.page(
        "release/release.html",
        block="live",
        status=status,
        info=info,
        release=release,
        tone=TONES[release.state],
        buttons=now,
        others=other,
        retry=retry,
        editable=release.state is not ReleaseState.FINISHED and desk.view.may("release.operate"),
        steps=_steps(desk, info, names),
        figures=figures,
        plots=plots(desk.t, figures, events),
        **_guard(desk, info, figures),
        events=_timeline(desk, events[:_TIMELINE]),
        more_events=len(events) > _TIMELINE,
    )


def _guard(desk: Desk, info: ReleaseInfo, figures: ReleaseFigures) -> dict[str, Any]:
    """What the guardrails say. They look at a release from its first moment; before its first start there is nothing
    that they could have seen."""
    verdict = info.verdict
    if verdict is None or not (figures.new.exposed or figures.control.exposed):
        return {"health": "", "health_tone": "neutral", "verdict": "", "ratio": None}
    health = Health(verdict["health"])
    return {
        "health": health,
        "health_tone": HEALTH_TONES[health],
        "verdict": verdict_words(verdict, desk.locale),
        "ratio": _ratio(info),
    }


def _ratio(info: ReleaseInfo) -> dict[str, Any] | None:
    """How many times as often the new version crashes, with its interval; None where that is not known."""
    for metric in (info.verdict or {}).get("metrics", ()):
        if metric["metric"] == "crash" and metric["ratio"]["value"] is not None:
            return dict(metric["ratio"])
    return None


def _steps(desk: Desk, info: ReleaseInfo, names: dict[str, str]) -> list[dict[str, Any]]:
    """The plan for `ui.steps`."""
    release = info.release
    state = release.state
    time = partial(formats.time_element, locale=desk.locale)
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
            "text": plan_words(desk.t, desk.locale, release.plan, index, names),
            "note": _joined(step_notes(desk.t, desk.locale, step, time)),
        }
        if shown == "failed":
            item["word"] = desk.t(f"release.state.{state}")
        found.append(item)
    return found


def _joined(sentences: list[str]) -> str:
    """Sentences behind one another; Markup stays Markup."""
    if not sentences:
        return ""
    return Markup(" ").join(sentences)


def _timeline(desk: Desk, events: list[ReleaseEvent]) -> list[dict[str, Any]]:
    return [
        {
            "at": event.at,
            "actor": event.actor.removeprefix("user:") if event.actor != "system" else desk.t("release.one.system"),
            "kind": event.kind,
            "state": event.state,
            "step": event.step + 1,
            "share": event.share,
            "words": event.reason if event.message is None else say(event.message, desk.locale),
        }
        for event in events
    ]


HANDLERS: tuple[Any, ...] = (show_release, show_events, stop_release, move_release, discard_release)
