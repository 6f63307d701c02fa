"""Questions as addresses, and back: what a page of analysis shows is all in its address.

What an address says is read tolerantly: what cannot be meant is left out, so that an old link still shows a page. Texts
with several parts, such as filters, have them between "|".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias, get_args

import msgspec

from eden.base.problems import Problem
from eden.console.forms import Form
from eden.observe.interfaces import LAUNCH, LONG_TASK, PAGE_VIEW, REQUEST, SET_DATA
from eden.observe.pages.period import CUSTOM, Period
from eden.observe.questions import interfaces as ask
from eden.observe.questions.interfaces import Events, Filter, Operator, Question

#: what a link says: names and texts, several of one name allowed
Query: TypeAlias = dict[str, str | list[str]]

OPERATORS: tuple[str, ...] = get_args(Operator)
#: of one number, of two, of none
NUMBERED = frozenset({"gt", "gte", "lt", "lte"})
VALUELESS = frozenset({"set", "not_set"})
#: values of one filter are written with commas between
_COMMAS = str.maketrans("，、", ",,")

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
#: what the page of performance is about → the event, and the property that groups are made by when none is chosen
SUBJECTS: Mapping[str, tuple[str, str]] = {
    "launch": (LAUNCH, "version"),
    "page": (PAGE_VIEW, "page"),
    "request": (REQUEST, "props.pattern"),
    "set_data": (SET_DATA, "page"),
    "long_task": (LONG_TASK, "page"),
}
_PERCENTILES = (50.0, 75.0, 90.0, 95.0, 99.0)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def checked(question: Question) -> Question:
    """The question if the rules for its fields hold (those of the API). Problem `invalid` otherwise."""
    try:
        return msgspec.convert(msgspec.to_builtins(question), Question)  # type: ignore[no-any-return]
    except msgspec.ValidationError as error:
        raise Problem("invalid", f"The question cannot be asked: {error}.", "Choose something else.") from None


# parts


def split(text: str) -> list[str]:
    """The parts of a text that `join` made."""
    return [part.replace("%7C", "|").replace("%25", "%") for part in text.split("|")]


def join(parts: Sequence[str]) -> str:
    """Parts as one text."""
    return "|".join(part.replace("%", "%25").replace("|", "%7C") for part in parts)


def made_filter(name: str, operator: str, text: str) -> Filter | None:
    """A filter as a form has it: values with commas between. None when it means nothing."""
    if not name or operator not in OPERATORS:
        return None
    values = [value.strip() for value in text.translate(_COMMAS).split(",") if value.strip()]
    return _filter(name, operator, values)


def _filter(name: str, operator: str, values: Sequence[str]) -> Filter | None:
    numbers: list[str | float] = []
    try:
        given = [float(value) for value in values] if operator in NUMBERED or operator == "between" else []
    except ValueError:
        return None
    if operator in VALUELESS:
        values = ()
    elif operator in NUMBERED:
        if len(given) != 1:
            return None
        numbers = [*given]
    elif operator == "between":
        if len(given) != 2:
            return None
        numbers = [*sorted(given)]
    elif not values:
        return None
    return Filter(property=name, operator=operator, values=tuple(numbers or values))  # type: ignore[arg-type]


def read_filter(text: str) -> Filter | None:
    """A filter of an address: property, operator, values."""
    parts = split(text)
    if len(parts) < 2 or parts[1] not in OPERATORS or not parts[0]:
        return None
    return _filter(parts[0], parts[1], [part for part in parts[2:] if part])


def write_filter(found: Filter) -> str:
    return join([found.property, found.operator, *(_text(value) for value in found.values)])


def _text(value: str | float) -> str:
    return f"{value:g}" if isinstance(value, float) else value


def read_filters(asked: Form) -> tuple[Filter, ...]:
    """The filters of a whole page."""
    found = (read_filter(text) for text in asked.all("filter"))
    return tuple(each for each in found if each is not None)[:20]


def when(period: Period) -> ask.Period:
    """The time of a page, as questions have it."""
    if period.key == CUSTOM:
        since, until = (_EPOCH + timedelta(microseconds=at) for at in (period.since, period.until))
        return ask.Period(since=since, until=until, zone=period.zone.key)
    return ask.Period(last="60m" if period.key == "1h" else period.key, zone=period.zone.key)


def _time(period: ask.Period) -> dict[str, str]:
    if period.since is not None:
        until = (period.until or period.since) - timedelta(microseconds=1)
        return {"time": CUSTOM, "since": period.since.date().isoformat(), "until": until.date().isoformat()}
    return {"time": {"60m": "1h", "7d": ""}.get(period.last, period.last)}


def _common(asked: Form, period: Period) -> dict[str, Any]:
    return {"period": when(period), "filters": read_filters(asked)}


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
    """Of the page of events: `event` (several), `measure`, `of`, `over`, `by`, `interval`, `mode`."""
    chosen = _chosen(asked, "measure", MEASURES)
    kind, percentile = ("percentile", float(chosen[1:])) if chosen[1:].isdigit() else (chosen, 95.0)
    over = None
    if kind in RATIOS:
        over = Events(names=tuple(name for name in [asked.one("over")] if name))
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
        events=Events(names=tuple(dict.fromkeys(name for name in asked.all("event") if name))[:50]),
        measure=measure,
        interval=interval,  # type: ignore[arg-type]
        breakdown=_breakdown(asked),
        compare=period.compare,
        cumulative=mode == "cumulative",
        rolling=MODES[mode] or None,
    )


def write_trend(question: ask.Trend) -> Query:
    measure = question.measure
    kind = f"p{measure.percentile:g}" if measure.kind == "percentile" else measure.kind
    mode = "cumulative" if question.cumulative else f"rolling-{question.rolling}" if question.rolling else ""
    return {
        **_written(question),
        "event": [*question.events.names],
        "measure": "" if kind == "count" else kind,
        "of": "" if measure.of == "value" else measure.of,
        "over": measure.over.names[0] if measure.over is not None and measure.over.names else "",
        "by": _by(question),
        "interval": question.interval,
        "mode": mode,
    }


# funnels


def read_steps(asked: Form) -> list[ask.Step]:
    """Steps of an address: event, and perhaps a filter: property, operator, values."""
    return [step for text in asked.all("step")[: ask.LARGEST_STEPS] if (step := _step(split(text))) is not None]


def _step(parts: Sequence[str]) -> ask.Step | None:
    if not parts or not parts[0]:
        return None
    found = read_filter(join(parts[1:])) if len(parts) > 2 else None
    return ask.Step(events=Events(names=(parts[0],), filters=() if found is None else (found,)))


def write_step(step: ask.Step) -> str:
    name = step.events.names[0] if step.events.names else ""
    filters = [each for each in step.events.filters if isinstance(each, Filter)]
    return "|".join([join([name]), *(write_filter(each) for each in filters[:1])])


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
        order=_chosen(asked, "order", ("ordered", "strict")),  # type: ignore[arg-type]
        exclusions=tuple(ask.Exclusion(events=Events(names=(name,))) for name in asked.all("exclude") if name)[:10],
        breakdown=_breakdown(asked),
        compare=period.compare,
    )


def write_funnel(question: ask.Funnel) -> Query:
    return {
        **_written(question),
        "step": [write_step(step) for step in question.steps],
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
        start=Events(names=(asked.one("start") or LAUNCH,)),
        back=Events(names=(asked.one("back") or LAUNCH,)),
        interval=_chosen(asked, "interval", ("day", "week", "month")),  # type: ignore[arg-type]
        mode=_chosen(asked, "mode", ("first", "recurring")),  # type: ignore[arg-type]
        bounded=asked.one("later") != "yes",
        unit=_chosen(asked, "unit", ("person", "device")),  # type: ignore[arg-type]
    )


def write_retention(question: ask.Retention) -> Query:
    start, back = ((events.names or ("",))[0] for events in (question.start, question.back))
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


_WRITERS: dict[type[Any], tuple[str, Any]] = {
    ask.Trend: ("events", write_trend),
    ask.Funnel: ("funnel", write_funnel),
    ask.Retention: ("retention", write_retention),
    ask.Paths: ("paths", write_paths),
    ask.Percentiles: ("performance", write_percentiles),
    ask.Versions: ("versions", write_versions),
}


def place_of(question: Question) -> tuple[str, Query]:
    """The tab on which a question is asked, and what its address says; the overview for questions without a page."""
    tab, write = _WRITERS.get(type(question), ("overview", None))
    return tab, {} if write is None else write(question)
