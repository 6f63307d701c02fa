"""Log lines: search, filters, pages, neighbours, counts, and what is coming in."""

from __future__ import annotations

from typing import Any

import pytest

from eden.base.problems import Problem
from eden.observe.logs.interfaces import LogFilter, LogLine, level_name
from tests.observe.stage import NOW, SECOND, Stage


def asked(stage: Stage, **more: Any) -> LogFilter:
    return LogFilter(**{"since": stage.at - 3600 * SECOND, "until": stage.at + SECOND, **more})


def messages(stage: Stage, **more: Any) -> list[str]:
    found, _ = stage.run(stage.logs.page(*stage.caller, "bank", asked(stage, **more)))
    return [line.message for line in found]


def some(stage: Stage) -> None:
    stage.put(
        stage.line("Payment declined for user_7", at=-9, level=17, logger="pay", session="s1", version="1.3"),
        stage.line("payment accepted", at=-8, level=9, person="p1", page="pages/pay", trace="t1"),
        stage.line("账户余额不足 now", at=-7, level=13, device="e"),
        stage.line("timeout after 30 ms", at=-6, level=5, pull="u1", props={"a": {"b": 1}}),
        stage.line("another app's payment", at=-5, app=2),
        stage.line("old payment", at=-7200),
    )


#: what is asked for → first words, the newest first
FOUND: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["timeout", "账户余额不足", "payment", "Payment"]),
    ({"text": "PAYMENT"}, ["payment", "Payment"]),
    ({"text": "payment declined"}, ["Payment"]),
    ({"text": "user_7"}, ["Payment"]),
    ({"text": "余额"}, ["账户余额不足"]),
    ({"text": "pay"}, []),
    ({"text": "pay*"}, ["payment", "Payment"]),
    ({"text": "payment -declined"}, ["payment"]),
    ({"text": '"nt accep"'}, ["payment"]),
    ({"text": "-30 -payment"}, ["账户余额不足"]),
    ({"level": 13}, ["账户余额不足", "Payment"]),
    ({"level": 14}, ["Payment"]),
    ({"tag": "pay"}, ["Payment"]),
    ({"device": "e"}, ["账户余额不足"]),
    ({"person": "p1"}, ["payment"]),
    ({"person": "e"}, ["账户余额不足"]),
    ({"session": "s1"}, ["Payment"]),
    ({"version": "1.3"}, ["Payment"]),
    ({"page": "pages/pay"}, ["payment"]),
    ({"trace": "t1"}, ["payment"]),
    ({"pull": "u1"}, ["timeout"]),
    ({"since": (NOW - 8) * SECOND, "until": (NOW - 6) * SECOND}, ["账户余额不足", "payment"]),
    ({"since": 0, "text": "old"}, ["old"]),
]


def test_search_and_filters(stage: Stage) -> None:
    some(stage)
    found = [(more, [message.split()[0] for message in messages(stage, **more)]) for more, _ in FOUND]
    assert found == FOUND


CHINESE = [
    "订单12345支付失败，原因：余额不足",
    "网络error：timeout 超时",
    "用户登录成功 user_42",
    "扣款成功",
    "ORDER 12345 shipped",
]
#: what is searched for → numbers of lines, the newest first
FOUND_CHINESE: list[tuple[str, list[int]]] = [
    # a run of characters, wherever it stands in another
    ("支付失败", [0]),
    ("付失", [0]),
    ("成功", [3, 2]),
    ("余额 不足", [0]),
    ("登录 成功", [2]),
    # words between them
    ("12345", [4, 0]),
    ("ERROR", [1]),
    ("timeout", [1]),
    ("订单12345", [0]),
    ("订单1234", []),
    ("订单1234*", [0]),
    ('"单12345支"', [0]),
    ("12345 失败", [0]),
    ("user_42", [2]),
    # without them
    ("成功 -登录", [3]),
    ("-成功 -12345", [1]),
    ('"原因：余额"', [0]),
    ("，", [0]),
]


def test_chinese_words_are_found(stage: Stage) -> None:
    """There are no spaces between them, and often a number or an English word in their midst."""
    stage.put(*(stage.line(message, at=number - 9) for number, message in enumerate(CHINESE)))
    found = [(text, [CHINESE.index(message) for message in messages(stage, text=text)]) for text, _ in FOUND_CHINESE]
    assert found == FOUND_CHINESE


def test_a_line_has_what_was_sent(stage: Stage) -> None:
    some(stage)
    [line], _ = stage.run(stage.logs.page(*stage.caller, "bank", asked(stage, pull="u1")))
    assert (line.at, line.level, line.device, line.pull) == ((NOW - 6) * SECOND, 5, "d", "u1")
    assert line.props == {"a": {"b": 1}}
    assert [level_name(level) for level in (0, 4, 5, 9, 12, 13, 17, 20, 21, 24)] == [
        "trace", "trace", "debug", "info", "info", "warn", "error", "error", "fatal", "fatal",
    ]  # fmt: skip


def test_pages_follow_each_other_through_one_millisecond(stage: Stage) -> None:
    """Nothing is shown twice or left out, also where lines are all the same."""
    rows = [stage.line(f"m{number:02}", at=-1, seq=number) for number in range(12)]
    rows += [stage.line("same", at=-2) for _ in range(9)]
    rows += [stage.line(f"o{number}", at=-3 - number) for number in range(4)]
    stage.put(*rows)
    seen: list[LogLine] = []
    before = None
    while True:
        found, before = stage.run(stage.logs.page(*stage.caller, "bank", asked(stage), before=before, limit=5))
        seen += found
        if before is None:
            break
    assert [line.message for line in seen] == [
        *[f"m{number:02}" for number in reversed(range(12))],
        *["same"] * 9,
        *[f"o{number}" for number in range(4)],
    ]


def test_around_a_line(stage: Stage) -> None:
    stage.put(
        *[stage.line(f"m{number}", at=-1, seq=number) for number in range(5)],
        stage.line("earlier", at=-60),
        stage.line("later", at=0),
        stage.line("somebody else", at=-1, device="e", seq=2),
    )
    middle = next(
        line for line in stage.run(stage.logs.page(*stage.caller, "bank", asked(stage)))[0] if line.message == "m2"
    )
    before, line, after = stage.run(stage.logs.around(*stage.caller, "bank", "d", middle.place))
    assert ([one.message for one in before], line, [one.message for one in after]) == (
        ["earlier", "m0", "m1"],
        middle,
        ["m3", "m4", "later"],
    )
    before, _, after = stage.run(stage.logs.around(*stage.caller, "bank", "d", middle.place, limit=1))
    assert [one.message for one in (*before, *after)] == ["m1", "m3"]
    with pytest.raises(Problem, match="log line"):
        stage.run(stage.logs.around(*stage.caller, "bank", "d", (middle.at // 1000, middle.received // 1000, 9)))


def test_around_a_line_of_no_device(stage: Stage) -> None:
    stage.put(
        stage.line("a", at=-3, device="", session="s"),
        stage.line("b", at=-2, device="", session="s"),
        stage.line("c", at=-1, device="", session=""),
    )
    lines = stage.run(stage.logs.page(*stage.caller, "bank", asked(stage)))[0]
    before, _, after = stage.run(stage.logs.around(*stage.caller, "bank", "", lines[1].place))
    assert ([one.message for one in before], after) == (["a"], [])
    before, _, after = stage.run(stage.logs.around(*stage.caller, "bank", "", lines[0].place))
    assert (before, after) == ([], [])


def test_counts_and_tags(stage: Stage) -> None:
    some(stage)
    counted = stage.run(stage.logs.counts(*stage.caller, "bank", asked(stage)))
    assert len(counted) == 60
    assert [sum(column) for column in list(zip(*counted, strict=True))[1:]] == [4, 1, 1]
    assert counted[0][0] == stage.at - 3600 * SECOND
    assert stage.run(stage.logs.tags(*stage.caller, "bank", asked(stage, text="nothing"))) == ["pay"]


def test_what_comes_in(stage: Stage) -> None:
    stage.put(stage.line("before", at=-1))
    tail = stage.run(stage.logs.tail(*stage.caller, "bank", asked(stage, level=9)))
    stage.at += SECOND
    assert stage.run(tail.fresh()) == []
    stage.put(stage.line("b", at=0.7), stage.line("a", at=0.5), stage.line("too low", at=0.6, level=5))
    assert [line.message for line in stage.run(tail.fresh())] == ["a", "b"]
    assert stage.run(tail.fresh()) == []
    # one that was received earlier, and stored later by another process
    stage.at += 10 * SECOND
    stage.put(stage.line("late", at=0.8))
    assert [line.message for line in stage.run(tail.fresh())] == ["late"]
    # a phone that was offline for long has no news
    row = stage.line("old", at=-7200)
    row.received = NOW + 11
    stage.put(row)
    assert stage.run(tail.fresh()) == []
    # what was seen long ago is not looked at again
    stage.at += 60 * SECOND
    assert stage.run(tail.fresh()) == []


def test_who_was_away_for_a_while_misses_nothing(stage: Stage) -> None:
    """A stream broke off, or nobody looked at the page."""
    first = stage.run(stage.logs.tail(*stage.caller, "bank", asked(stage)))
    stage.put(stage.line("seen", at=1))
    stage.at += 2 * SECOND
    assert [line.message for line in stage.run(first.fresh())] == ["seen"]
    stage.put(*(stage.line(f"m{number}", at=number) for number in (20, 40, 60)))
    stage.at += 120 * SECOND
    again = stage.run(stage.logs.tail(*stage.caller, "bank", asked(stage), after=first.mark))
    assert [line.message for line in stage.run(again.fresh())] == ["m20", "m40", "m60"]
    assert stage.run(again.fresh()) == [] and again.mark == (NOW + 60) * 1000
    # nor does who had seen nothing yet
    silent = stage.run(stage.logs.tail(*stage.caller, "bank", asked(stage)))
    stage.put(stage.line("later", at=130))
    stage.at += 60 * SECOND
    after = stage.run(stage.logs.tail(*stage.caller, "bank", asked(stage), after=silent.mark))
    assert [line.message for line in stage.run(after.fresh())] == ["later"]
    # a mark of long ago, or of another clock, is none
    for mark in (first.mark - 600_000, stage.at // 1000 + 5):
        anew = stage.run(stage.logs.tail(*stage.caller, "bank", asked(stage), after=mark))
        assert anew.mark == stage.at // 1000 - 1 and stage.run(anew.fresh()) == []


def test_of_a_flood_the_newest_lines_are_shown(stage: Stage) -> None:
    tail = stage.run(stage.logs.tail(*stage.caller, "bank", asked(stage)))
    stage.put(*[stage.line(f"m{number}", at=number / 1000) for number in range(300)])
    found = stage.run(tail.fresh())
    assert (found[0].message, found[-1].message, len(found)) == ("m100", "m299", 200)


def test_who_may_not(stage: Stage) -> None:
    with pytest.raises(Problem) as raised:
        stage.run(stage.logs.page(stage.people["stranger"], "w", "bank", asked(stage)))
    assert raised.value.code == "not-found"
