"""The 18-character identity number (GB 11643): its form, its check digit, and the birth date and sex inside it.

python-stdnum's `validate` would also look the county up and reject those abolished long ago, in which children's
numbers still begin; so only its check digit is taken.
"""

import datetime as dt
import re
import unicodedata
from functools import lru_cache

from stdnum.cn.ric import calc_check_digit

from .cells import UnclearError
from .sandbox import Cell

_FORM = re.compile(r"[0-9]{17}[0-9X]")
_EXPONENT = re.compile(r"\d(?:\.\d+)?E\+?\d+")


def id_number(cell: Cell) -> str:
    """The number in its standard writing; '' when blank; raise UnclearError when it is not one."""
    if type(cell) is float or type(cell) is int:
        # A double holds 15 or 16 digits: of an 18-digit number the last ones are gone for good.
        if not abs(cell) < 1e15:
            raise UnclearError("id_lost_digits")
        said = str(int(cell))
    else:
        said = str(cell)
    if not (len(said) == 18 and _FORM.fullmatch(said)):
        said = re.sub(r"[\s'’‘`\-\u200b-\u200d\u2060\ufeff]", "", unicodedata.normalize("NFKC", said)).upper()
        said = said.replace("×", "X").replace("Х", "X")
        if not said:
            return ""
        if _EXPONENT.fullmatch(said):
            raise UnclearError("id_lost_digits")
        if len(said) != 18:
            raise UnclearError("id_length", length=len(said))
        if not _FORM.fullmatch(said):
            raise UnclearError("id_characters")
    if calc_check_digit(said) != said[17]:
        raise UnclearError("id_checksum")
    try:
        birth_date(said)
    except ValueError:
        raise UnclearError("id_birth") from None
    return said


def birth_date(number: str) -> dt.date:
    """The birth date inside a number."""
    return _day(number[6:14])


@lru_cache(maxsize=10_000)
def _day(digits: str) -> dt.date:
    return dt.date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))


def sex(number: str) -> str:
    """The sex inside a number: an odd order code is a boy's."""
    return "male" if int(number[16]) % 2 else "female"
