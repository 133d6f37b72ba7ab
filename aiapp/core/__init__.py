"""Values: what is said to a model, what comes back, and what it cost.

Frozen dataclasses and pure functions only. Nothing here performs I/O, reads the clock or the environment, or
imports a third-party package at module level; every room above may use every value here.
"""
