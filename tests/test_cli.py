from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from eden import __version__, cli
from eden.base.commands import Subparsers, add_command
from eden.base.errors import EdenError

Install = Callable[[Callable[[argparse.Namespace], int]], None]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Make `eden try [WORD…] [-- …]` run a function."""

    def install(run: Callable[[argparse.Namespace], int]) -> None:
        def add_arguments(subparsers: Subparsers) -> None:
            parser = add_command(subparsers, "try", run, "try it")
            parser.add_argument("words", nargs="*")
            parser.set_defaults(passed_on=[])

        monkeypatch.setitem(cli.COMMANDS, "try", "try_commands")
        monkeypatch.setitem(sys.modules, "try_commands", SimpleNamespace(add_arguments=add_arguments))

    return install


def test_returns_the_commands_exit_code(command: Install) -> None:
    seen: list[argparse.Namespace] = []

    def run(arguments: argparse.Namespace) -> int:
        seen.append(arguments)
        return 3

    command(run)
    assert cli.main(["try", "a", "--", "-k", "b"]) == 3
    assert seen[0].words == ["a"]
    assert seen[0].passed_on == ["-k", "b"]


def test_known_failure_is_a_sentence_and_a_hint(command: Install, capsys: pytest.CaptureFixture[str]) -> None:
    def run(_: argparse.Namespace) -> int:
        raise EdenError("node-missing", "Compiling LESS needs Node.js.", "Install it.")

    command(run)
    assert cli.main(["try"]) == 1
    assert capsys.readouterr().err == "eden: Compiling LESS needs Node.js. Install it.\n"


def test_unknown_failure_is_one_sentence_and_the_details_are_saved(
    command: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(_: argparse.Namespace) -> int:
        raise ZeroDivisionError("a secret cause")

    command(run)
    assert cli.main(["try"]) == 70
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "Traceback" not in error
    found = re.search(r"the details are in (.+)\.$", error.strip())
    assert found
    details = Path(found[1])
    assert "ZeroDivisionError: a secret cause" in details.read_text()
    details.unlink()


@pytest.mark.parametrize(("raised", "code"), [(KeyboardInterrupt(), 130), (SystemExit(4), 4), (SystemExit("why"), 1)])
def test_leaves_quietly(command: Install, capsys: pytest.CaptureFixture[str], raised: BaseException, code: int) -> None:
    def run(_: argparse.Namespace) -> int:
        raise raised

    command(run)
    assert cli.main(["try"]) == code
    assert capsys.readouterr().err == ""


def test_wrong_usage_is_two(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 2
    assert cli.main(["fly"]) == 2
    assert cli.main(["build"]) == 2
    assert cli.main(["bench", "x", "--", "y"]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    text = capsys.readouterr().out
    for name in cli.COMMANDS:
        assert re.search(rf"^    {name} ", text, re.MULTILINE)


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([name, "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"usage: eden {name}")


def test_one_commands_room_is_imported_alone() -> None:
    code = "import sys; from eden.cli import main; main(['bench', '--help']); print(*sys.modules, file=sys.stderr)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stderr.split()
    assert "eden.workshop.commands" in loaded
    assert not [module for module in loaded if module.startswith(("eden.build", "eden.simulator", "eden.check"))]


def test_module_runs(capfd: pytest.CaptureFixture[str]) -> None:
    assert subprocess.run([sys.executable, "-m", "eden", "--version"]).returncode == 0
    assert capfd.readouterr().out == f"eden {__version__}\n"


def test_reader_that_leaves_early_is_no_error() -> None:
    code = "import sys; from eden import cli\ncli._run = lambda words: print('x' * 1_000_000)\nsys.exit(cli.main([]))"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout and process.stderr
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait() == 141
