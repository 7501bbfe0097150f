"""A child's initials: the first letters of its name in pinyin, by which it is found without typing Chinese."""

import os
from functools import cache

SURNAMES = dict(zip("曾单解仇朴区查翟缪乐种折冼", "zsxqpozzmycsx", strict=True))
"""Characters that sound otherwise where they are a surname."""


def initials(name: str) -> str | None:
    """Return the initials of a name: ``wxm`` of 王小明; letters stay what they are, and of nothing there are none."""
    first, rest = name[:1], name[1:]
    return (SURNAMES.get(first, "") or _letter(first)) + "".join(map(_letter, rest)) or None


@cache
def _letter(sign: str) -> str:
    # Each character by itself, as names are no phrases; the dictionary of phrases takes seconds to load, and stays away.
    os.environ["PYPINYIN_NO_PHRASES"] = "true"
    from pypinyin import Style, lazy_pinyin

    letter = "".join(lazy_pinyin(sign, style=Style.FIRST_LETTER)).lower()
    return letter if letter.isascii() and letter.isalpha() else ""
