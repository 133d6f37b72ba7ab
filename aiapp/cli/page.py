"""The frame of every HTML page that a verb writes: it needs no script, no other file and no connection."""

from __future__ import annotations

from html import escape

_FRAME = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --accent: #2a7fb8; }}
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }}
h2 {{ font-size: 1.1rem; margin: 2rem 0 .3rem; }}
p {{ margin: .3rem 0 .8rem; opacity: .75; }}
code {{ font: 13px ui-monospace, monospace; }}
.wide {{ overflow-x: auto; }}
{style}</style>
</head>
<body>
{body}
</body>
</html>
"""


def page(title: str, style: str, body: str) -> str:
    """A whole page; `title` is text, `style` and `body` are ready."""
    return _FRAME.format(title=escape(title), style=style, body=body)
