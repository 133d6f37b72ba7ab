"""Each test runs in a process of its own, because the setting is the process's."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from aiapp.core.errors import InvalidInput
from aiapp.transformer import set_threads, thread_count

NAMES = ("AIAPP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")
LOAD = "from pathlib import Path; from aiapp.transformer import Transformer; Transformer.load(Path({directory!r}));"
SHOW = "from aiapp.transformer import set_threads, thread_count; print(thread_count())"

pytestmark = pytest.mark.skipif(thread_count() is None, reason="this BLAS has no setting of its own")


def said(program: str, environment: Mapping[str, str]) -> str:
    kept = {name: value for name, value in os.environ.items() if name not in NAMES}
    run = subprocess.run(
        [sys.executable, "-c", program], env=kept | dict(environment), capture_output=True, text=True, check=False
    )
    return run.stdout.strip() or run.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "1"),
        ({"AIAPP_THREADS": "2"}, "2"),
        ({"AIAPP_THREADS": "3", "OMP_NUM_THREADS": "1"}, "3"),
        ({"OPENBLAS_NUM_THREADS": "1", "AIAPP_THREADS": "0"}, "1"),
    ],
)
def test_loading_a_model_sets_the_threads(model_directory: Path, environment: dict[str, str], expected: str) -> None:
    assert said(LOAD.format(directory=str(model_directory)) + SHOW, environment) == expected


def test_the_environment_of_the_blas_is_left_alone(model_directory: Path) -> None:
    environment = {"OMP_NUM_THREADS": "2"}
    untouched = said("import numpy;" + SHOW, environment)
    assert said(LOAD.format(directory=str(model_directory)) + SHOW, environment) == untouched


def test_what_was_set_outlives_a_load(model_directory: Path) -> None:
    program = "import numpy; from aiapp.transformer import set_threads; set_threads(2);"
    assert said(program + LOAD.format(directory=str(model_directory)) + SHOW, {"AIAPP_THREADS": "1"}) == "2"


def test_any_thread_may_set_it_after_another_that_still_lives(model_directory: Path) -> None:
    program = (
        "import numpy; from concurrent.futures import ThreadPoolExecutor; from aiapp.transformer import set_threads;"
        "pool = ThreadPoolExecutor(1); pool.submit(set_threads, 1).result(); set_threads(2);"
    )
    assert said(program + SHOW, {}) == "2"


def test_a_wrong_number_is_named(model_directory: Path) -> None:
    with pytest.raises(InvalidInput, match="threads: 0"):
        set_threads(0)
    assert "AIAPP_THREADS" in said(LOAD.format(directory=str(model_directory)) + SHOW, {"AIAPP_THREADS": "many"})
