"""The ways people go through pages, or through events."""

from __future__ import annotations

from collections import Counter, defaultdict

from eden.observe.questions.interfaces import Paths
from eden.observe.questions.results import OTHER, PathLink, PathNode, PathsResult
from eden.observe.questions.statements import Asking, Build, Rows, Statement, conjunction
from eden.observe.questions.times import Range, resolve

#: different pairs of nodes that are looked at
LARGEST_PAIRS = 20_000
#: of a number, for the place of a node among all
_BITS = 23
_MOST = (1 << _BITS) - 1


def ask(question: Paths, app: int, now: int) -> Asking[PathsResult]:
    found = resolve(question.period, now)
    [rows] = yield [statement(question, Build(app, now), found)]
    return _result(question, rows)


def statement(question: Paths, build: Build, found: Range, *, name: str = "paths") -> Statement:
    """Rows: step from 1, node, the node of the next step (empty: the way ends), how many ways; the most frequent
    first. With an end, steps are counted from it backwards."""
    column = "page" if question.by == "page" else "name"
    having = build.rows(found, question.filters, f"{column} != ''", build.events(question.events))
    where = conjunction([having, f"{question.unit} != ''"])
    # a moment is one number, of its time, its id (equal times have an order), and the place of its node among all
    names = (
        f"(SELECT arrayConcat([''], arraySort(groupArray({_MOST})(node)))"
        f" FROM (SELECT toString({column}) AS node FROM events WHERE {having} GROUP BY {column}))"
    )
    place = f"transform({column}, names, arrayEnumerate(names), 0)"
    moment = (
        f"bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Milli(at)), {64 + _BITS}),"
        f" bitOr(bitShiftLeft(toUInt128(id), {_BITS}), toUInt128({place})))"
    )
    # what came twice stands twice at the same place, and one is left
    nodes = f"arrayMap(x -> toUInt32(bitAnd(x, {_MOST})), arrayCompact(arraySort(groupArray({moment}))))"
    if question.collapse:
        nodes = f"arrayCompact({nodes})"
    if question.end is not None:
        nodes = f"arrayReverse({nodes})"
    ways = f"SELECT {nodes} AS nodes FROM events WHERE {where} GROUP BY {question.unit}"
    anchor = question.end if question.end is not None else question.start
    first = "1"
    if anchor is not None:
        first = f"indexOf(nodes, indexOf(names, {build.bind(anchor, 'String')}))"
        ways += f" HAVING {first} > 0"
    # one more than is shown tells whether the last one went on
    cut = f"SELECT arraySlice(nodes, {first}, {question.steps + 1}) AS way FROM ({ways})"
    # a pair is one number, of its step, its node and the next one
    pair = f"bitOr(bitShiftLeft(toUInt64(step), {2 * _BITS}), bitOr(bitShiftLeft(toUInt64(a), {_BITS}), b))"
    following = "arrayPushBack(arrayPopFront(way), 0)"
    pairs = f"arraySlice(arrayMap((step, a, b) -> {pair}, arrayEnumerate(way), way, {following}), 1, {question.steps})"
    node, next_node = (f"names[bitAnd({number}, {_MOST})]" for number in (f"bitShiftRight(pair, {_BITS})", "pair"))
    return build.done(
        name,
        f"WITH {names} AS names"
        f" SELECT bitShiftRight(pair, {2 * _BITS}) AS step, {node} AS node, {next_node} AS following, ways"
        f" FROM (SELECT arrayJoin({pairs}) AS pair, count() AS ways FROM ({cut}) GROUP BY pair)"
        f" ORDER BY ways DESC, step, node, following LIMIT {LARGEST_PAIRS}",
    )


def _result(question: Paths, rows: Rows) -> PathsResult:
    totals: dict[int, Counter[str]] = defaultdict(Counter)
    for step, node, _, ways in rows:
        totals[step - 1][node] += ways
    shown = {
        step: set(sorted(counts, key=lambda node: (-counts[node], node))[: question.nodes])
        for step, counts in totals.items()
    }
    counts: Counter[tuple[int, str]] = Counter()
    ended: Counter[tuple[int, str]] = Counter()
    links: Counter[tuple[int, str, str]] = Counter()
    for step_, node, following, ways in rows:
        step = step_ - 1
        here = node if node in shown[step] else OTHER
        counts[step, here] += ways
        if not following:
            ended[step, here] += ways
        elif step + 1 < question.steps:
            links[step, here, following if following in shown.get(step + 1, ()) else OTHER] += ways
    total = sum(totals[0].values())
    kept = {link: ways for link, ways in links.items() if ways >= question.share * total}
    # a node that no link leads to is left out, as the links are
    reached = {(0, node) for step, node in counts if step == 0}
    reached |= {(step, source) for step, source, _ in kept} | {(step + 1, target) for step, _, target in kept}
    nodes = [
        PathNode(id=f"{step}:{node}", step=step, name=node, count=ways, ended=ended[step, node])
        for (step, node), ways in sorted(counts.items(), key=lambda one: (one[0][0], -one[1], one[0][1]))
        if (step, node) in reached
    ]
    ordered = sorted(kept.items(), key=lambda one: (one[0][0], -one[1], one[0][1:]))
    backwards = question.end is not None
    made = []
    for (step, here, target), ways in ordered:
        ends = (f"{step}:{here}", f"{step + 1}:{target}")
        source, sink = reversed(ends) if backwards else ends
        made.append(PathLink(source=source, target=sink, count=ways))
    return PathsResult(total=total, nodes=nodes, links=made)
