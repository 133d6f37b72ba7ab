"""Money and time: the invoice of a call, line by line from a price list, and a stopwatch for its stages.

Nothing here knows a provider by name or talks to one: it is given counts and prices and returns values of `core`.
"""
