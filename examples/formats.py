"""The form of an answer without a type of Python's: a regular expression, or a JSON schema that comes as data."""

from __future__ import annotations

import json

from aiapp import Client, JsonSchema, Regex, Request, user

client = Client("local")  # holds to any form while it writes; what fills the form is the model's best
question = user("Passage:\nThe pool opens on Wednesday at 9:30.\n\nQuestion: When does the pool open?")
for pattern in ("(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day", "[0-9]{1,2}:[0-9]{2}"):
    print(f"{client.complete(Request((question,), format=Regex(pattern))).text:10} is of the form {pattern}")

stored = '{"type": "object", "properties": {"article": {"type": "string"}, "price": {"type": "number"}}}'
schema = {**json.loads(stored), "required": ["article", "price"], "additionalProperties": False}
text = user("Extract the record from the text.\n\nThe Corvo lamp costs 55 euros.")
print(json.loads(client.complete(Request((text,), format=JsonSchema(schema))).text))

print("\nwhat others make of the same forms, told before anything is sent")
for model in ("openai:some-model", "anthropic:some-model"):
    for form in (Regex("[0-9]+"), JsonSchema({**schema, "maxProperties": 2})):
        explained = Client(model, api_key="not-a-real-key").explain(Request((question,), format=form))
        changes = "; ".join(map(str, explained.changes)) or "sent as it is"
        print(f"  {model}, {type(form).__name__}: {changes}")
