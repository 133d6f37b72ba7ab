"""Where software that others wrote is installed; where it is not, a test is skipped and says how to install it.

`AIAPP_REQUIRED` names what must be there, of `aimock`, `litellm-proxy` and `litellm`: what is missing then fails.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

import pytest

AIMOCK = "@copilotkit/aimock"
GET_AIMOCK = f"npm install --global {AIMOCK}@1.43.0"
GET_LITELLM = (
    "python -m venv .litellm && .litellm/bin/pip install 'litellm[proxy]==1.106.2' && "
    "AIAPP_LITELLM=.litellm/bin/litellm python -m pytest tests/outside"
)
REQUIRED = os.environ.get("AIAPP_REQUIRED", "").split()
ROOT = Path(__file__).parents[2]
OFFLINE: Mapping[str, str] = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_LOCAL_BLOG_POSTS": "True",
    "LITELLM_LOCAL_AUTOROUTER_PRESETS": "True",
    "LITELLM_LOCAL_POLICY_TEMPLATES": "True",
}
"""The environment in which litellm reads its own files, and fetches none."""

HAS_LITELLM = find_spec("litellm") is not None
needs_litellm = pytest.mark.skipif(
    not HAS_LITELLM and "litellm" not in REQUIRED, reason="litellm (the extra `litellm`) is not installed"
)


def _missing(name: str, reason: str) -> NoReturn:
    if name in REQUIRED:
        pytest.fail(reason)
    pytest.skip(reason)


def aimock() -> list[str]:
    """How aimock's server for language models is started.

    It is looked for in the folder that `AIAPP_AIMOCK` names, in each `node_modules` from the repository upwards, and
    where `npm install --global` puts it.
    """
    node = shutil.which("node")
    if node is None:
        _missing("aimock", f"Node is not installed; with it: {GET_AIMOCK}")
    for folder in _packages():
        if (folder / "package.json").is_file():
            about: dict[str, Any] = json.loads((folder / "package.json").read_text(encoding="utf-8"))
            return [node, str(folder / about["bin"]["llmock"])]
    _missing("aimock", f"aimock is not installed: {GET_AIMOCK}")


def _packages() -> Iterator[Path]:
    given = os.environ.get("AIAPP_AIMOCK")
    if given:
        assert Path(given, "package.json").is_file(), f"AIAPP_AIMOCK is {given}, which holds no package.json"
        yield Path(given)
    yield from (folder / "node_modules" / AIMOCK for folder in (ROOT, *ROOT.parents))
    npm = shutil.which("npm")
    if npm is not None:
        asked = subprocess.run([npm, "root", "--global"], capture_output=True, text=True, check=False)
        yield Path(asked.stdout.strip(), AIMOCK)


def litellm_proxy() -> list[str]:
    """How litellm's proxy is started: `AIAPP_LITELLM`, the `litellm` on the path, or the one that can be imported."""
    given = os.environ.get("AIAPP_LITELLM")
    if given:
        assert shutil.which(given) is not None, f"AIAPP_LITELLM is {given}, which is no program"
        return [given]
    found = shutil.which("litellm")
    if found is not None and _starts(found):
        return [found]
    if all(find_spec(name) is not None for name in ("litellm", "fastapi", "uvicorn", "orjson")):
        return [sys.executable, "-c", "from litellm import run_server; run_server()"]
    _missing("litellm-proxy", f"litellm's proxy is not installed: {GET_LITELLM}")


@cache
def _starts(program: str) -> bool:
    env = {**os.environ, **OFFLINE}
    return subprocess.run([program, "--version"], capture_output=True, check=False, env=env).returncode == 0
