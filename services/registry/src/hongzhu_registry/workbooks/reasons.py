"""Why a row, a sheet or a workbook was not taken, and how to mend it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from .sentences import SENTENCES

Language = Literal["zh", "en"]


def say(name: str) -> str:
    """A header or a school as a sentence may say it: short, and not when it holds a person's number by mistake."""
    return "…" if re.search(r"\d{11}", name) else name if len(name) <= 40 else f"{name[:39]}…"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something was not taken: a code and the harmless numbers that its sentence needs."""

    code: str
    params: Mapping[str, object] = field(default_factory=dict)

    def text(self, language: Language = "zh") -> str:
        """Say what is wrong."""
        return SENTENCES[self.code][0 if language == "zh" else 1].format(**self.params)

    def mend(self, language: Language = "zh") -> str:
        """Say how to put it right."""
        return SENTENCES[self.code][2 if language == "zh" else 3].format(**self.params)


@dataclass(frozen=True, slots=True)
class Finding:
    """A reason and the place it is about: a rejected row, a warning about a cell, or a note about a sheet."""

    file: str
    sheet: str
    row: int | None
    column: str
    reason: Reason


class UnreadableWorkbook(Exception):  # noqa: N818  # named for what it is about
    """A workbook from which nothing could be read; `reason` says why and how to mend it."""

    def __init__(self, code: str, **params: object) -> None:
        self.reason = Reason(code, params)
        super().__init__(self.reason.text("en"))

    @property
    def code(self) -> str:
        """The reason's code."""
        return self.reason.code

    def text(self, language: Language = "zh") -> str:
        """Say what is wrong."""
        return self.reason.text(language)

    def mend(self, language: Language = "zh") -> str:
        """Say how to put it right."""
        return self.reason.mend(language)
