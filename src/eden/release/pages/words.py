"""Plans in words: who a step reaches, and how it goes on. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from eden.base.targeting import Trace, explain, explain_trace, parse
from eden.console import formats
from eden.console.messages import Locale
from eden.release.interfaces import EVERYONE, Audience, Plan, Step
from eden.release.rules_plan import reach

Say = Callable[..., str]

#: names of lists and patterns that are written out; the rest is counted
_SHOWN = 4


def row_of(t: Say, words: Sequence[str]) -> str:
    """Names in a row, the rest counted."""
    shown = [*words[:_SHOWN]]
    if len(words) > _SHOWN:
        shown.append(t("release.words.more", count=len(words) - _SHOWN))
    return t("release.words.comma").join(shown)


def audience_words(t: Say, locale: Locale, audience: Audience, names: Mapping[str, str]) -> str:
    """Who is reached, as one sentence without its end; `names` of lists by id."""
    parts = []
    if audience.lists:
        lists = [f"“{names.get(list_id, list_id)}”" for list_id in audience.lists]
        parts.append(t("release.words.lists", lists=row_of(t, lists)))
    if audience.patterns:
        parts.append(t("release.words.patterns", patterns=row_of(t, audience.patterns)))
    if audience.share:
        share = formats.share(audience.share, locale)
        if audience.rule is not None:
            rule = explain(parse(audience.rule), locale, names)
            everyone = audience.share == EVERYONE
            parts.append(
                t("release.words.rule", rule=rule) if everyone else t("release.words.part", share=share, rule=rule)
            )
        elif audience.share == EVERYONE:
            parts.append(t("release.words.everyone"))
        else:
            parts.append(t("release.words.share", share=share))
    return t("release.words.or").join(parts) or t("release.words.nobody")


def plan_words(t: Say, locale: Locale, plan: Plan, index: int, names: Mapping[str, str]) -> str:
    """Who the step reaches, with those whom earlier steps named."""
    return audience_words(t, locale, reach(plan, index), names)


def step_notes(t: Say, locale: Locale, step: Step, time: Callable[[int], Any]) -> list[str]:
    """How long the step lasts and what bounds it, a sentence each; `time` writes a moment."""
    notes = []
    if step.ramp is not None:
        factor = formats.number(step.ramp.factor / 100, locale)
        every = formats.duration(step.ramp.every, locale)
        notes.append(t("release.words.ramp", factor=factor, every=every))
    if step.minimum_seconds:
        notes.append(t("release.words.minimum", length=formats.duration(step.minimum_seconds, locale)))
    if step.advance == "auto":
        notes.append(t("release.words.auto"))
    if step.cap is not None:
        notes.append(t("release.words.cap", count=step.cap))
    if step.window is not None and step.window.opens_at is not None:
        notes.append(t("release.words.opens", at=time(step.window.opens_at)))
    if step.window is not None and step.window.closes_at is not None:
        notes.append(t("release.words.closes", at=time(step.window.closes_at)))
    if not (step.guardrails.crash or step.guardrails.start or step.guardrails.error):
        notes.append(t("release.words.unguarded"))
    return notes


def trace_tree(trace: Trace, locale: Locale, names: Mapping[str, str]) -> dict[str, Any]:
    """A rule at work as a tree for a template: {"held", "words", "parts"}."""
    return {
        "held": trace.held,
        "words": explain_trace(trace, locale, names),
        "parts": [trace_tree(part, locale, names) for part in trace.parts],
    }
