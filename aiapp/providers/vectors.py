"""Vectors as servers send them, as ours: numbers in 32 bits. Pure."""

from __future__ import annotations

import base64
import math
import sys
from array import array
from collections.abc import Iterable
from typing import Any

_TOP = 3 if sys.byteorder == "little" else 0
"""Where a number has its sign and the top of its exponent."""
_HUGE = (0x7F, 0xFF)
"""What stands there in infinities, in what is no number, and in the largest numbers."""


def as_vectors(given: Iterable[Any]) -> list[array[float]]:
    """Each of them, as numbers or in base64; all of one length, and of finite numbers."""
    vectors = [_vector(one) for one in given]
    lengths = {len(vector) for vector in vectors}
    if len(lengths) > 1 or 0 in lengths:
        raise ValueError(f"vectors of {' and '.join(map(str, sorted(lengths)))} numbers")
    return vectors


def _vector(given: Any) -> array[float]:
    """On the wire, bytes are little-endian."""
    if isinstance(given, str):
        vector = array("f", base64.b64decode(given, validate=True))
        if sys.byteorder == "big":
            vector.byteswap()
    else:
        vector = array("f", given)
    top = vector.tobytes()[_TOP::4]
    if any(byte in top for byte in _HUGE) and not all(map(math.isfinite, vector)):
        raise ValueError("a vector with what is no number")
    return vector
