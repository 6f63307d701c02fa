"""Addresses of the organisation's pages."""

from __future__ import annotations

from eden.console.view import ROOT

#: below it are the pages of a workspace; the guard reads the parameter
HERE = f"{ROOT}/{{workspace:str}}"
