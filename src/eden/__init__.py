"""Eden: compiles WeChat-format mini programs and runs them in a phone in the browser."""

__version__ = "0.1.0"
