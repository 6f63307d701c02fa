"""Answering a question: its statements are run, side by side where they do not need each other."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Protocol

from eden.observe.insight.client import Answer
from eden.observe.questions.asking import asking
from eden.observe.questions.interfaces import Question
from eden.observe.questions.results import Answered, Asked
from eden.observe.questions.statements import Statement


class Store(Protocol):
    """What answers need of `eden.observe.insight.client.Insight`."""

    async def ask(self, sql: str, parameters: dict[str, Any] | None = None) -> Answer: ...


async def answer(insight: Store, app: int, question: Question, now: int) -> Answered:
    """The result and every statement that was run for it. `app`: the app's number; `now` in microseconds.

    Raises Problem: `invalid`, and those of `Insight.ask`.
    """
    began = time.perf_counter()
    asked: list[Asked] = []
    going = asking(question, app, now)
    statements = next(going)
    while True:
        answers = await asyncio.gather(*(insight.ask(one.sql, one.parameters) for one in statements))
        asked += [_asked(one, found) for one, found in zip(statements, answers, strict=True)]
        try:
            statements = going.send([found.rows for found in answers])
        except StopIteration as end:
            return Answered(result=end.value, statements=asked, seconds=time.perf_counter() - began)


def _asked(statement: Statement, found: Answer) -> Asked:
    return Asked(
        name=statement.name,
        sql=statement.sql,
        parameters=statement.parameters,
        seconds=found.seconds,
        read_rows=found.read_rows,
    )
