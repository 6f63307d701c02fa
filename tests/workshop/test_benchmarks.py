from __future__ import annotations

import importlib
import json
import logging
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

from bench import ledger
from bench._harness import Figure, main, report
from eden.base.errors import EdenError
from eden.workshop.benchmarks import bench_command
from eden.workshop.suites import test_command as run_suites
from eden.workshop.tree import source_tree


@pytest.fixture(autouse=True)
def level() -> Iterator[None]:
    """A benchmark is a process of its own; tests are not."""
    eden = logging.getLogger("eden")
    before = eden.level
    yield
    eden.setLevel(before)


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


def test_figures_are_printed_as_they_come(capsys: pytest.CaptureFixture[str]) -> None:
    def figures() -> Iterator[Figure]:
        yield Figure("first_s", 1)
        assert capsys.readouterr().out.startswith("first_s ")
        yield Figure("second_s", 2)

    assert report(figures())


def test_parts_are_chosen(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    made = ModuleType("bench.made")
    made.PARTS = {  # type: ignore[attr-defined]
        name: lambda quick, name=name, value=value: [Figure(f"{name}_quick" if quick else name, value, 2)]
        for name, value in (("a", 1), ("b", 2), ("c", 3))
    }
    monkeypatch.setitem(sys.modules, "bench.made", made)

    def run(*arguments: str) -> tuple[int, dict[str, float]]:
        code = main(["made", *arguments])
        return code, json.loads(capsys.readouterr().out.splitlines()[-1])["figures"]

    assert run() == (1, {"a": 1, "b": 2, "c": 3})
    assert run("--only", "b, a", "--quick") == (0, {"a_quick": 1, "b_quick": 2})
    with pytest.raises(SystemExit) as ended:
        main(["made", "--only", "a,d"])
    assert ended.value.code == 2
    assert "made has no part 'd'; its parts: a, b, c" in capsys.readouterr().err


def test_only_figures_and_errors_are_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    log = logging.getLogger("eden.insight")

    def part(quick: bool) -> list[Figure]:
        log.warning("the insight process has gone; another one starts")
        log.error("the insight process cannot work")
        return [Figure("a", 1)]

    made = ModuleType("bench.made")
    made.main = part  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "bench.made", made)
    eden = logging.getLogger("eden")
    monkeypatch.setattr(eden, "handlers", [logging.StreamHandler(sys.stderr)])
    assert main(["made"]) == 0
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 2 and said.err == "the insight process cannot work\n"


def test_every_benchmark_has_something_to_run() -> None:
    for file in (source_tree() / "bench").glob("[!_]*.py"):
        module = importlib.import_module(f"bench.{file.stem}")
        assert callable(getattr(module, "main", None)) != bool(getattr(module, "PARTS", None)), file.stem


def test_a_quick_run_of_the_ledger_weighs_no_rate() -> None:
    figures = {figure.name: figure for figure in ledger.sqlite(True)}
    assert figures["sqlite_per_s"].value > 0 and figures["sqlite_hot_percent"].value > 0
    assert not [name for name, figure in figures.items() if figure.target is not None]
