"""`typing.TypedDict` before Python 3.12, where pydantic takes that of `typing_extensions` alone: it is made again."""

from __future__ import annotations

import sys
from types import UnionType
from typing import Annotated, Any, NotRequired, Required, Union, get_args, get_origin, get_type_hints, is_typeddict

_KEPT = ("__doc__", "__module__", "__qualname__", "__pydantic_config__")


def readable(of: Any) -> Any:
    """The type, with the `TypedDict`s that it is made of as ones that pydantic takes.

    One that contains itself stays as it is. So do those in the fields of a dataclass, whose values are to be of the
    very class that was given: pydantic refuses them, and says what to use.
    """
    return of if sys.version_info >= (3, 12) else _again(of, {})


def _again(of: Any, made: dict[Any, Any]) -> Any:
    if is_typeddict(of):
        if type(of).__module__ == "typing" and of not in made:
            made[of] = of
            made[of] = _typed_dict(of, made)
        return made.get(of, of)
    inside = get_args(of)
    again = tuple(_again(one, made) for one in inside)
    if all(new is old for new, old in zip(again, inside, strict=True)):
        return of
    origin: Any = get_origin(of)
    if origin in (Union, UnionType):
        return Union[again]  # noqa: UP007
    return Annotated[again] if origin is Annotated else origin[again]


def _typed_dict(of: Any, made: dict[Any, Any]) -> Any:
    import typing_extensions  # comes with pydantic, which is needed only where a type is asked for

    fields: dict[str, Any] = {}
    for name, hint in get_type_hints(of, include_extras=True).items():
        mark = Required if name in of.__required_keys__ else NotRequired
        if get_origin(hint) in (Required, NotRequired):
            mark, hint = get_origin(hint), get_args(hint)[0]
        fields[name] = mark[_again(hint, made)]
    typed_dict: Any = typing_extensions.TypedDict
    new = typed_dict(of.__name__, fields)
    for name in _KEPT:
        if name in of.__dict__:
            setattr(new, name, of.__dict__[name])
    return new
