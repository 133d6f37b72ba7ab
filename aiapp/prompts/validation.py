"""Validation: whether values fit a JSON schema, with everything that does not said at once.

A schema is compiled once to functions. All keywords of draft 2020-12 that constrain a value are checked, save
`$dynamicRef`, `unevaluated...`, `dependent...` and `contains`, which are refused when it is compiled, as is a reference
out of the schema. `format` is not checked, as in the standard. jsonschema would do the same, as a further dependency
and in milliseconds where a prompt is rendered in microseconds; a test holds the two side by side.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from aiapp.core.errors import InvalidInput
from aiapp.prompts.values import is_array, is_object

Schema: TypeAlias = Mapping[str, Any]
Check: TypeAlias = Callable[[Any, str, list[str]], None]
"""Adds to the list what is wrong with a value at a path, as `path: what is wrong`."""

_REFUSED = (
    "$dynamicRef",
    "$recursiveRef",
    "unevaluatedItems",
    "unevaluatedProperties",
    "contains",
    "dependentRequired",
    "dependentSchemas",
    "dependencies",
)
_CLASSES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
_ARTICLES = {"array": "an array", "object": "an object"}


def compile_schema(schema: object, root: object = None) -> Check:
    """The check of a schema; `InvalidInput` where it is none, or holds what cannot be checked."""
    return _Compiler(schema if root is None else root).check(schema, "schema")


def problems(check: Check, value: object, path: str = "value") -> list[str]:
    """Everything that is wrong with a value."""
    wrong: list[str] = []
    check(value, path, wrong)
    return wrong


def of_types(schema: Schema) -> tuple[str, ...]:
    """The types that a schema names; none where it names none."""
    named = schema.get("type")
    return (named,) if isinstance(named, str) else tuple(named or ())


class _Compiler:
    def __init__(self, root: object) -> None:
        self._root = root
        self._references: dict[str, Check | None] = {}

    def check(self, schema: object, path: str) -> Check:
        if schema is True or schema == {}:
            return _anything
        if schema is False:
            return _nothing
        if not is_object(schema):
            raise InvalidInput(path, schema, "a JSON schema: an object, true or false")
        refused = [name for name in _REFUSED if name in schema]
        if refused:
            raise InvalidInput(f"{path}.{refused[0]}", schema[refused[0]], "keywords that can be checked")
        checks = [*self._values(schema, path), *self._children(schema, path), *self._combinations(schema, path)]
        if len(checks) == 1:
            return checks[0]

        def check(value: Any, at: str, wrong: list[str]) -> None:
            before = len(wrong)
            for one in checks:
                one(value, at, wrong)
                if len(wrong) > before:
                    return

        return check

    def _values(self, schema: Schema, path: str) -> list[Check]:
        checks: list[Check] = []
        types = of_types(schema)
        unknown = [name for name in types if name not in _CLASSES and name not in _ARTICLES]
        if unknown:
            raise InvalidInput(f"{path}.type", unknown[0], ", ".join([*_CLASSES, *_ARTICLES]))
        if types:
            checks.append(_types(types))
        if "enum" in schema:
            checks.append(_one_of(schema["enum"]))
        if "const" in schema:
            checks.append(_one_of([schema["const"]]))
        for keyword, make in _BOUNDS.items():
            if keyword in schema:
                checks.append(make(schema[keyword]))
        if "pattern" in schema:
            checks.append(_pattern(schema["pattern"], f"{path}.pattern"))
        if schema.get("uniqueItems"):
            checks.append(_unique)
        return checks

    def _children(self, schema: Schema, path: str) -> list[Check]:
        checks: list[Check] = []
        if schema.keys() & {"properties", "required", "additionalProperties", "patternProperties", "propertyNames"}:
            checks.append(self._object(schema, path))
        if schema.keys() & {"items", "prefixItems"}:
            first = [self.check(one, f"{path}.prefixItems[{n}]") for n, one in enumerate(schema.get("prefixItems", ()))]
            checks.append(_items(first, self.check(schema.get("items", True), f"{path}.items")))
        return checks

    def _object(self, schema: Schema, path: str) -> Check:
        known = {
            name: self.check(one, f"{path}.properties.{name}") for name, one in schema.get("properties", {}).items()
        }
        required = tuple(schema.get("required", ()))
        patterns = [
            (_regex(pattern, f"{path}.patternProperties"), self.check(one, f"{path}.patternProperties.{pattern}"))
            for pattern, one in schema.get("patternProperties", {}).items()
        ]
        others = self.check(schema.get("additionalProperties", True), f"{path}.additionalProperties")
        names = self.check(schema.get("propertyNames", True), f"{path}.propertyNames")
        return _properties(known, required, patterns, others, names)

    def _combinations(self, schema: Schema, path: str) -> list[Check]:
        checks: list[Check] = []
        for keyword in ("allOf", "anyOf", "oneOf"):
            if keyword in schema:
                parts = [self.check(one, f"{path}.{keyword}[{n}]") for n, one in enumerate(schema[keyword])]
                checks.extend(parts if keyword == "allOf" else [_fits(parts, exactly=keyword == "oneOf")])
        if "not" in schema:
            checks.append(_not(self.check(schema["not"], f"{path}.not")))
        if "if" in schema:
            branches = [self.check(schema.get(name, True), f"{path}.{name}") for name in ("if", "then", "else")]
            checks.append(_if(branches))
        if "$ref" in schema:
            checks.append(self._reference(schema["$ref"], path))
        return checks

    def _reference(self, reference: Any, path: str) -> Check:
        """The check of what a reference means, compiled when it is first needed, for a schema may hold itself."""
        target = self._root
        steps = str(reference).split("/")
        for step in steps[1:]:
            target = target.get(step.replace("~1", "/").replace("~0", "~")) if is_object(target) else None
        if steps[0] != "#" or target is None:
            raise InvalidInput(f"{path}.$ref", reference, "a reference into the schema itself, such as #/$defs/name")
        if reference not in self._references:
            self._references[reference] = None
            self._references[reference] = self.check(target, f"{path}.$ref")

        def check(value: Any, at: str, wrong: list[str]) -> None:
            known = self._references[reference]
            assert known is not None
            known(value, at, wrong)

        return check


def _anything(value: Any, at: str, wrong: list[str]) -> None:
    pass


def _nothing(value: Any, at: str, wrong: list[str]) -> None:
    wrong.append(f"{at}: unknown")


def _is(value: Any, name: str) -> bool:
    if name == "array":
        return is_array(value)
    if name == "object":
        return is_object(value)
    if isinstance(value, bool):
        return name == "boolean"
    if name == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _CLASSES[name])


def _types(types: tuple[str, ...]) -> Check:
    plain = [name for name in types if name != "null"] or ["null"]
    expected = " or ".join(_ARTICLES.get(name, name) for name in plain)
    exact = str if types == ("string",) else None

    def check(value: Any, at: str, wrong: list[str]) -> None:
        if value.__class__ is not exact and not any(_is(value, name) for name in types):
            wrong.append(f"{at}: {type(value).__name__}, expected {expected}")

    return check


def _equal(left: Any, right: Any) -> bool:
    """Equality of JSON: 1 is 1.0, and neither is true."""
    if is_array(left) and is_array(right):
        return len(left) == len(right) and all(_equal(one, other) for one, other in zip(left, right, strict=True))
    if is_object(left) and is_object(right):
        return left.keys() == right.keys() and all(_equal(left[name], right[name]) for name in left)
    return left == right and isinstance(left, bool) == isinstance(right, bool)


def _one_of(options: Sequence[Any]) -> Check:
    def check(value: Any, at: str, wrong: list[str]) -> None:
        if not any(_equal(value, option) for option in options):
            wrong.append(f"{at}: {_short(value)}, expected one of {', '.join(map(str, options))}")

    return check


def _bound(applies: Callable[[Any], bool], holds: Callable[[Any, Any], bool], words: str) -> Callable[[Any], Check]:
    def make(limit: Any) -> Check:
        def check(value: Any, at: str, wrong: list[str]) -> None:
            if applies(value) and not holds(value, limit):
                wrong.append(f"{at}: {_short(value)}, expected {words.format(limit)}")

        return check

    return make


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_multiple(value: Any, of: Any) -> bool:
    quotient = value / of
    return bool(abs(quotient - round(quotient)) < 1e-9)


_BOUNDS: Mapping[str, Callable[[Any], Check]] = {
    "minimum": _bound(_is_number, lambda value, limit: value >= limit, "at least {}"),
    "maximum": _bound(_is_number, lambda value, limit: value <= limit, "at most {}"),
    "exclusiveMinimum": _bound(_is_number, lambda value, limit: value > limit, "more than {}"),
    "exclusiveMaximum": _bound(_is_number, lambda value, limit: value < limit, "less than {}"),
    "multipleOf": _bound(_is_number, _is_multiple, "a multiple of {}"),
    "minLength": _bound(_is_text, lambda value, limit: len(value) >= limit, "at least {} characters"),
    "maxLength": _bound(_is_text, lambda value, limit: len(value) <= limit, "at most {} characters"),
    "minItems": _bound(is_array, lambda value, limit: len(value) >= limit, "at least {} items"),
    "maxItems": _bound(is_array, lambda value, limit: len(value) <= limit, "at most {} items"),
    "minProperties": _bound(is_object, lambda value, limit: len(value) >= limit, "at least {} fields"),
    "maxProperties": _bound(is_object, lambda value, limit: len(value) <= limit, "at most {} fields"),
}


def _regex(pattern: Any, path: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except (re.error, TypeError) as error:
        raise InvalidInput(path, pattern, f"a regular expression ({error})") from None


def _pattern(pattern: Any, path: str) -> Check:
    wanted = _regex(pattern, path)

    def check(value: Any, at: str, wrong: list[str]) -> None:
        if isinstance(value, str) and wanted.search(value) is None:
            wrong.append(f"{at}: {_short(value)}, expected text that matches {wanted.pattern}")

    return check


def _unique(value: Any, at: str, wrong: list[str]) -> None:
    if is_array(value) and any(_equal(one, other) for n, one in enumerate(value) for other in value[:n]):
        wrong.append(f"{at}: {_short(value)}, expected items that all differ")


def _properties(
    known: Mapping[str, Check],
    required: tuple[str, ...],
    patterns: Sequence[tuple[re.Pattern[str], Check]],
    others: Check,
    names: Check,
) -> Check:
    free = others is _anything and names is _anything and not patterns

    def check(value: Any, at: str, wrong: list[str]) -> None:
        if not is_object(value):
            return
        prefix = f"{at}." if at else ""
        for name in required:
            if name not in value:
                wrong.append(f"{prefix}{name}: missing")
        for name, one in known.items():
            if name in value:
                one(value[name], prefix + name, wrong)
        if not free:
            for name, one in value.items():
                names(name, prefix + str(name), wrong)
                matching = [fits for pattern, fits in patterns if pattern.search(name)]
                for fits in matching:
                    fits(one, prefix + str(name), wrong)
                if not matching and name not in known:
                    others(one, prefix + str(name), wrong)

    return check


def _items(first: Sequence[Check], others: Check) -> Check:
    def check(value: Any, at: str, wrong: list[str]) -> None:
        if is_array(value):
            for index, item in enumerate(value):
                (first[index] if index < len(first) else others)(item, f"{at}[{index}]", wrong)

    return check


def _fits(parts: Sequence[Check], *, exactly: bool) -> Check:
    def check(value: Any, at: str, wrong: list[str]) -> None:
        said = [problems(one, value, at) for one in parts]
        fitting = sum(not one for one in said)
        if fitting == 0:
            nearest = min(said, key=len)
            wrong.extend(nearest if len(parts) == 1 else [f"{nearest[0]} (the nearest of {len(parts)} forms)"])
        elif exactly and fitting > 1:
            wrong.append(f"{at}: {_short(value)}, expected one form of {len(parts)} alone, fits {fitting}")

    return check


def _not(part: Check) -> Check:
    def check(value: Any, at: str, wrong: list[str]) -> None:
        if not problems(part, value, at):
            wrong.append(f"{at}: {_short(value)}, expected something else")

    return check


def _if(branches: Sequence[Check]) -> Check:
    test, then, otherwise = branches

    def check(value: Any, at: str, wrong: list[str]) -> None:
        (otherwise if problems(test, value, at) else then)(value, at, wrong)

    return check


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 40 else f"{shown[:37]}..."
