"""Icons, drawn on a grid of 24 with one stroke; they stand in the page, since a sheet of symbols is another request."""

from __future__ import annotations

from markupsafe import Markup

_PATHS = {
    "alert": "M12 4 2.8 20h18.4zM12 10v4.5M12 17.4v.1",
    "app": "M5 4h5v5H5zM14 4h5v5h-5zM5 15h5v5H5zM14 15h5v5h-5z",
    "arrow-right": "M5 12h14M13 6l6 6-6 6",
    "chart": "M4 20h16M7 20v-8M12 20V5M17 20v-11",
    "check": "M5 12.5l4.5 4.5L19 7.5",
    "chevron-down": "M6 9.5l6 6 6-6",
    "chevron-right": "M9.5 6l6 6-6 6",
    "chevron-up": "M6 14.5l6-6 6 6",
    "circle": "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16z",
    "clock": "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8v4.5l3 2",
    "close": "M6 6l12 12M18 6L6 18",
    "copy": "M9 9h10v11H9zM15 9V4H5v11h4",
    "device": "M7.5 3h9v18h-9zM11 18h2",
    "download": "M12 4v11M7 10.5l5 5 5-5M5 20h14",
    "equal": "M6 9.5h12M6 14.5h12",
    "external": "M10 5H5v14h14v-5M14 4h6v6M20 4l-9 9",
    "file": "M6 3h8l4 4v14H6zM14 3v4h4",
    "globe": "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM4 12h16M12 4c5 5 5 11 0 16M12 4c-5 5-5 11 0 16",
    "halt": "M8.7 4h6.6L20 8.7v6.6L15.3 20H8.7L4 15.3V8.7zM9 12h6",
    "info": "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 11v5M12 8v.1",
    "key": "M8.5 11a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM11.7 12.3L20 4M16 8l3 3",
    "keyboard": "M3 6h18v12H3zM7 10h.01M12 10h.01M17 10h.01M8 14h8",
    "list": "M9 6h11M9 12h11M9 18h11M4.5 6v.1M4.5 12v.1M4.5 18v.1",
    "menu": "M4 7h16M4 12h16M4 17h16",
    "minus": "M6 12h12",
    "more": (
        "M6 11.3a.7.7 0 1 0 0 1.4.7.7 0 0 0 0-1.4zM12 11.3a.7.7 0 1 0 0 1.4.7.7 0 0 0 0-1.4z"
        "M18 11.3a.7.7 0 1 0 0 1.4.7.7 0 0 0 0-1.4z"
    ),
    "package": "M12 3l8 4.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9",
    "pause": "M9 6v12M15 6v12",
    "people": (
        "M9 5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM2.5 20c0-3.5 3-5.5 6.5-5.5s6.5 2 6.5 5.5"
        "M16 5.3a3.5 3.5 0 0 1 0 6.4M18 15c2.2.8 3.5 2.6 3.5 5"
    ),
    "person": "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4.5 20.5c0-3.8 3.4-6 7.5-6s7.5 2.2 7.5 6",
    "play": "M8 5.5l10 6.5-10 6.5z",
    "plus": "M12 6v12M6 12h12",
    "release": "M4 20c8 0 6-14 16-14M15 3l5 3-4 4.5",
    "rollback": "M8 5L4 9l4 4M4 9h10a5.5 5.5 0 0 1 0 11H8",
    "scroll": "M6 3h12v18H6zM9 8h6M9 12h6M9 16h4",
    "search": "M10.5 4.5a6 6 0 1 0 0 12 6 6 0 0 0 0-12zM15 15l5 5",
    "settings": (
        "M4 7h9M17 7h3M4 17h3M11 17h9M15 4.8a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.4z"
        "M9 14.8a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.4z"
    ),
    "shield": "M12 3l7.5 3v5.5c0 4.5-3.2 7.8-7.5 9.5-4.3-1.7-7.5-5-7.5-9.5V6zM8.8 12l2.4 2.4 4.2-4.4",
    "trash": "M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13",
    "upload": "M12 16V5M7 9.5l5-5 5 5M5 20h14",
}

ICONS = frozenset(_PATHS)


def icon(name: str) -> Markup:
    """An icon beside words that say the same; hidden from screen readers."""
    path = _PATHS[name]
    return Markup(
        f'<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d="{path}"/></svg>'
    )
