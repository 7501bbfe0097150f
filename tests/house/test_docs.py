"""The documents say what the code says, and lead nowhere that is not there."""

import json
import re
from pathlib import Path
from urllib.parse import unquote

import click
import pytest
from click.testing import CliRunner
from tests.house import reference, topics

from hongzhu.cli import main
from hongzhu.messages import TOPICS
from hongzhu.settings import Settings

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("plugins/*/README.md")])
DECISIONS = sorted(ROOT.glob("docs/decisions/*.md"))
MADE = dict(reference.pages())
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"```[^\n]*\n(.*?)```|`([^`\n]+)`", re.DOTALL)
COMMAND = re.compile(
    r"(?:^|[\s(/])hongzhu((?: [a-z]+)+)|run (?:-T )?--rm (?:--no-deps )?(?:-v \S+ )?(?:migrate|registry)((?: [a-z]+)+)",
    re.MULTILINE,
)


def commands_in(page: Path) -> set[tuple[str, ...]]:
    """Returns what a page says one may type, word by word, as far as the words may be commands."""
    pieces = [re.sub(r"#.*", "", "".join(each)) for each in CODE.findall(page.read_text(encoding="utf-8"))]
    return {tuple((a or b).split()) for piece in pieces for a, b in COMMAND.findall(piece)}


def found(words: tuple[str, ...]) -> tuple[str, ...]:
    """Returns the words that are commands; raises `LookupError` when one that has to be is none."""
    command: click.Command = main
    for place, word in enumerate(words):
        if not isinstance(command, click.Group):
            return words[:place]
        inner = command.get_command(click.Context(command), word)
        if inner is None:
            raise LookupError(f"hongzhu {' '.join(words)}: there is no {word!r}")
        command = inner
    return words


NAMED = sorted({words for page in PAGES for words in commands_in(page)})


@pytest.mark.parametrize("page", MADE, ids=lambda page: page.name)
def test_what_is_made_from_the_code_is_as_the_code_is(page: Path) -> None:
    assert page.read_text(encoding="utf-8") == MADE[page], "run: python tests/house/reference.py"


def test_every_hook_and_every_topic_has_its_place() -> None:
    hooks = (ROOT / "docs/hooks.md").read_text(encoding="utf-8")
    messages = (ROOT / "docs/messages.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^### (\w+)$", hooks, re.MULTILINE)) == reference.specified().keys()
    assert set(re.findall(r"^### ([\w.]+)$", messages, re.MULTILINE)) == TOPICS.keys()


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_the_example_of_a_topic_is_a_message(topic: str) -> None:
    page = (ROOT / "docs/messages.md").read_text(encoding="utf-8")
    section = page.split(f"### {topic}\n")[1].split("\n### ")[0]
    (example,) = re.findall(r"```json\n(.*?)```", section, re.DOTALL)
    message = TOPICS[topic].model_validate(json.loads(example))
    assert message.topic == topic


def test_every_topic_is_said_by_one_and_heard_by_some() -> None:
    for topic, message in TOPICS.items():
        says, hears = topics.says_and_hears(message)
        assert len(says) == 1, topic
        assert hears, topic


def test_every_setting_is_in_the_table_with_its_default() -> None:
    page = (ROOT / "docs/operating.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `HONGZHU_(\w+)` \| (.*?) \|", page, re.MULTILINE))
    assert rows.keys() == {name.upper() for name in Settings.model_fields} | {"LOG_LEVEL"}
    for name, field in Settings.model_fields.items():
        told = rows[name.upper()]
        if isinstance(field.default, tuple):
            assert told == f"`{','.join(field.default)}`", name
        elif field.default and not field.is_required() and field.default_factory is None:
            assert told == f"`{field.default}`", name
        else:
            assert name == "home" or not told.startswith("`"), name


def test_the_manifest_of_the_example_is_that_of_a_real_plugin() -> None:
    page = (ROOT / "docs/write-a-plugin.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    real = (ROOT / "plugins/legal_aid/pyproject.toml").read_text(encoding="utf-8")
    real = real.replace("legal_aid", "city_library").replace("legal-aid", "city-library")
    assert re.sub(r"description = .*", "", shown) == re.sub(r"description = .*", "", real)


def test_every_piece_of_the_example_is_shown() -> None:
    page = (ROOT / "docs/write-a-plugin.md").read_text(encoding="utf-8")
    assert set(re.findall(r"<!-- excerpt: (\w+) -->", page)) == reference.excerpts().keys()
    assert len(re.findall(r"```python", page)) == len(reference.excerpts())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    links = [link.partition("#")[0] for link in LINK.findall(page.read_text(encoding="utf-8"))]
    within = [unquote(link) for link in links if link and not re.match(r"[a-z]+:", link)]
    assert [link for link in within if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_is_a_sentence_with_its_reason_and_its_price(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+){3,}", page.stem)
    assert re.findall(r"^#+ (.+)$", text, re.MULTILINE)[1:] == ["Context", "Decision", "Consequences"]


@pytest.mark.parametrize("words", NAMED, ids=" ".join)
def test_every_command_that_a_page_names_is_there(words: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, [*found(words), "--help"])
    assert result.exit_code == 0, result.output


def test_a_command_that_is_not_there_would_be_noticed() -> None:
    with pytest.raises(LookupError):
        found(("nothing",))
