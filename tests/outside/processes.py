"""Servers that others wrote, run for a test."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

_NOBODY = "http://127.0.0.1:9"
SEALED: Mapping[str, str] = {
    **{name: _NOBODY for proxy in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY") for name in (proxy, proxy.lower())},
    **dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost"),
}
"""The environment in which a program that would call another machine is refused at once."""


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def serving(
    command: Sequence[str], port: int, ready: str, log: Path, within: float, env: Mapping[str, str] | None = None
) -> Generator[str]:
    """The address of a server once it answers `ready`; it ends, with all that it started, at the end."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **SEALED, **(env or {})},
            start_new_session=True,
        )
        try:
            deadline = time.monotonic() + within
            while not _answers(port, ready):
                assert process.poll() is None, f"{command[0]} ended: {log.read_text(errors='replace')[-2000:]}"
                assert time.monotonic() < deadline, f"{command[0]} is not up: {log.read_text(errors='replace')[-2000:]}"
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        with connection.getresponse() as response:
            return response.status < 500
    except OSError:
        return False
    finally:
        connection.close()
