"""Where pages of releasing are, and how large their forms may be."""

from __future__ import annotations

from eden.console.view import ROOT

#: below it are the pages of a workspace; the guard reads the parameter
HERE = f"{ROOT}/{{workspace:str}}"

#: bytes of a form; those of plans have rules in them
LARGEST_FORM = 50_000
LARGEST_PLAN_FORM = 500_000
