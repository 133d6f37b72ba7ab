"""JSON schemas of the types in a program's text, without running it.

What the text does not tell, such as a type that is imported, counts as one text: so a schema is never larger here than
it is, and a limit that it exceeds here it exceeds.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from aiapp.doctor.reading.literals import UNKNOWN, Source, dotted

_SIMPLE = {"str": "string", "int": "integer", "float": "number", "bool": "boolean", "Decimal": "string", "None": "null"}
_LISTS = ("list", "List", "Sequence", "Iterable", "set", "Set", "frozenset")
_MAPPINGS = ("dict", "Dict", "Mapping", "MutableMapping", "defaultdict", "OrderedDict")
_BASES = ("BaseModel", "TypedDict")
_TEXT: Mapping[str, Any] = {"type": "string"}


def schema_of(node: ast.expr, source: Source) -> dict[str, Any] | None:
    """The schema of a pydantic model, dataclass or TypedDict that is defined in the same file; else None."""
    classes = {one.name: one for one in source.nodes if isinstance(one, ast.ClassDef)}
    name = dotted(node)
    if name not in classes or not _is_model(classes[name], classes):
        return None
    return _Types(classes, source).whole(name)


class _Types:
    """The classes of a file, and the definitions that one of them needs."""

    def __init__(self, classes: Mapping[str, ast.ClassDef], source: Source) -> None:
        self._classes, self._source = classes, source
        self._definitions: dict[str, dict[str, Any]] = {}

    def whole(self, name: str) -> dict[str, Any]:
        root = self._object(self._classes[name])
        return {**root, "$defs": self._definitions} if self._definitions else root

    def _object(self, one: ast.ClassDef) -> dict[str, Any]:
        properties, required = dict[str, Any](), list[str]()
        for base in one.bases:
            above = self._classes.get(dotted(base))
            if above is not None:
                inherited = self._object(above)
                properties |= inherited["properties"]
                required += inherited["required"]
        for statement in one.body:
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                name = statement.target.id
                if name.startswith("_") or name == "model_config" or _outermost(statement.annotation) == "ClassVar":
                    continue
                properties[name] = self._type(statement.annotation)
                if _is_required(statement):
                    required.append(name)
        return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}

    def _type(self, node: ast.expr) -> dict[str, Any]:
        match node:
            case ast.Constant(value=str(text)):  # a forward reference
                return self._forward(text)
            case ast.Constant(value=None):
                return {"type": "null"}
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                return {"anyOf": [*self._variants(left), *self._variants(right)]}
            case ast.Subscript(value=outer, slice=inner):
                return self._generic(dotted(outer).rpartition(".")[2], inner)
            case ast.Name() | ast.Attribute():
                return self._named(dotted(node).rpartition(".")[2])
            case _:
                return dict(_TEXT)

    def _forward(self, text: str) -> dict[str, Any]:
        try:
            return self._type(ast.parse(text, mode="eval").body)
        except SyntaxError:
            return dict(_TEXT)

    def _variants(self, node: ast.expr) -> list[Any]:
        made = self._type(node)
        return list(made["anyOf"]) if "anyOf" in made else [made]

    def _named(self, name: str) -> dict[str, Any]:
        if name in _SIMPLE:
            return {"type": _SIMPLE[name]}
        if name in _MAPPINGS:
            return {"type": "object", "additionalProperties": True}
        one = self._classes.get(name)
        if one is None:
            return {} if name in ("Any", "object") else dict(_TEXT)
        options = _options(one, self._source)
        if options:
            return {"type": "string", "enum": options}
        if not _is_model(one, self._classes):
            return dict(_TEXT)
        if name not in self._definitions:
            self._definitions[name] = {}
            self._definitions[name] = self._object(one)
        return {"$ref": f"#/$defs/{name}"}

    def _generic(self, outer: str, inner: ast.expr) -> dict[str, Any]:
        parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
        if outer == "Optional":
            return {"anyOf": [*self._variants(inner), {"type": "null"}]}
        if outer == "Union":
            return {"anyOf": [variant for part in parts for variant in self._variants(part)]}
        if outer in _LISTS:
            return {"type": "array", "items": self._type(parts[0])}
        if outer == "tuple" or outer == "Tuple":
            if len(parts) == 2 and isinstance(parts[1], ast.Constant) and parts[1].value is Ellipsis:
                return {"type": "array", "items": self._type(parts[0])}
            return {"type": "array", "prefixItems": [self._type(part) for part in parts]}
        if outer in _MAPPINGS:
            return {"type": "object", "additionalProperties": self._type(parts[-1])}
        if outer == "Literal":
            values = [self._source.value(part) for part in parts]
            return dict(_TEXT) if UNKNOWN in values else {"enum": values}
        if outer in ("Annotated", "Required", "NotRequired", "Final"):
            return self._type(parts[0])
        return dict(_TEXT)


def _is_model(one: ast.ClassDef, classes: Mapping[str, ast.ClassDef], depth: int = 0) -> bool:
    if any(
        dotted(mark if not isinstance(mark, ast.Call) else mark.func).endswith("dataclass")
        for mark in one.decorator_list
    ):
        return True
    names = [dotted(base).rpartition(".")[2] for base in one.bases]
    return any(
        name in _BASES or (depth < 5 and name in classes and _is_model(classes[name], classes, depth + 1))
        for name in names
    )


def _options(one: ast.ClassDef, source: Source) -> list[Any]:
    """The values of an enumeration."""
    if not any(dotted(base).rpartition(".")[2] in ("Enum", "StrEnum") for base in one.bases):
        return []
    assigned = [statement.value for statement in one.body if isinstance(statement, ast.Assign)]
    values = [source.value(value) for value in assigned]
    return [value for value in values if isinstance(value, str)]


def _outermost(node: ast.expr) -> str:
    return dotted(node.value if isinstance(node, ast.Subscript) else node).rpartition(".")[2]


def _is_required(statement: ast.AnnAssign) -> bool:
    if statement.value is None:
        return _outermost(statement.annotation) != "NotRequired"
    value = statement.value
    if isinstance(value, ast.Call) and dotted(value.func).rpartition(".")[2] in ("Field", "field"):
        given = {word.arg for word in value.keywords}
        first = value.args[0] if value.args else None
        told = first is not None and not (isinstance(first, ast.Constant) and first.value is Ellipsis)
        return not told and not given & {"default", "default_factory"}
    return isinstance(value, ast.Constant) and value.value is Ellipsis
