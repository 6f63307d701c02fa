"""Every sentence in both languages, with the same fields."""

from __future__ import annotations

from string import Formatter

import pytest

from eden.release.guardrails_v1 import Metric
from eden.release.interfaces import Message, NoticeLevel, ReleaseState, Verb
from eden.release.rules_reasons import SENTENCES, moment, percent, say


def fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


@pytest.mark.parametrize("code", SENTENCES)
def test_a_sentence_says_the_same_in_both_languages(code: str) -> None:
    english, chinese = SENTENCES[code]
    assert fields(english) == fields(chinese)
    assert english[0].isupper() or english[0] == "{"
    assert english.endswith(".")
    assert chinese.endswith("。")
    assert english.isascii() or "“" in english


@pytest.mark.parametrize("metric", Metric)
def test_every_metric_has_its_sentences(metric: Metric) -> None:
    assert {f"guardrail-{metric}", f"guardrail-watch-{metric}", f"guardrail-limit-{metric}"} <= SENTENCES.keys()


def test_words_of_the_machine_are_known_in_both_languages() -> None:
    for state in ReleaseState:
        for verb in Verb:
            message = Message("not-in-state", {"state": state, "verb": verb, "verbs": ",".join(Verb)})
            assert state not in say(message, "zh") and verb not in say(message, "zh")
            assert "_" not in say(message)
    for level in NoticeLevel:
        assert level not in say(Message("gets-notice", {"version": "1", "level": level}), "zh")


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0, "0 %"), (1, "0.01 %"), (10, "0.1 %"), (100, "1 %"), (105, "1.05 %"), (1_250, "12.5 %"), (10_000, "100 %")],
)
def test_shares_are_shown_in_percent(share: int, shown: str) -> None:
    assert percent(share) == shown
    assert say(Message("ramp", {"share": share})) == f"The ramp goes on: {shown}."


def test_moments_are_shown_as_dates() -> None:
    at = 1_780_000_000_999_999
    assert moment(at) == "2026-05-28T20:26:40Z"
    assert moment(at) in say(Message("too-early", {"seconds": 60, "allowed_at": at}))
