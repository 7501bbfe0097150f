"""How official documents write numbers, years, days and titles."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from itertools import combinations, pairwise

from hongzhu.i18n import Text
from hongzhu_registry.reports.document import Sentence

COMMA = Text(zh="、", en=", ")
"""Between things that are listed."""
DIGITS = "零一二三四五六七八九"
_YEAR_OF_A_NUMBER = re.compile(r"[\[(（［﹝〔【]\s*((?:19|20)\d\d)\s*[\])）］﹞〕】](?=\s*第?\s*\d+\s*号)")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
# The words that titles of reports are made of. A line ends where one of them begins or ends, never within.
_WORDS = re.compile(
    "[“《（(〔].*?[”》）)〕]|[0-9]+年(?:度|(?:至[0-9]+年)?(?:[0-9]+月)?(?:至[0-9]+月)?)|(?:贫困)?(?:农村)?留守儿童|未成年人"
    "|(?:关爱|帮扶|保护|服务|结对)+(?:活动|工作|计划|行动)?|(?:活动|工作|计划|行动)?(?:落实|开展|实施|进展|执行)?情况(?:的)?(?:报告|汇报)?"
    "|(?:活动|工作)?(?:总结|报告|汇报|通报)|活动|工作|计划|行动|关于|开展|落实|实施|做好|加强|推进|[!-~]+ *"
)


def numeral(number: int) -> str:
    """The Chinese numeral before a heading: 一, 十, 十二, 二十."""
    tens, units = divmod(number, 10)
    return (DIGITS[tens] if tens > 1 else "") + ("十" if tens else "") + (DIGITS[units] if units else "")


def day(on: date) -> str:
    """A day as it stands under a document: the year in full, no nought before month or day."""
    return f"{on.year}年{on.month}月{on.day}日"


def joined(sentences: Iterable[Sentence]) -> str:
    """Put sentences one after the other, with a blank only after those that end in a Latin full stop."""
    spaced = (f"{each.text} " if each.text.endswith(".") else each.text for each in sentences)
    return official("".join(spaced).strip())


def official(text: str) -> str:
    """Text with the year of every document's number in its own brackets, 〔2020〕, and nothing that cannot be printed."""
    return _YEAR_OF_A_NUMBER.sub(r"〔\1〕", _CONTROL.sub("", text))


def width(text: str) -> float:
    """How many characters' room a text takes: a letter or a digit is half as wide as a Chinese character."""
    return sum(1.0 if unicodedata.east_asian_width(character) in "WFA" else 0.5 for character in text)


def title_lines(title: str, room: int = 20) -> list[str]:
    """A title in as few lines as it needs, ended between words, as nearly of a length as their sense allows."""
    words = _words(title, room)
    if width(title) > 4 * room:
        return [title]  # no title any more: it is broken where it comes to a line's end
    for count in range(1, len(words) + 1):
        layouts = [
            ["".join(words[a:b]) for a, b in pairwise((0, *ends, len(words)))]
            for ends in combinations(range(1, len(words)), count - 1)
        ]
        if fitting := [lines for lines in layouts if max(map(width, lines)) <= room]:
            return min(fitting, key=lambda lines: max(map(width, lines)) - min(map(width, lines)))
    return [title]


def _words(title: str, room: int) -> list[str]:
    words, end = [], 0
    for found in _WORDS.finditer(title):
        words += [title[end : found.start()], found.group()]
        end = found.end()
    words.append(title[end:])
    # What has no place to break and is too long for a line is broken anywhere.
    pieces = ((word, room // 2 if width(word) > room else len(word)) for word in words if word)
    return [word[start : start + length] for word, length in pieces for start in range(0, len(word), length)]
