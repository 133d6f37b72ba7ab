"""A verb as a person or a script runs it: a process with a status, stdout and stderr."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = [sys.executable, "-c", "from aiapp.cli.main import main; main()"]


def aiapp(
    *words: str | Path, stdin: bytes = b"", env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*PROGRAM, *map(str, words)], input=stdin, capture_output=True, env={**os.environ, **(env or {})}, check=False
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def on_a_terminal(*words: str) -> str:
    """What a terminal of 256 colours and 80 columns is sent."""
    import pty

    ours, theirs = pty.openpty()
    env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80"}
    running = subprocess.Popen([*PROGRAM, *words], stdin=theirs, stdout=theirs, stderr=theirs, env=env)
    os.close(theirs)
    sent = b""
    while True:
        try:
            data = os.read(ours, 65_536)
        except OSError:  # how Linux says that the other end is closed
            data = b""
        if not data:
            break
        sent += data
    os.close(ours)
    assert running.wait(timeout=60) == 0
    return sent.decode()
