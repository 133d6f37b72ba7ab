"""What the command says when it cannot export, and that it leaves nothing behind."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from aiapp.core.errors import InvalidInput
from aiapp.transformer.export import hugging_face
from aiapp.transformer.export.__main__ import main
from aiapp.transformer.export.hugging_face import export_hugging_face
from aiapp.transformer.model import BUNDLED


def test_what_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "file").write_text("mine")
    for name in ("there", "file"):
        with pytest.raises(SystemExit, match=r"target folder: '.*' cannot be used") as caught:
            main(["hugging-face", "--to", str(tmp_path / name)])
        assert "\n" not in str(caught.value)
    assert list((tmp_path / "there").iterdir()) == []
    assert (tmp_path / "file").read_text() == "mine"


def test_an_unknown_model_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"model directory: .* missing: config\.json") as caught:
        main(["hugging-face", "--to", str(tmp_path / "to"), "--model", str(tmp_path / "nothing")])
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_of_an_export_that_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise InvalidInput("disk", "full", "room")

    monkeypatch.setattr(hugging_face, "write_safetensors", fail)
    with pytest.raises(InvalidInput, match="disk"):
        export_hugging_face(BUNDLED, tmp_path / "export")
    assert list(tmp_path.iterdir()) == []


def test_the_graph_asks_for_what_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(SystemExit, match=r"onnx is not installed; .* 'aiapp\[export\]'"):
        main(["onnx", "--to", str(tmp_path / "export")])
    assert list(tmp_path.iterdir()) == []
