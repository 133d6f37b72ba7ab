"""The rules of the house: which way imports run, what `import aiapp` loads, which names are public, file sizes."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import aiapp

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "aiapp"

FLOORS = {
    "sqlite": 0,
    "sync": 0,
    "core": 1,
    "catalog": 2,
    "transformer": 2,
    "providers": 3,
    "tracking": 3,
    "prompts": 3,
    "client": 4,
    "testing": 4,
    "retrieval": 5,
    "tools": 5,
    "agents": 6,
    "chains": 6,
    "doctor": 7,
    "evals": 7,
    "serving": 7,
    "scale": 7,
    "cli": 8,
}
ALLOWED_SIBLINGS = {("providers", "prompts"), ("retrieval", "tools"), ("testing", "client")}
SDK_HOMES = {
    "openai": "aiapp/providers/openai",
    "anthropic": "aiapp/providers/anthropic",
    "litellm": "aiapp/providers/litellm",
    "torch": "aiapp/transformer/train",
    "onnx": "aiapp/transformer/export",
    "llguidance": "aiapp/transformer",
    "threadpoolctl": "aiapp/transformer",
    "tokenizers": "aiapp/transformer",
    "pypdf": "aiapp/retrieval",
    "opentelemetry": "aiapp/tracking",
    "typer": "aiapp/cli",
    "rich": "aiapp/cli",
}


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def imported(path: Path) -> list[str]:
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.extend(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names.append(node.module or "")
    return names


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def test_every_module_stands_on_a_known_floor() -> None:
    assert {room(path) for path in modules()} <= FLOORS.keys()


def test_imports_run_downwards() -> None:
    upward: list[str] = []
    for path in modules():
        here = room(path)
        for name in imported(path):
            parts = name.split(".")
            if parts[0] != "aiapp" or len(parts) == 1 or parts[1] == here:
                continue
            there = parts[1]
            if FLOORS[there] >= FLOORS[here] and (here, there) not in ALLOWED_SIBLINGS:
                upward.append(f"{path.relative_to(ROOT)} imports {name}")
    assert upward == []


def test_the_transformers_runtime_needs_none_of_the_rooms_around_it() -> None:
    """The runtime, then tasks and export, then evaluate, then train; each imports only what comes before."""
    order = {"tasks": 1, "export": 1, "evaluate": 2, "train": 3}
    upward: list[str] = []
    for path in (PACKAGE / "transformer").rglob("*.py"):
        here = path.relative_to(PACKAGE / "transformer").parts[0]
        for name in imported(path):
            there = name.removeprefix("aiapp.transformer.").split(".")[0]
            if there in order and there != here and order[there] >= order.get(here, 0):
                upward.append(f"{path.relative_to(ROOT)} imports {name}")
    assert upward == []


def test_each_sdk_is_imported_in_its_own_folder_alone() -> None:
    strays: list[str] = []
    for path in modules():
        for name in imported(path):
            home = SDK_HOMES.get(name.split(".")[0])
            if home is not None and not path.is_relative_to(ROOT / home):
                strays.append(f"{path.relative_to(ROOT)} imports {name}")
    assert strays == []


def test_providers_do_not_import_each_other() -> None:
    strays: list[str] = []
    for path in (PACKAGE / "providers").glob("*/*.py"):
        others = {folder.name for folder in (PACKAGE / "providers").iterdir() if folder.is_dir()} - {path.parent.name}
        strays.extend(f"{path}: {name}" for name in imported(path) if set(name.split(".")[2:3]) & others)
    assert strays == []


def test_files_fit_in_a_head() -> None:
    sizes = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in modules()}
    assert {path: size for path, size in sizes.items() if size > 400} == {}


def test_every_package_says_what_lives_there() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in PACKAGE.rglob("__init__.py")
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []


def test_public_names_are_sorted_complete_and_few() -> None:
    assert aiapp.__all__ == sorted(aiapp.__all__)
    assert all(getattr(aiapp, name) is not None for name in aiapp.__all__)
    assert len(aiapp.__all__) <= 40


def test_import_is_light() -> None:
    """`import aiapp` loads no SDK, no numpy, and no socket."""
    sdks = ["openai", "anthropic", "litellm", "chromadb", "torch", "sentence_transformers", "tokenizers", "llguidance"]
    heavy = [*sdks, "numpy", "pydantic", "typer", "rich", "yaml", "socket"]
    program = f"import sys, aiapp; print([name for name in {heavy!r} if name in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[]"


def test_making_a_client_loads_no_sdk() -> None:
    heavy = ["openai", "anthropic", "litellm", "numpy"]
    program = (
        "import sys; from aiapp import Client; Client('openai:a', api_key='k'); Client('anthropic:b', api_key='k');"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[]"
