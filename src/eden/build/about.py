"""What the manifest says of a program: identity, version, pages, permissions, domains."""

from __future__ import annotations

import re
from typing import Any

from eden.build import jsonfile
from eden.build.appconfig import App
from eden.build.diagnostics import Report
from eden.build.interfaces import JsonObject
from eden.build.project import Project
from eden.build.tree import decode

#: the oldest container that runs what this compiler writes
PLATFORM_VERSION = 1
EDEN_FILE = "eden.json"
DOMAIN_KINDS = ("request", "upload", "download", "socket", "media")


def describe(project: Project, app: App, report: Report) -> JsonObject:
    """The manifest's fields, packages excepted. What a project wants Eden to know stands in `eden.json`."""
    own = _read(project, EDEN_FILE, report)
    version = _version(own.get("version"), _read(project, "package.json", None).get("version"))
    title = app.config["window"].get("navigationBarTitleText")
    name = next((text for text in (own.get("name"), project.name, title) if isinstance(text, str) and text), "")
    return {
        "app_id": project.app_id,
        "name": name,
        "description": own["description"] if isinstance(own.get("description"), str) else project.description,
        "version": version,
        "platform_version": {"min_code": PLATFORM_VERSION},
        "pages": list(app.pages),
        "window": app.config["window"],
        "color_scheme": "auto" if app.config["darkmode"] else "light",
        "req_permissions": [
            {"name": scope, "reason": entry["desc"] if isinstance(entry.get("desc"), str) else ""}
            for scope, entry in sorted(app.config["permission"].items())
        ],
        "domains": _domains(own.get("domains"), report),
        **_operations(own.get("operations"), report),
    }


def _read(project: Project, name: str, report: Report | None) -> JsonObject:
    """A JSON object beside project.config.json, or beside app.json; {} if there is none."""
    for folder in dict.fromkeys((project.folder, project.root)):
        try:
            text = decode((folder / name).read_bytes())
        except OSError:
            continue
        try:
            value = jsonfile.parse(text)
        except jsonfile.JsonProblem as bad:
            if report is not None:
                report.warning("bad-json", f"{name} is ignored: {bad.message}", name, bad.line, bad.column)
            return {}
        return value if isinstance(value, dict) else {}
    return {}


def _version(*wanted: Any) -> JsonObject:
    """{"name": "1.2.3", "code": 10203}: the first usable of the given, a name or both; 1.0.0 if none."""
    for given in wanted:
        name, code = (given.get("name"), given.get("code")) if isinstance(given, dict) else (given, None)
        if isinstance(name, str) and name and type(code) is int and 0 <= code < 2**53:
            return {"name": name, "code": code}
        match = re.match(r"v?(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?", name, re.ASCII) if isinstance(name, str) else None
        if match:
            major, minor, patch = (int(part or 0) for part in match.groups())
            return {"name": name, "code": major * 10_000 + min(minor, 99) * 100 + min(patch, 99)}
    return {"name": "1.0.0", "code": 10_000}


def _domains(value: object, report: Report) -> JsonObject | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        report.warning("bad-config", "domains must be an object; it is ignored", EDEN_FILE)
        return None
    return {
        kind: [domain for domain in value[kind] if isinstance(domain, str)]
        for kind in DOMAIN_KINDS
        if isinstance(value.get(kind), list)
    }


def _operations(value: object, report: Report) -> JsonObject:
    """Operations of a gateway that the program calls; nothing where it says nothing of them."""
    if value is None:
        return {}
    if not isinstance(value, list) or not all(isinstance(name, str) and name for name in value):
        report.warning("bad-config", "operations must be a list of names; it is ignored", EDEN_FILE)
        return {}
    return {"operations": value}
