"""JSON schemas in the keywords that llguidance follows.

What is rewritten allows the same values or fewer, never others. A format that llguidance does not know stands for a
narrower one that it does, or, not being one of JSON Schema's, is left out as the annotation that it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias, cast

from aiapp.transformer.schemas import Document, Schema, as_object, changed, walk

Mutable: TypeAlias = dict[str, Any]

_ANNOTATIONS = {"title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "$comment"}
_FOLLOWED = {"email", "hostname", "ipv4", "ipv6", "uuid", "uri", "duration"}
_NARROWER = {
    "idn-email": "email",
    "idn-hostname": "hostname",
    "iri": "uri",
    "iri-reference": "uri",
    "uri-reference": "uri",
}

_LEAP = "(?:0[48]|[2468][048]|[13579][26])"
_DATE = (
    "(?:[1-9][0-9]{3}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    f"|02-(?:0[1-9]|1[0-9]|2[0-8]))|(?:[1-9][0-9]{_LEAP}|(?:[2468][048]|[13579][26])00)-02-29)"
)
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
_POINTER = "(?:/(?:[^~/]|~[01])*)*"
_PATTERNS = {
    "date": f"^{_DATE}$",
    "time": f"^{_TIME}$",
    "date-time": f"^{_DATE}T{_TIME}$",
    "json-pointer": f"^{_POINTER}$",
    "relative-json-pointer": f"^(?:0|[1-9][0-9]{{0,8}})(?:#|{_POINTER})$",
    "regex": "^[A-Za-z0-9 ]*$",
    "uri-template": "^[A-Za-z0-9/._~-]*(?:[{][A-Za-z0-9_]+[}])?$",
}


def simplified(schema: Schema) -> Mutable:
    """The schema in simpler keywords where that can be done; what cannot be said otherwise is left in place."""
    dynamic = any("$dynamicRef" in part for _, part in walk(schema))
    exclusive = any("oneOf" in part for _, part in walk(schema))
    alone = any(f"draft-0{version}/" in str(schema.get("$schema")) for version in (3, 4, 6, 7))
    return {**_Rewriter(Document(schema), dynamic, exclusive, alone).rewritten(schema)}


class _Rewriter:
    def __init__(self, document: Document, dynamic: bool, exclusive: bool, alone: bool) -> None:
        self._document = document
        self._dynamic = dynamic  # whether an anchor's name may mean different places
        self._exclusive = exclusive  # whether fewer values for one branch may mean more for the whole
        self._alone = alone  # whether a reference makes the keywords beside it void, as it did until draft 7

    def rewritten(self, schema: Any) -> Any:
        if not isinstance(schema, Mapping):
            return schema
        whole = cast("Schema", schema)
        for key in ("properties", "patternProperties"):
            if not isinstance(whole.get(key, {}), Mapping):
                raise TypeError(f"{key} is no object")
        if self._alone and "$ref" in whole:
            whole = {key: value for key, value in whole.items() if key in ("$ref", "$schema", "$defs", "definitions")}
        result = {key: _count(key, value) for key, value in whole.items() if not _is_void(key, value, whole)}
        if "$dynamicAnchor" in result and not self._dynamic:
            result.setdefault("$anchor", result.pop("$dynamicAnchor"))
        self._choose_one(result)
        self._close_items(result)
        self._close_names(result)
        _name_properties(result, self._followed(result.get("propertyNames")))
        _state_dependents(result)
        _state_format(result)
        if "additionalItems" in result and isinstance(result.get("items"), list):
            rest = result.pop("additionalItems")  # llguidance connects the two only where they stand together
            result = {"items": result.pop("items"), "additionalItems": rest, **result}
        return {key: changed(key, value, self.rewritten) for key, value in result.items()}

    def _followed(self, schema: Any) -> Any:
        """What a schema that is nothing but a reference stands for."""
        for _ in range(8):
            part = as_object(schema)
            found = self._document.resolve(part.get("$ref")) if part.keys() - _ANNOTATIONS == {"$ref"} else None
            if found is None:
                break
            schema = found
        return schema

    def _choose_one(self, schema: Mutable) -> None:
        """Spell out the branches of `oneOf`, and require the property whose constant tells them apart."""
        if not isinstance(schema.get("oneOf"), list):
            return
        branches = [self._followed(branch) for branch in cast("list[Any]", schema["oneOf"])]
        named = [as_object(as_object(branch).get("properties")) for branch in branches]
        telling = [name for name in named[0] if all(_is_constant(part.get(name)) for part in named)] if named else []
        if telling:
            branches = [
                {**branch, "required": list(dict.fromkeys([*branch.get("required", ()), telling[0]]))}
                for branch in branches
            ]
        schema["oneOf"] = branches

    def _surely(self, schema: Any, depth: int = 0) -> Iterator[Schema]:
        """The schemas that all hold where this one does: itself, those of `allOf`, and those that it refers to."""
        whole = as_object(schema)
        yield whole
        if depth < 8:
            for part in whole.get("allOf", ()):
                yield from self._surely(part, depth + 1)
            if (found := self._document.resolve(whole.get("$ref"))) is not None:
                yield from self._surely(found, depth + 1)

    def _close_names(self, schema: Mutable) -> None:
        """`unevaluatedProperties` as `additionalProperties`, beside the names that the schema surely speaks of."""
        if "unevaluatedProperties" not in schema:
            return
        parts = list(self._surely(schema))
        if self._exclusive and not _is_settled(parts):
            return
        rest = schema.pop("unevaluatedProperties")
        if any("additionalProperties" in part for part in parts):
            return
        for key in ("properties", "patternProperties"):
            names = [name for part in parts for name in as_object(part.get(key))]
            if names:
                schema[key] = {**dict.fromkeys(names, True), **schema.get(key, {})}
        schema["additionalProperties"] = rest

    def _close_items(self, schema: Mutable) -> None:
        """`unevaluatedItems` as `items`, behind the places that the schema surely speaks of."""
        if "unevaluatedItems" not in schema:
            return
        parts = list(self._surely(schema))
        if self._exclusive and not _is_settled(parts):
            return
        rest = schema.pop("unevaluatedItems")
        old = any(isinstance(part.get("items"), list) for part in parts)
        first, others = ("items", "additionalItems") if old else ("prefixItems", "items")
        if any(others in part or isinstance(part.get("items"), Mapping | bool) for part in parts):
            return
        places = max(len(part.get(first, ())) for part in parts)
        if places:
            own = list(schema.get(first, ()))
            schema[first] = [*own, *[True] * (places - len(own))]
        schema[others] = rest


def _is_void(key: str, value: Any, schema: Schema) -> bool:
    """Whether a keyword says nothing here."""
    conditional = "then" in schema or "else" in schema
    checks: dict[str, Callable[[], bool]] = {
        "uniqueItems": lambda: not value or schema.get("maxItems", 2) <= 1,
        "contains": lambda: schema.get("minContains") == 0 and "maxContains" not in schema,
        "minContains": lambda: "contains" not in schema or (value == 0 and "maxContains" not in schema),
        "maxContains": lambda: "contains" not in schema,
        "if": lambda: not conditional,
        "then": lambda: "if" not in schema,
        "else": lambda: "if" not in schema,
        "not": lambda: value is False,
        "propertyNames": lambda: value in (True, {}),
        "unevaluatedItems": lambda: value in (True, {}),
        "unevaluatedProperties": lambda: value in (True, {}),
        "dependencies": lambda: not value,
        "dependentRequired": lambda: not value,
        "dependentSchemas": lambda: not value,
        "$recursiveAnchor": lambda: value is False,
    }
    return key in checks and checks[key]()


def _count(key: str, value: Any) -> Any:
    """A number of things as an integer, also where it was written as 2.0."""
    counts = key.startswith(("min", "max")) and key not in ("minimum", "maximum")
    return int(value) if counts and isinstance(value, float) and value.is_integer() else value


def _is_settled(parts: Sequence[Schema]) -> bool:
    """Whether nothing else than these schemas can speak of a property or item."""
    uncertain = ("anyOf", "oneOf", "if", "contains", "dependentSchemas", "dependencies", "$dynamicRef", "$recursiveRef")
    references = sum("$ref" in part for part in parts)
    followed = len(parts) - 1 - sum(len(part.get("allOf", ())) for part in parts)
    return references == followed and not any(key in part for part in parts for key in uncertain)


def _is_constant(schema: Any) -> bool:
    return "const" in as_object(schema) or "enum" in as_object(schema)


def _name_properties(schema: Mutable, allowed: Any) -> None:
    """`propertyNames` of an object without named properties, as `properties` or `patternProperties`."""
    if "propertyNames" not in schema or "properties" in schema or "patternProperties" in schema:
        return
    said = {key: value for key, value in as_object(allowed).items() if key not in {*_ANNOTATIONS, "type"}}
    values = schema.get("additionalProperties", True)
    if allowed is False:
        schema["maxProperties"] = 0
    elif said.keys() in ({"enum"}, {"const"}):
        names = said.get("enum", [said.get("const")])
        schema["properties"] = {name: values for name in names if isinstance(name, str)}
    elif said.keys() == {"pattern"}:
        schema["patternProperties"] = {said["pattern"]: values}
    elif said and said.keys() <= {"minLength", "maxLength"}:
        least, most = said.get("minLength", 0), said.get("maxLength", "")
        schema["patternProperties"] = {rf"^[\s\S]{{{least},{most}}}$": values}
    else:
        return
    del schema["propertyNames"]
    schema["additionalProperties"] = False


def _state_dependents(schema: Mutable) -> None:
    """What a property brings with it, as a choice: without the property, or with all that it asks for."""
    asked: list[tuple[str, Any]] = []
    for key in ("dependencies", "dependentRequired", "dependentSchemas"):
        asked.extend(as_object(schema.pop(key, None)).items())
    for name, needed in asked:
        listed = isinstance(needed, list)
        having: Mutable = {"required": [name, *needed]} if listed else {"required": [name], "allOf": [needed]}
        choice = {"anyOf": [{"properties": {name: False}}, having]}
        schema["allOf"] = [*schema.get("allOf", ()), choice]


def _state_format(schema: Mutable) -> None:
    name = schema.get("format")
    if not isinstance(name, str) or name in _FOLLOWED:
        return
    del schema["format"]
    if name in _NARROWER:
        schema["format"] = _NARROWER[name]
    elif name in _PATTERNS and "pattern" in schema:
        schema["allOf"] = [*schema.get("allOf", ()), {"pattern": _PATTERNS[name]}]
    elif name in _PATTERNS:
        schema["pattern"] = _PATTERNS[name]
