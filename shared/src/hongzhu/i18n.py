"""One catalogue for everything a person sees: English message ids in the code, Chinese in ``locale/zh_CN.po``."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from functools import cache
from importlib.resources import files

from babel.dates import format_date
from babel.messages.pofile import read_po
from pydantic import BaseModel, ConfigDict

CHINESE, ENGLISH = "zh_CN", "en"

language: ContextVar[str] = ContextVar("language", default=CHINESE)
"""The reader's language.  The door (a request, a command, a digest) sets it; everything below only asks `_`."""


@cache
def _chinese() -> Mapping[str, str]:
    with files("hongzhu").joinpath("locale/zh_CN.po").open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file, locale=CHINESE) if message.string}


def _(message_id: str, **values: object) -> str:
    """Say `message_id` in the reader's language, with its ``{name}`` places filled in."""
    text = message_id if language.get() == ENGLISH else _chinese().get(message_id, message_id)
    return text.format(**values) if values else text


@contextmanager
def speaking(chosen: str) -> Iterator[None]:
    """Say everything within in one language, whoever reads."""
    before = language.set(chosen)
    try:
        yield
    finally:
        language.reset(before)


def accepted_language(header: str | None) -> str:
    """Choose the language for an HTTP ``Accept-Language`` header (RFC 9110 12.5.4): Chinese unless English comes first."""
    first = (header or "").split(",")[0].strip().lower()
    return ENGLISH if first.startswith("en") else CHINESE


def written(day: date, chinese: str, english: str) -> str:
    """Write a day after the pattern (Unicode LDML) of the reader's language: ``M月d日``, ``MMM d``."""
    return format_date(day, english if language.get() == ENGLISH else chinese, locale=language.get())


def is_chinese(text: str) -> bool:
    """Say whether a text has a Chinese character in it."""
    return any("\u4e00" <= sign <= "\u9fff" for sign in text)


class Text(BaseModel):
    """A short text in both languages: what a plugin writes about its programmes, its forms and itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zh: str
    en: str

    def __str__(self) -> str:
        return self.en if language.get() == ENGLISH else self.zh
