"""A release over time as plots, and its guardrails in words. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from eden.base.problems import Problem
from eden.base.sequential import Interval
from eden.console.messages import Locale
from eden.console.plots import Mark, Plot, Series
from eden.release.interfaces import EVERYONE, Message, Verb
from eden.release.pages.words import Say
from eden.release.rules_reasons import say
from eden.release.service_figures import ReleaseFigures, Spans
from eden.release.service_release_rows import ReleaseEvent

#: moments that are named in a plot; more would stand on each other
_MARKS = 8
_VERBS = frozenset(verb.value for verb in Verb)


def plots(t: Say, figures: ReleaseFigures, events: Sequence[ReleaseEvent]) -> list[Plot]:
    """Devices, crashes, share; nothing before the first report. `events` newest first."""
    spans = figures.spans
    if spans is None:
        return []
    marks = _marks(t, spans, events)
    return [_devices(t, spans, marks), _crashes(t, figures, spans, marks), _share(t, spans, events, marks)]


def _devices(t: Say, spans: Spans, marks: list[Mark]) -> Plot:
    return Plot(
        id="plot-devices",
        title=t("release.plot.devices"),
        summary=t("release.plot.devices-summary", offered=spans.offered[-1], started=spans.started[-1]),
        x=spans.at,
        x_title=t("release.plot.until"),
        series=[
            Series(t("release.plot.offered"), spans.offered),
            Series(t("release.plot.downloaded"), spans.downloaded),
            Series(t("release.plot.started"), spans.started),
            Series(t("release.plot.failed"), spans.failed),
        ],
        marks=marks,
    )


def _crashes(t: Say, figures: ReleaseFigures, spans: Spans, marks: list[Mark]) -> Plot:
    bounded = (figures.crashes.high, figures.control_crashes.high if any(spans.control) else 0.0)
    # wide intervals of the first starts would press everything else to the ground
    highest = max((bound for bound in bounded if bound), default=1.0)
    values = [each.value for row in (spans.crashes, spans.control) for each in row if each and each.value]
    top = min(1.0, max([2.5 * highest, *(1.1 * value for value in values)]))
    series = [_interval(t("release.plot.new"), spans.crashes, top)]
    if any(spans.control):
        series.append(_interval(t("release.plot.control"), spans.control, top))
    return Plot(
        id="plot-crashes",
        title=t("release.plot.crashes"),
        summary=t("release.plot.crashes-summary"),
        x=spans.at,
        x_title=t("release.plot.until"),
        unit="percent",
        series=series,
        marks=marks,
        maximum=_round_up(top),
    )


def _interval(name: str, rates: Sequence[Interval | None], top: float) -> Series:
    def cut(value: float | None) -> float | None:
        return None if value is None else min(value, top)

    return Series(
        name,
        [None if each is None else each.value for each in rates],
        low=[None if each is None or each.value is None else cut(each.low) for each in rates],
        high=[None if each is None or each.value is None else cut(each.high) for each in rates],
    )


def _round_up(value: float) -> float:
    """To a number whose quarters read well, at most 1."""
    power = 0.0001
    while power * 10 < value:
        power *= 10
    return min(1.0, next(factor * power for factor in (1, 2, 4, 8, 10) if factor * power >= value))


def _share(t: Say, spans: Spans, events: Sequence[ReleaseEvent], marks: list[Mark]) -> Plot:
    ordered = [(event.at, event.share) for event in reversed(events)]
    moments = [at for at, _ in ordered]
    values = []
    for at in spans.at:
        place = bisect_right(moments, at)
        values.append(ordered[max(0, place - 1)][1] / EVERYONE if ordered else 0.0)
    return Plot(
        id="plot-share",
        title=t("release.plot.share"),
        x=spans.at,
        x_title=t("release.plot.until"),
        unit="percent",
        series=[Series(t("release.plot.share-series"), values, kind="step")],
        marks=marks,
        maximum=1.0,
    )


def _marks(t: Say, spans: Spans, events: Sequence[ReleaseEvent]) -> list[Mark]:
    """The last verbs within the plot; what was done at one moment, or nearly so, is one mark."""
    found: list[Mark] = []
    width = max(1, spans.at[-1] - spans.at[0])
    for event in events:
        if event.kind in _VERBS and spans.at[0] <= event.at <= spans.at[-1]:
            if found and found[-1].at - event.at < width // 12:
                continue
            found.append(Mark(event.at, t(f"release.did.{event.kind}")))
    return found[:_MARKS][::-1]


def verdict_words(verdict: dict[str, Any] | None, locale: Locale) -> str:
    """What the guardrails said last; "" before the first look."""
    if verdict is None:
        return ""
    reason = verdict["reason"]
    return say(Message(reason["code"], reason.get("fields", {})), locale)


def refusal_words(t: Say, locale: Locale, message: Message, time: Any, length: Any) -> str:
    """Why a verb is not possible, with moments in the reader's own time."""
    if message.code == "too-early":
        return t(
            "release.one.too-early",
            length=length(int(message.fields["seconds"])),
            at=time(int(message.fields["allowed_at"])),
        )
    return say(message, locale)


def problem_message(problem: Problem) -> Message | None:
    """The sentence of a verb that the state machine refused."""
    return getattr(problem, "message", None)
