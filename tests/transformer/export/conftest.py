"""The bundled model, exported once."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiapp.transformer.export.hugging_face import export_hugging_face
from aiapp.transformer.model import BUNDLED


@pytest.fixture(scope="session")
def bundled_export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled model for `transformers`."""
    to = tmp_path_factory.mktemp("exports") / "bundled"
    export_hugging_face(BUNDLED, to)
    return to
