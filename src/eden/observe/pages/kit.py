"""Where pages of analysis are, and how large their forms may be."""

from __future__ import annotations

from eden.console.view import ROOT

#: below it are the pages of a workspace, and of one app; the guard reads the parameter
HERE = f"{ROOT}/{{workspace:str}}/analysis"
APP = f"{HERE}/{{key:str}}"

#: bytes of a form
LARGEST_FORM = 100_000
