"""Where the user's own files of the catalogue are."""

from __future__ import annotations

import os
import sys
from pathlib import Path

VARIABLE = "AIAPP_CATALOG"


def users_file() -> Path | None:
    """The user's own offers and prices: the file that `AIAPP_CATALOG` names, else the one in the configuration folder.

    None where there is none; one that `AIAPP_CATALOG` names must be there when it is read.
    """
    if chosen := os.environ.get(VARIABLE):
        return Path(chosen)
    usual = _folder("XDG_CONFIG_HOME", ".config") / "aiapp" / "catalog.toml"
    return usual if usual.is_file() else None


def refreshed_folder() -> Path:
    """Where `aiapp models refresh` writes."""
    return _folder("XDG_DATA_HOME", ".local/share") / "aiapp" / "catalog"


def _folder(variable: str, usual: str) -> Path:
    if (chosen := os.environ.get(variable)) is not None:
        return Path(chosen)
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA", Path.home() / "AppData" / "Roaming"))
    return Path.home() / ("Library/Application Support" if sys.platform == "darwin" else usual)
