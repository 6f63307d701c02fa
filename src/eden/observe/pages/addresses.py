"""Questions as addresses, and back: what a page of analysis shows is all in its address.

What an address says is read tolerantly: what cannot be meant is left out, so that an old link still shows a page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias, get_args

import msgspec

from eden.base.problems import Problem
from eden.console.forms import Form, made_form
from eden.observe.interfaces import LAUNCH, LONG_TASK, PAGE_VIEW, REQUEST, SET_DATA
from eden.observe.pages.conditions import read_events, read_filters, write_events, write_filter
from eden.observe.pages.period import CUSTOM, Period, read_period, read_zone
from eden.observe.questions import interfaces as ask
from eden.observe.questions.interfaces import Events, Filter, Question

#: what a link says: names and texts, several of one name allowed
Query: TypeAlias = dict[str, str | list[str]]

MEASURES = (
    "count", "persons", "sessions", "per_person", "sum", "average", "minimum", "maximum", "p50", "p90", "p95", "p99",
    "ratio", "person_ratio",
)  # fmt: skip
#: measures that take the numbers of a property
OF_NUMBERS = frozenset({"sum", "average", "minimum", "maximum", "p50", "p90", "p95", "p99"})
RATIOS = frozenset({"ratio", "person_ratio"})
#: how a trend looks back: not, to the start, so many days
MODES = {"": 0, "cumulative": 0, "rolling-7": 7, "rolling-28": 28}
WINDOWS = (1800, 3600, 86_400, 7 * 86_400, 30 * 86_400)
#: what may happen between the steps of a funnel, or whether they have an order
ORDERS: tuple[str, ...] = ("ordered", "strict", "unordered")
#: what the page of performance is about → the event, and the property that groups are made by when none is chosen
SUBJECTS: Mapping[str, tuple[str, str]] = {
    "launch": (LAUNCH, "version"),
    "page": (PAGE_VIEW, "page"),
    "request": (REQUEST, "props.pattern"),
    "set_data": (SET_DATA, "page"),
    "long_task": (LONG_TASK, "page"),
}
#: lines of the tables of the overview, people of a page
TOP, PEOPLE = 10, 50
#: days in which people did what they are listed for; the first is usual
DAYS = (30, 1, 7, 90)
_PERCENTILES = (50.0, 75.0, 90.0, 95.0, 99.0)
#: how the place of a mistake ends where a property is named
_NAMED = (".property`", ".by[0]`", ".by[1]`", ".of`")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def checked(question: Question) -> Question:
    """The question if the rules for its fields hold (those of the API). Problem `invalid` otherwise."""
    try:
        return msgspec.convert(msgspec.to_builtins(question), Question)  # type: ignore[no-any-return]
    except msgspec.ValidationError as error:
        if "matching regex" in str(error) and str(error).endswith(_NAMED):
            sentence = "A property is a column, such as version, or begins with props. or person."
            raise Problem("invalid", sentence, "Choose one of those that are suggested.") from None
        raise Problem("invalid", f"The question cannot be asked: {error}.", "Choose something else.") from None


# what all have


def page_filters(asked: Form) -> tuple[Filter, ...]:
    """The filters of a whole page."""
    return read_filters(asked.all("filter"))


def when(period: Period) -> ask.Period:
    """The time of a page, as questions have it."""
    if period.key == CUSTOM:
        since, until = (_EPOCH + timedelta(microseconds=at) for at in (period.since, period.until))
        return ask.Period(since=since, until=until, zone=period.zone.key)
    return ask.Period(last="60m" if period.key == "1h" else period.key, zone=period.zone.key)


def _time(period: ask.Period) -> dict[str, str]:
    if period.since is not None:
        # days of the zone in which they were chosen
        zone = read_zone(period.zone)
        last = (period.until or period.since) - timedelta(microseconds=1)
        since, until = (moment.astimezone(zone).date().isoformat() for moment in (period.since, last))
        return {"time": CUSTOM, "since": since, "until": until}
    return {"time": {"60m": "1h", "7d": ""}.get(period.last, period.last)}


def _common(asked: Form, period: Period) -> dict[str, Any]:
    return {"period": when(period), "filters": page_filters(asked)}


def _written(question: Any) -> Query:
    filters = [write_filter(each) for each in question.filters if isinstance(each, Filter)]
    compare = "yes" if getattr(question, "compare", False) else ""
    return {**_time(question.period), "compare": compare, "filter": filters}


def _chosen(asked: Form, name: str, choices: Sequence[str]) -> str:
    """The chosen one; the first when there is none, or a strange one."""
    text = asked.one(name)
    return text if text in choices else choices[0]


def _breakdown(asked: Form, name: str = "by", usual: str = "") -> ask.Breakdown | None:
    by = asked.one(name, usual)
    return ask.Breakdown(by=(by,)) if by and by != "none" else None


def _by(question: Any) -> str:
    return question.breakdown.by[0] if question.breakdown is not None else ""


# trends


def read_trend(asked: Form, period: Period) -> ask.Trend:
    """Of the page of events: `event` and `where` (several), `measure`, `of`, `over`, `by`, `interval`, `mode`."""
    chosen = _chosen(asked, "measure", MEASURES)
    kind, percentile = ("percentile", float(chosen[1:])) if chosen[1:].isdigit() else (chosen, 95.0)
    over = None
    if kind in RATIOS:
        over = read_events(asked.one("over"))
    mode = _chosen(asked, "mode", [*MODES])
    step = asked.one("interval")
    interval = "day" if MODES[mode] else step if step in get_args(ask.Interval) else period.step
    measure = ask.Measure(
        kind=kind,  # type: ignore[arg-type]
        of=(asked.one("of") if chosen in OF_NUMBERS else "") or "value",
        percentile=percentile,
        over=over,
    )
    return ask.Trend(
        **_common(asked, period),
        events=_named(asked),
        measure=measure,
        interval=interval,  # type: ignore[arg-type]
        breakdown=_breakdown(asked),
        compare=period.compare,
        cumulative=mode == "cumulative",
        rolling=MODES[mode] or None,
    )


def _named(asked: Form) -> Events:
    """The events of `event` and `where`."""
    names = tuple(dict.fromkeys(name for name in asked.all("event") if name))[:50]
    return Events(names=names, filters=read_filters(asked.all("where")))


def write_trend(question: ask.Trend) -> Query:
    measure = question.measure
    kind = f"p{measure.percentile:g}" if measure.kind == "percentile" else measure.kind
    mode = "cumulative" if question.cumulative else f"rolling-{question.rolling}" if question.rolling else ""
    return {
        **_written(question),
        "event": [*question.events.names],
        "where": [write_filter(each) for each in question.events.filters if isinstance(each, Filter)],
        "measure": "" if kind == "count" else kind,
        "of": "" if measure.of == "value" else measure.of,
        "over": "" if measure.over is None else write_events(measure.over),
        "by": _by(question),
        "interval": question.interval,
        "mode": mode,
    }


# funnels


def read_steps(asked: Form) -> list[ask.Step]:
    """Steps of an address, each one its events."""
    return [ask.Step(events=read_events(text)) for text in asked.all("step")[: ask.LARGEST_STEPS] if text]


def read_funnel(asked: Form, period: Period) -> ask.Funnel | None:
    """Of the page of funnels: `step` (several), `window`, `unit`, `order`, `exclude`, `by`. None with too few steps."""
    steps = read_steps(asked)
    if len(steps) < 2:
        return None
    window = asked.number("window")
    return ask.Funnel(
        **_common(asked, period),
        steps=tuple(steps),
        window=window if window in WINDOWS else 7 * 86_400,
        unit=_chosen(asked, "unit", get_args(ask.Unit)),  # type: ignore[arg-type]
        order=_chosen(asked, "order", ORDERS),  # type: ignore[arg-type]
        exclusions=tuple(ask.Exclusion(events=Events(names=(name,))) for name in asked.all("exclude") if name)[:10],
        breakdown=_breakdown(asked),
        compare=period.compare,
    )


def write_funnel(question: ask.Funnel) -> Query:
    return {
        **_written(question),
        "step": [write_events(step.events) for step in question.steps],
        "window": str(question.window),
        "unit": "" if question.unit == "person" else question.unit,
        "order": "" if question.order == "ordered" else question.order,
        "exclude": [name for exclusion in question.exclusions for name in exclusion.events.names[:1]],
        "by": _by(question),
    }


# who comes back, which ways


def read_retention(asked: Form, period: Period) -> ask.Retention:
    """`start`, `back` (events), `interval`, `mode`, `later`, `unit`."""
    return ask.Retention(
        **_common(asked, period),
        start=read_events(asked.one("start") or LAUNCH),
        back=read_events(asked.one("back") or LAUNCH),
        interval=_chosen(asked, "interval", ("day", "week", "month")),  # type: ignore[arg-type]
        mode=_chosen(asked, "mode", ("first", "recurring")),  # type: ignore[arg-type]
        bounded=asked.one("later") != "yes",
        unit=_chosen(asked, "unit", ("person", "device")),  # type: ignore[arg-type]
    )


def write_retention(question: ask.Retention) -> Query:
    start, back = (write_events(events) for events in (question.start, question.back))
    return {
        **_written(question),
        "start": "" if start == LAUNCH else start,
        "back": "" if back == LAUNCH else back,
        "interval": question.interval,
        "mode": "" if question.mode == "first" else question.mode,
        "later": "" if question.bounded else "yes",
        "unit": "" if question.unit == "person" else question.unit,
    }


def read_paths(asked: Form, period: Period) -> ask.Paths:
    """`nodes` (page or event), `start` or `end`, `steps`."""
    by = _chosen(asked, "nodes", ("page", "event"))
    steps = asked.number("steps")
    return ask.Paths(
        **_common(asked, period),
        by=by,  # type: ignore[arg-type]
        events=Events(names=(PAGE_VIEW,) if by == "page" else ()),
        start=asked.one("start") or None,
        end=(asked.one("end") or None) if not asked.one("start") else None,
        steps=steps if 2 <= steps <= 10 else 4,
        nodes=8,
    )


def write_paths(question: ask.Paths) -> Query:
    return {
        **_written(question),
        "nodes": "" if question.by == "page" else question.by,
        "start": question.start or "",
        "end": question.end or "",
        "steps": str(question.steps),
    }


# how fast, which versions


def read_percentiles(asked: Form, period: Period) -> ask.Percentiles:
    """Of the page of performance: `what` (of `SUBJECTS`), `by`."""
    event, usual = SUBJECTS[_chosen(asked, "what", [*SUBJECTS])]
    return ask.Percentiles(
        **_common(asked, period),
        events=Events(names=(event,)),
        percentiles=_PERCENTILES,
        breakdown=_breakdown(asked, usual=usual),
        interval=period.step,
        compare=period.compare,
    )


def write_percentiles(question: ask.Percentiles) -> Query:
    event = (question.events.names or ("",))[0]
    what = next((name for name, (each, _) in SUBJECTS.items() if each == event), "")
    return {**_written(question), "what": "" if what == "launch" else what, "by": _by(question) or "none"}


def read_versions(asked: Form, period: Period) -> ask.Versions:
    """`kind`: the mini program's versions, the app's around it, or releases."""
    by = _chosen(asked, "kind", ("version", "app_version", "release"))
    return ask.Versions(**_common(asked, period), by=by, interval=period.step)  # type: ignore[arg-type]


def write_versions(question: ask.Versions) -> Query:
    return {**_written(question), "kind": "" if question.by in ("version", "code") else question.by}


def read_overview(asked: Form, period: Period) -> ask.Overview:
    """Of the first page; it compares with the time before if that is wanted."""
    return ask.Overview(**_common(asked, period), interval=period.step, compare=period.compare, top=TOP)


def write_overview(question: ask.Overview) -> Query:
    return _written(question)


# who


def read_cohort(asked: Form, period: Period) -> ask.Cohort:
    """Of the page of people: `event` and `where` (several), `least` times, in `days`; `not`: everybody else."""
    days, least = asked.number("days"), asked.number("least")
    did = ask.Did(
        events=_named(asked), days=days if days in DAYS else DAYS[0], at_least=least if 1 < least <= 1_000_000 else 1
    )
    condition = ask.Not(condition=did) if asked.one("not") == "yes" else did
    return ask.Cohort(filters=page_filters(asked), condition=condition, limit=PEOPLE)


def write_cohort(question: ask.Cohort) -> Query:
    condition = question.condition
    did = condition.condition if isinstance(condition, ask.Not) else condition
    if not isinstance(did, ask.Did):
        # made of several: no form has words for it
        return {}
    return {
        "filter": [write_filter(each) for each in question.filters if isinstance(each, Filter)],
        "event": [*did.events.names],
        "where": [write_filter(each) for each in did.events.filters if isinstance(each, Filter)],
        "not": "yes" if did is not condition else "",
        "least": "" if did.at_least == 1 else str(did.at_least),
        "days": "" if did.days == DAYS[0] else str(did.days),
    }


#: the tab on which a kind of question is asked, and how its address is read and written
_PLACES: dict[type[Any], tuple[str, Callable[[Form, Period], Any], Callable[[Any], Query]]] = {
    ask.Overview: ("overview", read_overview, write_overview),
    ask.Trend: ("events", read_trend, write_trend),
    ask.Funnel: ("funnel", read_funnel, write_funnel),
    ask.Retention: ("retention", read_retention, write_retention),
    ask.Paths: ("paths", read_paths, write_paths),
    ask.Percentiles: ("performance", read_percentiles, write_percentiles),
    ask.Versions: ("versions", read_versions, write_versions),
    ask.Cohort: ("people", read_cohort, write_cohort),
}


def place_of(question: Question, now: int) -> tuple[str, Query] | None:
    """The tab on which a question is asked, and what its address says; None for one that no page says as a whole, such
    as one that was asked over the API with more than forms have."""
    if type(question) not in _PLACES:
        return None
    tab, read, write = _PLACES[type(question)]
    query = write(question)
    form = made_form(
        (name, each) for name, value in query.items() for each in ([value] if isinstance(value, str) else value) if each
    )
    first = {name: values[0] for name, values in form.values.items()}
    again = read(form, read_period(first, now, read_zone(question.period.zone)))
    if again is not None and _is_same_time(again.period, question.period):
        again = msgspec.structs.replace(again, period=question.period)
    return (tab, query) if again == question else None


def _is_same_time(one: ask.Period, other: ask.Period) -> bool:
    """The last day of dates is over meanwhile, or was not when they were chosen."""
    return one == other or (one.since is not None and one.since == other.since and _time(one) == _time(other))
