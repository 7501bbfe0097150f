"""How one clerk or another writes the same thing in a cell."""

import datetime as dt
from typing import Any

from hypothesis import strategies as st


def full_width(said: str) -> str:
    """Digits and letters as a Chinese keyboard types them."""
    return "".join(chr(ord(c) + 0xFEE0) if c.isascii() and c.isalnum() else c for c in said)


def days_written(day: dt.date) -> st.SearchStrategy[Any]:
    """A day as one clerk or another would write it; or as Excel keeps it."""
    styles = [
        "{0:%Y-%m-%d}",
        "{0.year}.{0.month}.{0.day}",
        "{0.year}年{0.month}月{0.day}日",
        "{0:%Y%m%d}",
        "{0:%Y/%m/%d}",
    ]
    said = [style.format(day) for style in styles]
    return st.sampled_from([*said, full_width(said[0]), day, (day - dt.date(1899, 12, 30)).days])
