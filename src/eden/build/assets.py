"""Static files: which files of the tree go into the package as they are."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Collection, Iterator

from eden.build.paths import extension_of, folder_of
from eden.build.project import Project
from eden.build.tree import SourceTree

#: what WeChat's tools put into a package, and what programs read through the file system API
EXTENSIONS = frozenset(
    """
    .png .jpg .jpeg .gif .svg .webp .bmp .ico .avif .mp3 .aac .m4a .wav .ogg .silk .flac .mp4 .m4v .mov .webm .m3u8
    .ttf .otf .woff .woff2 .json .txt .csv .md .xml .html .htm .pdf .zip .gz .br .wasm .bin .dat .data .proto .geojson
    .cer .pem .p12 .pfx .crt .cert .glb .gltf .hdr .atlas .skel .fbx .obj .mtl .ktx .ktx2 .env .scene .prefab .wgsl
    .glsl .vert .frag .effect .pag .lottie .vtt .srt .lrc .tflite .onnx .nb
    """.split()
)
#: files of the project's making, not of the program
_SKIPPED_NAMES = frozenset(
    """
    app.json sitemap.json theme.json ext.json eden.json project.config.json project.private.config.json package.json
    package-lock.json tsconfig.json jsconfig.json tslint.json lerna.json renovate.json typings.json cloudbaserc.json
    README.md CHANGELOG.md CONTRIBUTING.md
    """.split()
)


def static_files(tree: SourceTree, project: Project, taken: Collection[str]) -> list[str]:
    """Program paths, sorted; `taken` are those that the program uses otherwise (modules, configurations)."""
    found = []
    for path in tree.paths:
        name = path.rsplit("/", 1)[-1]
        if path in taken or extension_of(path) not in EXTENSIONS:
            continue
        if name in _SKIPPED_NAMES and (path == name or name not in ("app.json", "theme.json")):
            continue
        found.append(path)
    refuse = [*_patterns(project), *_packages(tree)]
    return sorted(path for path in found if not any(pattern.search(path) for pattern in refuse))


def belongs(path: str, project: Project) -> bool:
    """The file is the program's own, not that of a cloud function beside it."""
    return not any(path.startswith(f"{folder}/") for folder in project.foreign)


def _packages(tree: SourceTree) -> Iterator[re.Pattern[str]]:
    """Packages that were written into the program's own folder."""
    for path in tree.paths:
        folder = folder_of(path)
        if path == f"{folder}maps.zip" and folder and {f"{folder}main.zip", f"{folder}manifest.json"} <= tree.paths:
            yield re.compile(rf"\A{re.escape(folder)}[^/]+\Z")


def _patterns(project: Project) -> Iterator[re.Pattern[str]]:
    for folder in project.foreign:
        yield re.compile(rf"\A{re.escape(folder)}/")
    for kind, value in project.ignored:
        value = value.removeprefix("./").removeprefix("/") if kind != "regexp" else value
        text = {
            "file": rf"\A{re.escape(value)}\Z",
            "folder": rf"\A{re.escape(value.rstrip('/'))}/",
            "suffix": rf"{re.escape(value)}\Z",
            "prefix": rf"(\A|/){re.escape(value)}[^/]*\Z",
            "regexp": value,
            "glob": rf"\A{fnmatch.translate(value)}",
        }.get(kind)
        try:
            if text:
                yield re.compile(text)
        except (re.error, RecursionError, OverflowError):
            continue
