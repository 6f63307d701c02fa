"""The `eden` command.

Every room brings its own commands in a light module `commands.py` with one function
`add_arguments(subparsers)`: it adds a parser for each command and sets `run`, a function from the parsed
arguments to the exit code, which imports what it needs when it is called. Only the room of the command that was
asked for is imported. A command that hands words after `--` on declares it by a default for `passed_on`.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import tempfile
import traceback
from collections.abc import Sequence

from eden import __version__
from eden.base.errors import EdenError

COMMANDS = {
    "demo": "eden.demo.commands",
    "dev": "eden.simulator.commands",
    "build": "eden.build.commands",
    "check": "eden.check.commands",
    "init": "eden.operate.commands",
    "link": "eden.operate.commands",
    "up": "eden.operate.commands",
    "doctor": "eden.operate.commands",
    "migrate": "eden.operate.commands",
    "backup": "eden.operate.commands",
    "restore": "eden.operate.commands",
    "publish": "eden.publish.commands",
    "release": "eden.publish.commands",
    "keys": "eden.publish.commands",
    "simulate": "eden.release.commands",
    "observe": "eden.observe.commands",
    "gateway": "eden.gateway.commands",
    "test": "eden.workshop.commands",
    "bench": "eden.workshop.commands",
}

# of sysexits.h
EX_SOFTWARE = 70


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the process's exit code. No exception leaves this function."""
    try:
        return _run(list(sys.argv[1:] if argv is None else argv))
    except EdenError as error:
        print(f"eden: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except EOFError:
        # of a question at the terminal
        print("eden: The input ended before everything was answered.", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # the reader of our output has gone; let the interpreter's last flush go nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except SystemExit as leave:  # argparse, which has said what was wrong
        return leave.code if isinstance(leave.code, int) else 1
    except Exception as error:
        print(f"eden: Something unexpected went wrong ({type(error).__name__}); {_saved_details()}", file=sys.stderr)
        return EX_SOFTWARE


def _run(words: list[str]) -> int:
    end = words.index("--") if "--" in words else len(words)
    words, passed_on = words[:end], words[end + 1 :]
    parser = _parser(next((word for word in words if not word.startswith("-")), ""))
    arguments = parser.parse_args(words)
    if passed_on and "passed_on" not in arguments:
        parser.error(f"{arguments.command} passes nothing on after --")
    arguments.passed_on = passed_on
    return int(arguments.run(arguments))


def _parser(command: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="eden",
        description="Build WeChat-format mini programs, run them in a phone in the browser, and bring them to users.",
        epilog="`eden COMMAND --help` tells more about a command.",
    )
    parser.add_argument("--version", action="version", version=f"eden {__version__}")
    subparsers = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND", required=True)
    for module in [COMMANDS[command]] if command in COMMANDS else dict.fromkeys(COMMANDS.values()):
        importlib.import_module(module).add_arguments(subparsers)
    return parser


def _saved_details() -> str:
    details = f"eden {__version__}, Python {sys.version}, {sys.platform}\n{sys.argv}\n\n{traceback.format_exc()}"
    try:
        handle, path = tempfile.mkstemp(prefix="eden-error-", suffix=".txt")
        with open(handle, "w", encoding="utf-8") as file:
            file.write(details)
    except OSError:
        return f"the details could not be saved: {details.splitlines()[-1]}"
    return f"the details are in {path}."
