"""Serves the gallery until it is stopped: http://127.0.0.1:8701/console/live/release"""

from __future__ import annotations

import uvicorn

from tests.console.gallery import Gallery

uvicorn.run(Gallery().app, host="127.0.0.1", port=8701, timeout_graceful_shutdown=1)
