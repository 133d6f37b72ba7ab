"""Show a document to a model: from a path, bytes or a URL; what it is, is read from it. Nothing is sent."""

from __future__ import annotations

import asyncio

from aiapp import AiappError, Client, File, Text, afile, file, user

HANDBOOK = "examples/handbook"
documents = [
    file(f"{HANDBOOK}/legal/service-level-agreement.pdf"),
    file(b"city,people\nBern,137000\n", name="cities.csv"),
    file("https://example.com/terms.pdf"),  # the provider fetches it; with fetch=True it would be fetched here
    File("application/zip", "old.zip", b"PK\x03\x04 and so on"),  # as it is, on your own word
]
for one in documents:
    print(f"{one.name}: {one.media_type}, {one.url if one.data is None else f'{len(one.data):,} bytes'}")

client = Client("anthropic:some-model", api_key="not-a-real-key")
explained = client.explain([user([Text("What do these say?"), *documents])])
print("\nas Anthropic would be sent them")
for block in explained.payload["messages"][0]["content"]:
    print(f"  {str(block)[:110]}")
for change in explained.changes:
    print(f"  lost: {change}")


async def several() -> None:
    """`afile` reads and fetches without holding up the event loop."""
    paths = [f"{HANDBOOK}/people/faq.md", f"{HANDBOOK}/product/price-list.md"]
    print("\nread at once:", [one.name for one in await asyncio.gather(*map(afile, paths))])


asyncio.run(several())

print("\nrefused, before anything is sent")
scripts = "http://127.0.0.1/secret.pdf"
for source, most, fetch in (
    (f"{HANDBOOK}/no-such.pdf", 1000, False),
    (b"PK\x03\x04\xff and so on", 1000, False),
    (f"{HANDBOOK}/people/faq.md", 1000, False),
    ("ftp://example.com/terms.pdf", 1000, False),
    (scripts, 1000, True),
):
    try:
        file(source, max_bytes=most, fetch=fetch)
    except AiappError as error:
        print(f"  {error}")
