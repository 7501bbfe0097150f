"""What a category in a county's own words means."""

from collections.abc import Mapping
from typing import Protocol

from hongzhu_registry.imports.result import Result
from hongzhu_registry.workbooks import Source

_OTHERS = {"其他": "other", "其它": "other"}


class Categorised(Protocol):
    """A row that says of which kind something is."""

    @property
    def source(self) -> Source:
        """Where it was written."""
        ...

    @property
    def category(self) -> str:
        """The kind as people write it, or nothing."""
        ...


def meaning(said: str, words: Mapping[str, str]) -> str:
    """Return what the first of the words that stands in a text means; nothing where none does."""
    return next((kind for word, kind in words.items() if word in said), "")


def kind_of(row: Categorised, words: Mapping[str, str], result: Result) -> str:
    """Return the kind that a row's category means, else ``other``; one that is not understood is told."""
    kind = meaning(row.category, {**words, **_OTHERS})
    if not kind and row.category:
        result.warn(row.source, "category", "category_unclear", choices="、".join(words))
    return kind or "other"
