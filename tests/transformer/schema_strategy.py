"""Random JSON schemas, each of which some value fits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeAlias

from hypothesis import strategies as st

Schema: TypeAlias = dict[str, Any]
Schemas: TypeAlias = st.SearchStrategy[Schema]

PATTERNS = ["^[a-z]+$", r"^\d{2,4}-[A-Z]{1,3}$", "x", "^(?:yes|no)?$", "^é{1,3}[^a-z]$", r"^\w{3}\s.*"]
FORMATS = ["date", "time", "date-time", "email", "ipv4", "ipv6", "uuid", "uri", "hostname", "duration", "iri", "path"]
STEPS = [0.01, 0.1, 0.25, 0.5, 2.5, 3]

names = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=6)
few_names = st.lists(names, min_size=1, max_size=3, unique=True)
constants = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.sampled_from([0.5, -2.25, 1e-3]) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=2),
    max_leaves=4,
)


@st.composite
def some_of(draw: st.DrawFn, required: Mapping[str, Any], optional: Mapping[str, Any]) -> Schema:
    """The required keywords and any of the optional ones, in any order."""
    schema: Schema = draw(st.fixed_dictionaries(dict(required), optional=dict(optional)))
    return {key: schema[key] for key in draw(st.permutations(sorted(schema)))}


@st.composite
def strings(draw: st.DrawFn) -> Schema:
    least = draw(st.integers(0, 5))
    lengths = {"minLength": st.just(least), "maxLength": st.integers(least, 20)}
    kind = draw(st.sampled_from(["length", "length", "pattern", "format", "enum"]))
    if kind == "length":
        return draw(some_of({"type": st.just("string")}, lengths))
    if kind == "pattern":
        return draw(some_of({"type": st.just("string"), "pattern": st.sampled_from(PATTERNS)}, {}))
    if kind == "format":
        return {"type": "string", "format": draw(st.sampled_from(FORMATS))}
    return {"type": "string", "enum": draw(st.lists(st.text(max_size=8), min_size=1, max_size=4, unique=True))}


@st.composite
def integers(draw: st.DrawFn) -> Schema:
    low, step = draw(st.integers(-(10**6), 10**6)), draw(st.integers(1, 7))
    high = low + draw(st.integers(2 * step, 10**4))
    lower = st.sampled_from([{}, {"minimum": low}, {"exclusiveMinimum": low}])
    upper = st.sampled_from([{}, {"maximum": high}, {"exclusiveMaximum": high}])
    multiple: Schema = draw(st.sampled_from([{}, {}, {"multipleOf": step}]))
    return {"type": "integer", **draw(lower), **draw(upper), **multiple}


@st.composite
def numbers(draw: st.DrawFn) -> Schema:
    low, step = draw(st.integers(-(10**5), 10**5)) / 100, draw(st.sampled_from(STEPS))
    high = low + 2 * step + draw(st.integers(0, 10**3)) / 4
    lower = st.sampled_from([{}, {"minimum": low}, {"exclusiveMinimum": low}])
    upper = st.sampled_from([{}, {"maximum": high}, {"exclusiveMaximum": high}])
    multiple: Schema = draw(st.sampled_from([{}, {}, {"multipleOf": step}]))
    return {"type": "number", **draw(lower), **draw(upper), **multiple}


def under(key: str, values: st.SearchStrategy[Any]) -> Schemas:
    """Schemas of one keyword."""
    return st.fixed_dictionaries({key: values})


open_strings: Schemas = st.just({"type": "string"})
plain: Schemas = st.sampled_from([{"type": "null"}, {"type": "boolean"}, {}])
literals: Schemas = under("const", constants) | under(
    "enum", st.lists(constants, min_size=1, max_size=3, unique_by=json.dumps)
)
scalars: Schemas = st.one_of(strings(), strings(), integers(), numbers(), plain, literals, open_strings)


def arrays(inner: Schemas) -> Schemas:
    kind = st.just("array")
    listed = some_of({"type": kind, "items": inner}, {"minItems": st.integers(0, 2), "maxItems": st.integers(2, 4)})
    places = st.lists(inner, min_size=1, max_size=3)
    rest = st.just(False) | inner
    tuples = some_of({"type": kind, "prefixItems": places}, {"items": rest, "minItems": st.just(1)})
    return listed | tuples | st.just({"type": "array"})


@st.composite
def objects(draw: st.DrawFn, inner: Schemas) -> Schema:
    known = draw(few_names)
    properties = {name: draw(inner) for name in known}
    needed = st.lists(st.sampled_from(known), unique=True)
    others = st.booleans() | inner
    rest = {"required": needed, "additionalProperties": others, "title": st.just("t")}
    return draw(some_of({"type": st.just("object"), "properties": st.just(properties)}, rest))


def maps(inner: Schemas) -> Schemas:
    kind, counts = st.just("object"), {"minProperties": st.integers(0, 1), "maxProperties": st.integers(1, 3)}
    free = some_of({"type": kind, "additionalProperties": inner}, counts)
    matched = under("^x_", inner)
    closed = some_of({"type": kind, "patternProperties": matched, "additionalProperties": st.just(False)}, counts)
    keyed = under("enum", few_names) | under("pattern", st.just("^[a-z]{1,4}$"))
    return free | closed | some_of({"type": kind, "propertyNames": keyed, "additionalProperties": inner}, {})


@st.composite
def unions(draw: st.DrawFn, inner: Schemas) -> Schema:
    """Branches of different types, or objects that a constant tells apart."""
    tagged = draw(st.booleans())
    keyword = draw(st.sampled_from(["anyOf", "oneOf"]))
    if not tagged:
        kinds = [strings(), integers() | numbers(), arrays(inner), objects(inner), st.just({"type": "null"})]
        chosen = draw(st.lists(st.sampled_from(kinds), min_size=2, max_size=3, unique_by=id))
        return {keyword: [draw(kind) for kind in chosen]}
    branches: list[Schema] = []
    for tag in draw(few_names):
        branch = draw(objects(inner))
        branches.append({**branch, "properties": {"kind": {"const": tag}, **branch["properties"]}})
    for branch in branches:
        branch["required"] = [*branch.get("required", ()), "kind"]
    return {keyword: branches}


@st.composite
def combinations(draw: st.DrawFn, inner: Schemas) -> Schema:
    """An object that several schemas speak of."""
    first, second = draw(few_names), draw(few_names)
    second = [name for name in second if name not in first]
    parts = [{"properties": {name: draw(inner) for name in names}} for names in (first, second)]
    if draw(st.booleans()):
        base: Schema = {"type": "object", "allOf": parts}
        return {**base, "unevaluatedProperties": False} if draw(st.booleans()) else base
    if draw(st.booleans()):
        return {"type": "object", **parts[0], "dependentRequired": {first[0]: second}}
    return {"type": "object", **parts[0], "anyOf": [{"required": [name]} for name in first]}


def containers(inner: Schemas) -> Schemas:
    return st.one_of(arrays(inner), objects(inner), objects(inner), maps(inner), unions(inner), combinations(inner))


def nested(leaves: Schemas) -> Schemas:
    return st.recursive(leaves, containers, max_leaves=5)


@st.composite
def recursive(draw: st.DrawFn) -> Schema:
    """A schema with definitions that refer to each other and to themselves."""
    reference: Schemas = st.just({"$ref": "#/$defs/a~1node"}) | st.just({"$ref": "#/$defs/leaf"})
    maybe: Schemas = under("anyOf", st.tuples(reference, st.just({"type": "null"})).map(list))
    several: Schemas = st.fixed_dictionaries({"type": st.just("array"), "items": reference, "maxItems": st.just(2)})
    node = draw(objects(maybe | several | scalars))
    node["required"] = [name for name in node.get("required", ()) if "$ref" not in node["properties"][name]]
    if isinstance(node.get("additionalProperties"), dict):
        del node["additionalProperties"]
    return {**draw(containers(reference | scalars)), "$defs": {"a/node": node, "leaf": draw(scalars)}}


schemas: Schemas = st.one_of(nested(scalars), nested(scalars), nested(scalars), recursive())
