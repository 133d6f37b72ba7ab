"""The way to each model: one folder a provider, nothing of one outside its folder.

`encode` (our request to the provider's payload, pure), `decode` (the provider's answer to our events, pure), `errors`
(the SDK's exceptions to ours, by table) and a thin `provider` class with the I/O. Only `providers/X` imports SDK X, and
only on first use. Policies (retry, budgets, caching) live one floor up, in `client/`.
"""
