"""Asking the engine and the reference the same question, and telling where they differ."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from eden.observe.insight.engine import Engine
from eden.observe.questions import interfaces as ask
from eden.observe.questions import results
from eden.observe.questions.asking import asking
from eden.observe.questions.results import OTHER
from tests.observe.questions import reference
from tests.observe.questions.reference import World, percentile


def run(store: Engine, question: ask.Question, app: int, now: int) -> Any:
    """The result, by the engine."""
    going = asking(question, app, now)
    statements = next(going)
    while True:
        answers = [json.loads(store.query(one.sql, one.parameters))["data"] for one in statements]
        try:
            statements = going.send(answers)
        except StopIteration as end:
            return end.value


def differences(store: Engine, world: World, question: ask.Question, app: int) -> list[str]:
    """What the engine says otherwise than the reference."""
    found = run(store, question, app, world.now)
    compare = {
        ask.Trend: _trend,
        ask.Funnel: _funnel,
        ask.Retention: _retention,
        ask.Paths: _paths,
        ask.Percentiles: _percentiles,
        ask.Cohort: _cohort,
        ask.Versions: _versions,
        ask.Release: _release,
        ask.Overview: _overview,
        ask.EventNames: _events,
    }[type(question)]
    return compare(world, question, found)  # type: ignore[operator, no-any-return]


def _same(what: str, found: Any, expected: Any) -> list[str]:
    """Numbers are equal up to the order in which they were added."""
    if isinstance(found, float | int) and isinstance(expected, float | int):
        same = math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-9)
    elif isinstance(found, list | tuple) and isinstance(expected, list | tuple):
        if len(found) != len(expected):
            return [f"{what}: {len(found)} instead of {len(expected)}: {found} instead of {expected}"]
        return [
            one for i, (f, e) in enumerate(zip(found, expected, strict=True)) for one in _same(f"{what}[{i}]", f, e)
        ]
    else:
        same = found == expected
    return [] if same else [f"{what}: {found!r} instead of {expected!r}"]


def _trend(world: World, question: ask.Trend, found: results.TrendResult) -> list[str]:
    def lines(moments: Sequence[datetime], series: Sequence[results.Series], expected: Any) -> list[str]:
        if question.rolling or question.cumulative:
            expected = {key: [*line[:-1], None] for key, line in expected.items()}
        return [
            *_same("groups", sorted(one.key for one in series), sorted(expected)),
            *(
                one
                for line in series
                for one in _same(f"{line.key}", [*line.values, line.total], expected.get(line.key, []))
            ),
        ]

    # what looks back begins before the period
    asked = question
    return lines(found.moments, found.series, reference.trend(world, asked, found.moments))


def _funnel(world: World, question: ask.Funnel, found: results.FunnelResult) -> list[str]:
    expected = reference.funnel(world, question)
    nothing: list[tuple[int, float | None, float | None]] = [(0, None, None)] * len(question.steps)

    def group(name: str, one: results.FunnelGroup, steps: Sequence[Any]) -> list[str]:
        shown = [(step.reached, step.median, step.p90) for step in one.steps]
        return _same(name, shown, [(n, a, b) if n and i else (n, None, None) for i, (n, a, b) in enumerate(steps)])

    return [
        *group("all", found.whole, expected.get(None, nothing)),
        *_same("groups", sorted(one.key for one in found.groups), sorted(key for key in expected if key is not None)),
        *(line for one in found.groups for line in group(str(one.key), one, expected.get(one.key, nothing))),
    ]


def _retention(world: World, question: ask.Retention, found: results.RetentionResult) -> list[str]:
    expected = reference.retention(world, question, [one.at for one in found.cohorts])
    return _same("cohorts", [(one.size, one.back) for one in found.cohorts], expected)


def _paths(world: World, question: ask.Paths, found: results.PathsResult) -> list[str]:
    expected = reference.paths(world, question)
    assert question.share == 0
    counts: dict[int, dict[str, int]] = {}
    for (step, node, _), ways in expected.items():
        counts.setdefault(step, {}).setdefault(node, 0)
        counts[step][node] += ways
    shown = {
        step: sorted(nodes, key=lambda node: (-nodes[node], node))[: question.nodes] for step, nodes in counts.items()
    }
    links: dict[tuple[str, str], int] = {}
    nodes: dict[str, int] = {}
    for (step, node, following), ways in expected.items():
        here = f"{step}:{node if node in shown[step] else OTHER}"
        nodes[here] = nodes.get(here, 0) + ways
        if following and step + 1 < question.steps:
            there = f"{step + 1}:{following if following in shown.get(step + 1, ()) else OTHER}"
            pair = (there, here) if question.end is not None else (here, there)
            links[pair] = links.get(pair, 0) + ways
    return [
        *_same("total", found.total, sum(counts.get(0, {}).values())),
        *_same("links", sorted(((one.source, one.target), one.count) for one in found.links), sorted(links.items())),
        *_same("nodes", sorted((one.id, one.count) for one in found.nodes), sorted(nodes.items())),
    ]


def _percentiles(world: World, question: ask.Percentiles, found: results.PercentilesResult) -> list[str]:
    expected = reference.percentiles(world, question, found.moments)

    def group(name: str, one: results.PercentilesGroup, numbers: list[float]) -> list[str]:
        shown = [percentile(numbers, percent) for percent in question.percentiles]
        return [
            *_same(f"{name} count", one.count, len(numbers)),
            *_same(f"{name} mean", one.mean, sum(numbers) / len(numbers) if numbers else None),
            *_same(name, [each.value for each in one.percentiles], shown),
        ]

    keys = sorted(key for key in expected if isinstance(key, tuple))
    bars = [sum((b.low is None or n >= b.low) and (b.high is None or n < b.high) for n in expected.get(None, []))
            for b in found.histogram]  # fmt: skip
    return [
        *group("all", found.whole, expected.get(None, [])),
        *_same("groups", sorted(one.key for one in found.groups), keys),
        *(line for one in found.groups for line in group(str(one.key), one, expected.get(one.key, []))),
        *_same("bars", [one.count for one in found.histogram], bars),
        *_same("all bars", sum(bars), len(expected.get(None, []))),
        *(
            line
            for one in found.lines
            for line in _same(
                f"p{one.percentile}",
                one.values,
                [percentile(expected.get(index, []), one.percentile) for index in range(len(found.moments))],
            )
        ),
    ]


def _cohort(world: World, question: ask.Cohort, found: results.CohortResult) -> list[str]:
    expected = reference.cohort(world, question)
    kept = [who for who in sorted(expected) if who > question.after]
    shown = [(one.person, one.first_seen, one.last_seen, one.props) for one in found.members]
    members = [
        (who, reference.moment(expected[who][0]), reference.moment(expected[who][1]), world.people.get(who, {}))
        for who in kept[: question.limit]
    ]
    return [
        *_same("size", found.size, len(expected)),
        *_same("members", shown, members),
        *_same("next", found.next, members[-1][0] if len(kept) > question.limit else None),
    ]


def _versions(world: World, question: ask.Versions, found: results.VersionsResult) -> list[str]:
    expected = reference.version(world, question, lambda row: reference.text(row, question.by))
    names = sorted(
        (name for name in expected if name is not None and name), key=lambda name: (-expected[name]["persons"], name)
    )
    everybody = expected[None]["persons"]
    lines = _same("versions", [one.key for one in found.versions], names[: question.top])
    for one in found.versions:
        e = expected[one.key]
        lines += _same(
            one.key,
            [
                one.persons, one.share, one.sessions, one.launches, one.crashes, one.errors, one.crash_free_persons,
                one.crash_free_sessions, one.error_rate, one.start_p50, one.start_p95, one.requests,
                one.request_failures,
            ],
            [
                e["persons"], e["persons"] / everybody, e["sessions"], e["launches"], e["crashes"], e["errors"],
                _free(e, "persons"), _free(e, "sessions"), e["errors"] / e["launches"] if e["launches"] else None,
                percentile(e["times"], 50), percentile(e["times"], 95), e["requests"],
                e["failed"] / e["requests"] if e["requests"] else None,
            ],
        )  # fmt: skip
    return lines


def _free(e: dict[str, Any], what: str) -> float | None:
    return max(0.0, 1 - e[f"crashed_{what}"] / e[what]) if e[what] else None


def _release(world: World, question: ask.Release, found: results.ReleaseResult) -> list[str]:
    def arm(row: dict[str, Any]) -> str:
        if row["code"] == question.code:
            return "candidate"
        inside = row["code"] in question.against if question.against else row["code"] != 0
        return "control" if inside else ""

    expected = reference.version(world, question, arm)
    lines = []
    nothing: dict[str, Any] = dict.fromkeys(expected[None], 0) | {"times": []}
    sides = {name: expected.get(name, nothing) for name in ("candidate", "control")}
    for name, e in sides.items():
        one = getattr(found, name)
        lines += _same(
            name,
            [one.persons, one.sessions, one.launches, one.crashes, one.errors, one.requests],
            [e[key] for key in ("persons", "sessions", "launches", "crashes", "errors", "requests")],
        )
    ratio: dict[str, Callable[[dict[str, Any]], float | None]] = {
        "crash_free_persons": lambda e: _free(e, "persons"),
        "crash_free_sessions": lambda e: _free(e, "sessions"),
        "crash_rate": lambda e: e["crashes"] / e["launches"] if e["launches"] else None,
        "error_rate": lambda e: e["errors"] / e["launches"] if e["launches"] else None,
        "request_failures": lambda e: e["failed"] / e["requests"] if e["requests"] else None,
        "white_screens": lambda e: e["white_screens"] / e["launches"] if e["launches"] else None,
        "start_p50": lambda e: percentile(e["times"], 50),
        "start_p95": lambda e: percentile(e["times"], 95),
    }
    for each in found.measures:
        for name, e in sides.items():
            number = ratio[each.measure](e)
            lines += _same(f"{each.measure} of {name}", getattr(each, name), number)
            bounds = getattr(each, f"{name}_interval")
            if bounds is not None and not bounds.low - 1e-9 <= (number or 0.0) <= bounds.high + 1e-9:
                lines.append(f"{each.measure} of {name} is not in {bounds}")
    return lines


def _overview(world: World, question: ask.Overview, found: results.OverviewResult) -> list[str]:
    expected = reference.version(world, question, lambda row: "")[None]
    since, until = reference.range_of(question.period, world.now)
    kept = [row for row in world.rows if row["ms"] < until and row["person"] and _kept(world, question, row)]
    firsts: dict[str, int] = {}
    for row in kept:
        firsts[row["person"]] = min(firsts.get(row["person"], row["ms"]), row["ms"])
    figures = found.figures
    pages = [row for row in world.asked(question) if row["name"] == "$page_view" and row["page"]]
    counts = Counter(row["page"] for row in pages)
    top = sorted(counts.items(), key=lambda one: (-one[1], one[0]))[: question.top]
    left = [row for row in world.asked(question) if row["name"] == "$page_leave"]
    heavy = []
    for page, views in top:
        mine = [row for row in pages if row["page"] == page]
        renders, stays = (
            [row["value"] for row in rows if row["page"] == page and row["value"] is not None] for rows in (mine, left)
        )
        seconds = percentile(stays, 50)
        people = len({row["person"] for row in mine} - {""})
        heavy.append((page, views, people, None if seconds is None else seconds / 1000, percentile(renders, 50)))
    groups = Counter(f"{row['group']:016x}" for row in world.asked(question, world.errors))
    return [
        *_same("persons", figures.persons, expected["persons"]),
        *_same("new", figures.new_persons, sum(since <= at for at in firsts.values())),
        *_same("launches", figures.launches, expected["launches"]),
        *_same("sessions", figures.sessions, expected["sessions"]),
        *_same("crash-free", figures.crash_free_persons, _free(expected, "persons")),
        *_same("p50", figures.start_p50, percentile(expected["times"], 50)),
        *_same("p95", figures.start_p95, percentile(expected["times"], 95)),
        *_same("errors", figures.errors, expected["errors"]),
        *_same("lines", sum(line.launches for line in found.lines), expected["launches"]),
        *_same("new by line", sum(line.new_persons for line in found.lines), figures.new_persons),
        *_same(
            "pages", [(one.page, one.views, one.persons, one.seconds, one.render_p50) for one in found.pages], heavy
        ),
        *_same(
            "groups",
            [(one.group, one.count) for one in found.errors],
            sorted(groups.items(), key=lambda one: (-one[1], one[0]))[: question.top],
        ),
    ]


def _kept(world: World, question: ask.Common, row: dict[str, Any]) -> bool:
    return all(reference.holds(row, one, world.people, world.rows, world.now) for one in question.filters)


def _events(world: World, question: ask.EventNames, found: results.EventNamesResult) -> list[str]:
    rows = world.asked(question)
    expected = []
    for name in {row["name"] for row in rows}:
        mine = [row for row in rows if row["name"] == name]
        expected.append((name, len(reference.distinct(mine)), len({row["person"] for row in mine} - {""})))
    expected.sort(key=lambda one: (-one[1], one[0]))
    return _same("events", [(one.name, one.count, one.persons) for one in found.events], expected[: question.limit])
