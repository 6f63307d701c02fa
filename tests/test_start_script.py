"""`./eden` with a stand-in for Python that writes down what it is asked to do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "eden"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a POSIX script")

STAND_IN = """#!/bin/sh
case "$*" in
  *version_info*) exit "${OLD_PYTHON:-0}" ;;
  *ensurepip*|*'-m pip --version'*) exit 0 ;;
  '-m venv '*) echo venv >>"$CALLS"; mkdir -p "$4/bin" && cp "$0" "$4/bin/python" ;;
  *'pip install'*) echo "pip $*" >>"$CALLS"
    [ -z "${PIP_WAITS_FOR:-}" ] || until [ -e "$PIP_WAITS_FOR" ]; do sleep 0.05; done
    exit "${PIP_FAILS:-0}" ;;
  *sysconfig*) mkdir -p "$ROOT/.venv/site" && echo "$ROOT/.venv/site" ;;
  *setup.py) echo container >>"$CALLS"; [ -z "$BUILD_FAILS" ] || { echo 'build log'; exit 1; }
    mkdir -p "$ROOT/container/node_modules" && cd "$ROOT/src/eden" && mkdir -p _container _console _vendor
    touch _console/index.json _container/index.json _container/runtime.js _vendor/LICENSES ;;
  '-P -m eden'*) shift 3; echo "ran in $PWD with $*" ;;
  *) echo "unexpected: $*" >>"$CALLS"; exit 99 ;;
esac
"""


class Tree:
    """A source tree with little in it but the script."""

    def __init__(self, root: Path) -> None:
        self.root = root / "a tree"
        (self.root / "container/api").mkdir(parents=True)
        (self.root / "container/api/index.ts").write_text("")
        (self.root / "src/eden").mkdir(parents=True)
        (self.root / "requirements.lock").write_text("one==1")
        shutil.copy(SCRIPT, self.root)
        self.python = root / "python"
        self.python.write_text(STAND_IN)
        self.python.chmod(0o755)
        self.calls_file = root / "calls"

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        own = {"CALLS": str(self.calls_file), "ROOT": str(self.root), "EDEN_PYTHON": str(self.python)}
        return subprocess.Popen(
            [self.root / "eden", *arguments],
            env={"PATH": os.environ["PATH"]} | own | environment,
            cwd=self.root.parent,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *arguments: str, **environment: str) -> tuple[int, str, str]:
        """Exit code, output, errors."""
        process = self.start(*arguments, **environment)
        output, errors = process.communicate(timeout=60)
        return process.returncode, output, errors

    def calls(self) -> list[str]:
        """What happened since the last time this was asked: the first word of each call."""
        lines = self.calls_file.read_text().splitlines() if self.calls_file.exists() else []
        self.calls_file.write_text("")
        return [line.split()[0] for line in lines]

    def later(self, path: str) -> Path:
        """Make a file newer than everything that was built."""
        file = self.root / path
        file.touch()
        moment = time.time() + 5
        os.utime(file, (moment, moment))
        return file


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def test_first_start_sets_up_and_hands_over(tree: Tree) -> None:
    code, output, errors = tree.run("build", "a b", "-o", "c")
    assert (code, output) == (0, f"ran in {tree.root.parent} with build a b -o c\n")
    assert tree.calls() == ["venv", "pip", "container"]
    assert all(line.startswith("eden: ") for line in errors.splitlines())
    assert (tree.root / ".venv/site/eden.pth").read_text() == f"{tree.root}/src\n{tree.root}/apps\n"
    assert subprocess.run([tree.root / ".venv/bin/eden", "x"], capture_output=True, text=True).stdout.endswith(
        "with x\n"
    )


def test_packages_are_installed_by_hash_alone(tree: Tree) -> None:
    tree.run()
    pip = next(line for line in tree.calls_file.read_text().splitlines() if line.startswith("pip"))
    assert "--require-hashes" in pip
    assert "--no-deps" in pip


def test_second_start_does_nothing(tree: Tree) -> None:
    tree.run()
    tree.calls()
    code, _, errors = tree.run("--help")
    assert (code, errors, tree.calls()) == (0, "", [])


def test_works_through_a_link(tree: Tree, tmp_path: Path) -> None:
    tree.run()
    link = tmp_path / "eden-link"
    link.symlink_to(tree.root / "eden")
    own = {"PATH": os.environ["PATH"], "CALLS": str(tree.calls_file), "ROOT": str(tree.root)}
    assert "with x" in subprocess.run([link, "x"], env=own, capture_output=True, text=True).stdout


def test_changed_lock_installs_again(tree: Tree) -> None:
    tree.run()
    tree.calls()
    (tree.root / "requirements.lock").write_text("one==2")
    tree.run()
    assert tree.calls() == ["pip"]


def test_changed_source_builds_again_once(tree: Tree) -> None:
    tree.run()
    tree.calls()
    source = tree.later("container/api/index.ts")
    tree.run()
    assert tree.calls() == ["container"]
    os.utime(source)
    tree.root.joinpath(".venv/.eden-built").touch()
    tree.run()
    assert tree.calls() == []


def test_removed_source_builds_again(tree: Tree) -> None:
    tree.run()
    tree.calls()
    (tree.root / "container/api/index.ts").unlink()
    tree.later("container/api")
    tree.run()
    assert tree.calls() == ["container"]


def test_no_python_says_so_in_one_line(tree: Tree) -> None:
    tools = tree.root.parent / "tools"
    tools.mkdir()
    for tool in ("sh", "cat", "cksum", "dirname", "readlink", "find", "head", "ln", "rm"):
        (tools / tool).symlink_to(shutil.which(tool) or "/missing")
    code, output, errors = tree.run(PATH=str(tools), OLD_PYTHON="1")
    assert code == 69
    assert output == ""
    assert errors.count("\n") == 1
    assert "Python 3.11 or newer" in errors


def test_failed_installation_is_tried_again(tree: Tree) -> None:
    code, output, errors = tree.run(PIP_FAILS="1")
    assert (code, output) == (69, "")
    assert "could not be installed" in errors
    assert tree.calls() == ["venv", "pip"]
    code, output, _ = tree.run()
    assert code == 0
    assert tree.calls() == ["pip", "container"]


def test_failed_first_build_stops(tree: Tree) -> None:
    code, output, errors = tree.run(BUILD_FAILS="1")
    assert (code, output) == (69, "")
    assert "build log" in errors


def test_failed_later_build_goes_on_with_the_last(tree: Tree) -> None:
    tree.run()
    tree.later("container/api/index.ts")
    code, output, errors = tree.run("x", BUILD_FAILS="1")
    assert code == 0
    assert output.endswith("with x\n")
    assert "going on with the last" in errors


def test_moved_tree_is_set_up_again(tree: Tree) -> None:
    """What is installed names the tree: left as it is, it would run the old one."""
    tree.run()
    tree.calls()
    tree.root = tree.root.rename(tree.root.parent / "moved")
    code, output, _ = tree.run("x")
    assert (code, output) == (0, f"ran in {tree.root.parent} with x\n")
    assert tree.calls() == ["pip"]
    assert (tree.root / ".venv/site/eden.pth").read_text() == f"{tree.root}/src\n{tree.root}/apps\n"


def test_renewed_python_is_set_up_again(tree: Tree) -> None:
    """The system's Python behind the link is another one: its packages are in another folder."""
    tree.run()
    tree.calls()
    renewed = Path(shutil.copy(tree.python, tree.root.parent / "python-renewed"))
    inside = tree.root / ".venv/bin/python"
    inside.unlink()
    inside.symlink_to(renewed)
    assert tree.run()[0] == 0
    assert tree.calls() == ["pip"]
    assert tree.run()[0] == 0
    assert tree.calls() == []


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="elsewhere there is the id alone")
def test_lock_of_a_process_whose_id_came_again_is_no_obstacle(tree: Tree) -> None:
    """In containers ids are small and the same at every start."""
    (tree.root / ".eden-setup.lock").symlink_to(f"{os.getpid()}-1")
    assert tree.run()[0] == 0
    assert not (tree.root / ".eden-setup.lock").is_symlink()


def test_left_over_lock_is_no_obstacle(tree: Tree) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    (tree.root / ".eden-setup.lock").symlink_to(str(gone.pid))
    assert tree.run()[0] == 0
    assert not (tree.root / ".eden-setup.lock").is_symlink()


def owner_of_lock(tree: Tree) -> int:
    lock = tree.root / ".eden-setup.lock"
    while not lock.is_symlink():
        time.sleep(0.01)
    return int(os.readlink(lock).split("-")[0])


def test_two_at_once_set_up_once(tree: Tree) -> None:
    go_on = tree.root.parent / "go on"
    both = [tree.start("x", PIP_WAITS_FOR=str(go_on)) for _ in range(2)]
    owner = owner_of_lock(tree)
    (waiting,) = [process for process in both if process.pid != owner]
    assert waiting.stderr
    assert f"waiting for another set-up (process {owner})" in waiting.stderr.readline()
    go_on.touch()
    outputs = [process.communicate(timeout=60)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert all(output.endswith("with x\n") for output in outputs)
    assert sorted(tree.calls()) == ["container", "pip", "venv"]


def test_interrupted_set_up_frees_the_lock_and_resumes(tree: Tree) -> None:
    go_on = tree.root.parent / "go on"
    process = tree.start(PIP_WAITS_FOR=str(go_on))
    assert owner_of_lock(tree) == process.pid
    process.terminate()
    # a shell hears of the signal when its child has ended
    go_on.touch()
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert not (tree.root / ".eden-setup.lock").is_symlink()
    assert tree.run()[0] == 0
