from __future__ import annotations

from pathlib import Path

import pytest

from eden.workshop.suites import MOST_BY_CHANCE, TESTS_FAILED, _pytest

#: fails until it is run for the second time
LUCK = """
from pathlib import Path

def test_luck():
    seen = Path(__file__).with_name("seen")
    again = seen.exists()
    seen.touch()
    assert again
"""


def run(folder: Path, text: str, *arguments: str) -> int:
    (folder / "test_it.py").write_text(text)
    (folder / "pytest.ini").write_text("[pytest]")
    return _pytest(folder, [], arguments)


def test_what_passes_alone_is_told_and_does_not_fail(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, LUCK) == 0
    assert "failed among others and passed alone, to be mended: test_it.py::test_luck" in capfd.readouterr().err


def test_a_part_that_was_asked_for_is_run_once(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, LUCK, "-k", "luck") == TESTS_FAILED
    assert "again, alone" not in capfd.readouterr().out


def test_what_fails_alone_fails(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "def test_wrong():\n    assert False\n") == TESTS_FAILED
    assert capfd.readouterr().out.count("1 failed") == 2


def test_many_did_not_fail_by_chance(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    many = "".join(f"def test_{n}():\n    assert False\n" for n in range(MOST_BY_CHANCE + 1))
    assert run(tmp_path, many) == TESTS_FAILED
    assert "again, alone" not in capfd.readouterr().out
