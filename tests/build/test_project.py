from __future__ import annotations

from pathlib import Path

import pytest

from eden.build.diagnostics import Report
from eden.build.interfaces import BuildError
from eden.build.project import find, typescript_options

from .conftest import Files, Make

APP = {"pages": ["a"]}


@pytest.mark.parametrize(
    ("files", "root"),
    [
        ({"app.json": APP}, "."),
        ({"project.config.json": {"miniprogramRoot": "src/mini/"}, "src/mini/app.json": APP}, "src/mini"),
        ({"project.config.json": {"miniprogramRoot": "./"}, "app.json": APP, "dist/app.json": APP}, "."),
        ({"miniprogram/app.json": APP, "package.json": {}}, "miniprogram"),
        ({"example/app.json": APP, "src/index.js": ""}, "example"),
        ({"packages/shop/client/app.json": APP}, "packages/shop/client"),
        ({"app.json": APP, "miniprogram/app.json": APP}, "."),
        ({"a/app.json": APP, "b/app.json": APP, "b/project.config.json": {}}, "b"),
        ({"node_modules/x/app.json": APP, "app/app.json": APP, "miniprogram_npm/y/app.json": APP}, "app"),
        ({"project.config.json": {"miniprogramRoot": "gone"}, "dist/app.json": APP}, "dist"),
    ],
)
def test_the_program_is_found(make: Make, files: Files, root: str) -> None:
    folder = make(files)
    assert find(folder, Report()).root == (folder / root).absolute()


@pytest.mark.parametrize(
    ("files", "code", "named"),
    [
        ({"readme.txt": ""}, "no-program", "app.json"),
        ({"src/app.json": APP, "dist/app.json": APP}, "ambiguous-program", "src, dist"),
        ({"shop/app.json": APP, "staff/app.json": APP}, "ambiguous-program", "shop, staff"),
    ],
)
def test_a_clear_error_when_there_is_none_or_several(make: Make, files: Files, code: str, named: str) -> None:
    with pytest.raises(BuildError, match=named) as error:
        find(make(files), Report())
    assert [problem.code for problem in error.value.diagnostics] == [code]


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(BuildError):
        find(tmp_path / "nothing", Report())


def test_the_root_may_be_given_itself(make: Make) -> None:
    folder = make({"project.config.json": {"appid": "wx1", "miniprogramRoot": "m"}, "m/app.json": APP})
    project = find(folder / "m", Report())
    assert (project.folder, project.root, project.app_id) == (folder, folder / "m", "wx1")


def test_the_project_may_lie_deeper_than_the_folder_given(make: Make) -> None:
    folder = make({"shop/project.config.json": {"appid": "wx1", "miniprogramRoot": "src"}, "shop/src/app.json": APP})
    project = find(folder, Report())
    assert (project.folder, project.root, project.app_id) == (folder / "shop", folder / "shop/src", "wx1")


def test_what_the_configuration_says(make: Make) -> None:
    folder = make(
        {
            "project.config.json": """{
                "appid": "wx1", "projectname": "%E9%93%B6%E8%A1%8C", "description": "d", "cloudfunctionRoot": "cloud/",
                "setting": {"useCompilerPlugins": ["typescript"], "es6": true}, // comment
                "packOptions": {"ignore": [{"type": "folder", "value": "docs"}, {"type": "x"}, 3]},
            }""",
            "project.private.config.json": {"projectname": "mine", "setting": {"es6": False}},
            "app.json": APP,
        }
    )
    project = find(folder, Report())
    assert (project.app_id, project.name, project.description) == ("wx1", "mine", "d")
    assert project.settings == {"useCompilerPlugins": ["typescript"], "es6": False}
    assert project.prefers("typescript")
    assert not project.prefers("less")
    assert project.ignored == (("folder", "docs"),)
    assert project.foreign == ("cloud",)


def test_a_broken_configuration_is_ignored_with_a_warning(make: Make) -> None:
    report = Report()
    project = find(make({"project.config.json": "{nope", "app.json": APP}), report)
    assert project.app_id == "project"
    assert [problem.code for problem in report.sorted()] == ["bad-json"]
    for strange in ("[]", "3", '{"setting": [], "packOptions": 3, "appid": {}, "miniprogramRoot": []}'):
        assert find(make({"project.config.json": strange}), Report()).app_id == "project"


def test_only_what_changes_a_module_is_taken_from_tsconfig(make: Make) -> None:
    text = '{"compilerOptions": {"target": "ES2018", "experimentalDecorators": true, "strict": true, "paths": {}},}'
    project = find(make({"app.json": APP, "tsconfig.json": text}), Report())
    assert typescript_options(project) == '{"compilerOptions":{"experimentalDecorators":true,"target":"ES2018"}}'
