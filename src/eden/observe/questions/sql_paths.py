"""The ways people go through pages, or through events."""

from __future__ import annotations

from collections import Counter, defaultdict

from eden.observe.questions.interfaces import Paths
from eden.observe.questions.results import OTHER, PathLink, PathNode, PathsResult
from eden.observe.questions.statements import Asking, Build, Rows, Statement, conjunction
from eden.observe.questions.times import Range, resolve

#: different pairs of nodes that are looked at
LARGEST_PAIRS = 20_000
#: of a number, for the place of a node among the most frequent
_BITS = 14
_MOST = (1 << _BITS) - 1
#: different nodes, the most frequent; the rest is one
LARGEST_NODES = _MOST - 2


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
    anchor = question.end if question.end is not None else question.start
    asked = build.bind(anchor or "", "String")
    # the first place is behind the end of a way; the second is that of all nodes that have none
    names = (
        f"(SELECT arrayConcat(['', {build.bind(OTHER, 'String')}], groupArray(node)) FROM (SELECT toString({column}) AS"
        f" node FROM events WHERE {having} GROUP BY {column} ORDER BY node = {asked} DESC, count() DESC, node"
        f" LIMIT {LARGEST_NODES}))"
    )
    place = f"transform({column}, names, arrayEnumerate(names), 2)"
    # a moment is one number, of its time in the period, the beginning of its id (equal times have an order, and what
    # came twice is the same) and its place: twice as many bits would take twice the time, for states go to the disk
    since, until = found.milliseconds
    free = 64 - (until - since).bit_length()
    time = f"bitShiftLeft(toUInt64(toUnixTimestamp64Milli(at) - {build.bind(since, 'Int64')}), {free})"
    moment = f"{time} + bitShiftLeft(bitShiftRight(id, {64 - free + _BITS}), {_BITS}) + {place}"
    nodes = f"arrayMap(x -> toUInt32(bitAnd(x, {_MOST})), arrayCompact(arraySort(groupArray({moment}))))"
    if question.collapse:
        nodes = f"arrayCompact({nodes})"
    if question.end is not None:
        nodes = f"arrayReverse({nodes})"
    # of millions, numbers take less memory than texts
    ways = f"SELECT {nodes} AS nodes FROM events WHERE {where} GROUP BY cityHash64({question.unit})"
    first = "1"
    if anchor is not None:
        first = f"indexOf(nodes, indexOf(names, {asked}))"
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
