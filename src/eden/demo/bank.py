"""The bank that comes with Eden: its mini program and its data service."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from eden.base.errors import EdenError
from eden.base.http import Application

#: the data service's place in the demo, and the name that the mini program knows it by
PREFIX = "/api/bank/"
HOSTS = {"bank.eden.local": PREFIX}
_PACKAGE = Path(__file__).resolve().parent.parent


def bank_folder() -> Path:
    """apps/bank of the source tree, or the copy in an installed wheel."""
    for folder in (_PACKAGE / "_apps" / "bank", _PACKAGE.parent.parent / "apps" / "bank"):
        if (folder / "service.py").is_file():
            return folder
    raise EdenError("no-demo", "This installation has no demo.", "Install Eden again, or start it in a source tree.")


def load_service(file: Path) -> Application:
    """The ASGI application `app` of a demo's data service."""
    spec = importlib.util.spec_from_file_location("eden_demo_service", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    application: Application = module.app
    return application
