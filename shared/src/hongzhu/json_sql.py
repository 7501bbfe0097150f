"""JSON made by the database, escaped and all, under the name that each database has for it."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Boolean, Text, cast
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import ColumnElement
from sqlalchemy.sql.functions import GenericFunction


class _JsonObject(GenericFunction[Any]):
    type = Text()
    inherit_cache = True


class _JsonArray(GenericFunction[Any]):
    type = Text()
    inherit_cache = True


class _JsonTruth(GenericFunction[Any]):
    type = Text()
    inherit_cache = True


@compiles(_JsonTruth)
def _truth(element: Any, compiler: Any, **kwargs: Any) -> str:
    said = compiler.process(element.clause_expr, **kwargs)
    # SQLite has no truth values of its own: they are numbers, and would be in JSON.
    return (
        str(said)
        if compiler.dialect.name == "postgresql"
        else f"json(CASE {said} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END)"
    )


@compiles(_JsonObject)
def _object(element: Any, compiler: Any, **kwargs: Any) -> str:
    name = "json_build_object" if compiler.dialect.name == "postgresql" else "json_object"
    return f"{name}{compiler.process(element.clause_expr, **kwargs)}"


@compiles(_JsonArray)
def _array(element: Any, compiler: Any, **kwargs: Any) -> str:
    gathered = compiler.process(element.clause_expr, **kwargs)
    # SQLite forgets on its way through a sort that a text is JSON, unless it is told again.
    return f"json_agg{gathered}" if compiler.dialect.name == "postgresql" else f"json(json_group_array{gathered})"


def json_object(columns: Iterable[ColumnElement[Any]]) -> ColumnElement[Any]:
    """Make a JSON object of columns, under their names."""
    return _JsonObject(
        *(part for each in columns for part in (each.key, _JsonTruth(each) if _is_truth(each) else each))
    )


def _is_truth(column: ColumnElement[Any]) -> bool:
    return isinstance(column.type, Boolean)


def json_array(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Gather a group's values as a JSON array."""
    return _JsonArray(column)


def json_text(**members: object) -> ColumnElement[str]:
    """Write a JSON object as text, from values and columns by name."""
    return cast(_JsonObject(*(part for member in members.items() for part in member)), Text)
