"""The two READMEs say the same, section by section."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENGLISH = (ROOT / "README.md").read_text(encoding="utf-8")
CHINESE = (ROOT / "README.zh-CN.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)


def sections(text: str) -> list[tuple[int, str]]:
    """Cuts a page at its headings, leaving out what stands in blocks of code: the level of each and what follows."""
    bare = BLOCK.sub(lambda block: f"[{block[1]}]", text)
    parts = re.split(r"^(#+) .+$", bare, flags=re.MULTILINE)[1:]
    return [(len(marks), body) for marks, body in zip(parts[::2], parts[1::2], strict=True)]


PAIRS = list(zip(sections(ENGLISH), sections(CHINESE), strict=True))


def without_comments(program: str) -> list[str]:
    return [re.sub(r"\s*#.*", "", line) for line in program.splitlines()]


def test_there_are_as_many_sections_of_the_same_levels() -> None:
    assert [level for level, _body in sections(ENGLISH)] == [level for level, _body in sections(CHINESE)]


@pytest.mark.parametrize("pair", PAIRS, ids=range(len(PAIRS)))
def test_each_section_has_the_same_blocks_lists_and_tables(pair: tuple[tuple[int, str], tuple[int, str]]) -> None:
    shape = re.compile(r"^(- |\| |\[\w+\]$)", re.MULTILINE)
    (_, english), (_, chinese) = pair
    assert shape.findall(english) == shape.findall(chinese)


@pytest.mark.parametrize("pair", PAIRS, ids=range(len(PAIRS)))
def test_each_section_leads_to_the_same_places(pair: tuple[tuple[int, str], tuple[int, str]]) -> None:
    english, chinese = (re.findall(r"\]\(([^)]+)\)", body) for _level, body in pair)
    assert [link.replace(".zh-CN", "") for link in english] == [link.replace(".zh-CN", "") for link in chinese]


@pytest.mark.parametrize("pair", PAIRS, ids=range(len(PAIRS)))
def test_each_section_names_the_same_things_of_the_code(pair: tuple[tuple[int, str], tuple[int, str]]) -> None:
    english, chinese = (set(re.findall(r"`([^`\n]+)`", body)) for _level, body in pair)
    assert english == chinese


def test_what_may_be_typed_is_the_same_but_for_the_comments() -> None:
    english, chinese = BLOCK.findall(ENGLISH), BLOCK.findall(CHINESE)
    assert [language for language, _code in english] == [language for language, _code in chinese]
    for (language, one), (_, other) in zip(english, chinese, strict=True):
        assert len(one.splitlines()) == len(other.splitlines())
        if language == "sh":
            assert without_comments(one) == without_comments(other)


def test_the_figures_that_a_trial_shows_are_the_same() -> None:
    shown = [code for text in (ENGLISH, CHINESE) for language, code in BLOCK.findall(text) if language == "text"]
    english, chinese = (re.findall(r"(\d[\d,]*)\n", code) for code in shown)
    assert english == chinese
