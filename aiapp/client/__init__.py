"""`Client`: one way to ask any model, with its policies, and a receipt for every answer.

Each policy is one small file. Nothing here knows a provider's wire format: it is given a `Provider` and speaks the
values of `core`.
"""
