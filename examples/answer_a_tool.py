"""A turn with tools, by hand: calls at once, results that go back, a failure as a value, and what was thought."""

from __future__ import annotations

import json

from aiapp import Client, Request, Settings, Thinking, Tool, ToolCall, ToolResult, assistant, user
from aiapp.core.messages import tool
from aiapp.core.request import Only
from aiapp.testing import Said, ScriptedModel

STOCK = {"lamp": 4, "kettle": 0}
stock = Tool("stock", "How many of an article there are.", {"type": "object", "properties": {"article": {}}})


def run(call: ToolCall) -> ToolResult:
    """What a tool returns; a failure is a value that the model sees, and can do something about."""
    article = json.loads(call.arguments)["article"]
    if article not in STOCK:
        return ToolResult(call.id, f"no such article: {article}; there are {', '.join(STOCK)}", is_error=True)
    return ToolResult(call.id, str(STOCK[article]))


calls = (ToolCall("c1", "stock", '{"article": "lamp"}'), ToolCall("c2", "stock", '{"article": "mug"}'))
thought = Said(thinking="Two articles, so two calls.", tool_calls=calls)
client = Client(
    provider=ScriptedModel([thought, "Four lamps are left; mugs we do not sell."])
)  # or Client("openai:NAME"), Client("anthropic:NAME")

request = Request(
    (user("How many lamps and mugs are left?"),), (stock,), settings=Settings(tool_choice=Only("stock"))
)  # that one first, whatever the model would rather do
response = client.complete(request)
while response.tool_calls:
    for part in response.parts:
        print(f"{part.kind}: {part.text if isinstance(part, Thinking) else part}")
    results = [run(call) for call in response.tool_calls]
    for result in results:
        print(f"result of {result.call_id}: {'failed, ' if result.is_error else ''}{result.content}")
    # All parts go back as they came: a provider may want its signed thinking again.
    request = Request((*request.messages, assistant(response.parts), tool(*results)), (stock,))
    response = client.complete(request)
print(response.text)
