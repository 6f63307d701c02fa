from __future__ import annotations

import json

import pytest

from bench._harness import Figure, report
from eden.base.errors import EdenError
from eden.workshop.benchmarks import bench_command
from eden.workshop.suites import test_command as run_suites


@pytest.mark.parametrize(
    ("figure", "good"),
    [
        (Figure("a", 1.0), True),
        (Figure("a", 1.0, target=1.0), True),
        (Figure("a", 1.1, target=1.0), False),
        (Figure("a", 1.0, target=1.1, at_least=True), False),
        (Figure("a", 1.2, target=1.1, at_least=True), True),
    ],
)
def test_report(figure: Figure, good: bool, capsys: pytest.CaptureFixture[str]) -> None:
    assert report([figure, Figure("b_ms", 2)]) is good
    *table, last = capsys.readouterr().out.splitlines()
    targets = {} if figure.target is None else {"a": figure.target}
    assert json.loads(last) == {"figures": {"a": figure.value, "b_ms": 2}, "targets": targets, "ok": good}
    assert ("MISSED" in table[0]) is not good


def test_unknown_names_are_explained() -> None:
    with pytest.raises(EdenError, match="There is no benchmark nothing"):
        bench_command("nothing", quick=True)
    with pytest.raises(EdenError, match=r"There is no suite ruby\. There are python, typescript, browser"):
        run_suites(["ruby"], [])
