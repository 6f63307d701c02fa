"""What both languages must answer; `container/host/targeting/*.test.ts` read the same file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

VECTORS: dict[str, Any] = json.loads(Path(__file__).with_name("vectors_v1.json").read_text(encoding="utf-8"))
