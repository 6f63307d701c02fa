"""`python -m eden.observe.insight`; see `process`."""

from __future__ import annotations

import sys

from eden.observe.insight.process import main

if __name__ == "__main__":
    sys.exit(main())
