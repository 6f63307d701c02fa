"""The hardware module of the setting `keyboard.module`: found by name, in the opener's process and nowhere else."""

from __future__ import annotations

import importlib

from eden.base.errors import EdenError
from eden.keyboard.vault import Module, ModuleVault, SoftwareVault, Vault

_HINT = "keyboard.module names a factory without arguments, as PACKAGE.MODULE:NAME."


def open_vault(module: str, secret: bytes) -> Vault:
    """Keys of the module that `module` names, else in memory, under `secret`. EdenError "keyboard-module"."""
    return ModuleVault(_load(module)) if module else SoftwareVault(secret)


def _load(name: str) -> Module:
    place, _, factory = name.partition(":")
    try:
        made = getattr(importlib.import_module(place), factory)()
    except Exception as error:
        # whatever a vendor's library raises: without the module nothing can be opened
        sentence = f"The hardware module {name} cannot be opened: {type(error).__name__}: {error}"
        raise EdenError("keyboard-module", sentence, _HINT) from error
    missing = [word for word in _METHODS if not callable(getattr(made, word, None))]
    if missing:
        raise EdenError("keyboard-module", f"The hardware module {name} has no {', '.join(missing)}.", _HINT)
    module: Module = made
    return module


_METHODS = ("generate_key_pair", "generate_key", "derive", "sign", "decrypt_sm2", "cipher")
