"""Anthropic through its Messages API and its official SDK.

`encode` puts a payload together from `turns`, `blocks`, `schema` and `settings`; `decode` reads answers, with
`citations`, `signed` and `answer` beside it; `failures` and `errors` read what went wrong.
"""

NAME = "anthropic"
