"""Telling an unchanged row from a changed one without opening what is sealed."""

import dataclasses
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from hongzhu_registry.sealing import key_ring
from hongzhu_registry.workbooks import AnyRow


def content_hash(values: Mapping[str, Any]) -> str:
    """Return a keyed hash of all that `values` say."""
    return key_ring().index(json.dumps(values, sort_keys=True, default=str), "row").hex()


def values_of(row: AnyRow) -> dict[str, Any]:
    """Return everything a row says, wherever it stands."""
    return {name: getattr(row, name) for name in _names(type(row))}  # type: ignore[arg-type]  # a class is hashable


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind) if field.name != "source")
