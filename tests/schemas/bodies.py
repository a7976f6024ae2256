"""Any event body, made from the types of its fields: what JSON can carry of each."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

_PLAIN: dict[type[inspect.Type], st.SearchStrategy[Any]] = {
    inspect.StrType: st.text(max_size=30),
    inspect.BoolType: st.booleans(),
    inspect.IntType: st.integers(-(2**63), 2**64 - 1),
    inspect.FloatType: st.floats(allow_nan=False, allow_infinity=False),
    inspect.NoneType: st.none(),
    inspect.DateTimeType: st.datetimes(timezones=st.just(UTC)),
}


def any_body(body: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    """Any body of the given type, every field filled."""
    return _values(inspect.type_info(body))


def _values(kind: inspect.Type) -> st.SearchStrategy[Any]:
    if isinstance(kind, inspect.StructType):
        return st.builds(kind.cls, **{each.name: _values(each.type) for each in kind.fields})
    if isinstance(kind, inspect.EnumType):
        return st.sampled_from(kind.cls)
    if isinstance(kind, inspect.UnionType):
        return st.one_of([_values(each) for each in kind.types])
    if isinstance(kind, inspect.TupleType):
        return st.tuples(*[_values(each) for each in kind.item_types])
    if isinstance(kind, inspect.VarTupleType):
        return st.lists(_values(kind.item_type), max_size=3).map(tuple)
    return _PLAIN[type(kind)]
