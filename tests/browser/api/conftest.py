"""wx.* in the real runtime: programs of one page on the components' stand."""

from tests.browser.components.conftest import MakeStand, Stand, stand

__all__ = ["MakeStand", "Stand", "stand"]
