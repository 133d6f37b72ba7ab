"""Show an image to a model: from bytes, a path or a URL; what it is, is read from its first bytes. Nothing is sent."""

from __future__ import annotations

import asyncio
import base64

from aiapp import AiappError, Client, Image, Text, aimage, image, user

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

client = Client("anthropic:some-model", api_key="not-a-real-key")
pictures: list[Image] = [image(base64.b64decode(PIXEL)), image("https://example.com/cat.jpg")]
for picture in pictures:  # the provider fetches the URL
    message = user([Text("What is this?"), picture])
    print(client.explain([message]).payload["messages"])


async def several() -> None:
    """`aimage` and `afile` read and fetch without holding up the event loop."""
    pictures = await asyncio.gather(*(aimage(base64.b64decode(PIXEL)) for _ in range(3)))
    print(len(pictures), "at once")


asyncio.run(several())

for source, fetch in ((b"%PDF-1.7", False), ("http://127.0.0.1/secret.png", True)):
    try:
        image(source, fetch=fetch)
    except AiappError as error:
        print(f"refused: {error}")
