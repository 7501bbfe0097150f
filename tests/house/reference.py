"""The parts of docs/ that are made from the code: `python tests/house/reference.py` writes them anew.

What is made stands between ``<!-- made: NAME -->`` and ``<!-- end -->``, a piece of a program in the block below its
``<!-- excerpt: NAME -->``.  test_docs.py holds them to the code.
"""

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.house import topics  # found by the line above

from hongzhu import hooks
from hongzhu.facts import SUBJECTS, Facts
from hongzhu.plugin_worker import HOOKS_BY_TOPIC
from hongzhu.trigger import Trigger
from hongzhu_registry.access.policy import DOSSIER, OPENED, SIGHT, Ties, fields_of
from hongzhu_registry.workbooks import synonyms
from hongzhu_registry.workbooks.column import Column
from hongzhu_registry.workbooks.kinds import KINDS, Kind

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PART = re.compile(r"(<!-- made: (\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
EXCERPT = re.compile(r"(<!-- excerpt: (\w+) -->\n```python\n)(.*?)(```)", re.DOTALL)
MARKED = re.compile(r"^# excerpt (\w+)\n(.*?)^# end of excerpt$", re.DOTALL | re.MULTILINE)


def specified() -> dict[str, Any]:
    """Returns the hooks there are, by name."""
    return {name: each for name, each in vars(hooks).items() if hasattr(each, "hongzhu_spec")}


def hooks_part() -> str:
    """Describes every hook."""
    return "\n".join(_hook(name, each) for name, each in specified().items())


def triggers_part() -> str:
    """Describes every kind of trigger, with what of it can be set."""
    kinds = [get_args(each)[0] if get_origin(each) is Annotated else each for each in get_args(get_args(Trigger)[0])]
    return "\n".join(_trigger(kind) for kind in kinds)


def _trigger(kind: type[BaseModel]) -> str:
    rows = "\n".join(_setting(name, field) for name, field in kind.model_fields.items() if name != "kind")
    return (
        f"### {kind.__name__}\n\n{inspect.getdoc(kind)}\n\n| field | unless told | meaning |\n|---|---|---|\n{rows}\n"
    )


def _setting(name: str, field: Any) -> str:
    default = "must be told" if field.is_required() else f"`{field.default}`"
    choices = topics.type_of(field.annotation) if get_origin(field.annotation) is Literal else ""
    meaning = "; ".join(each for each in (choices, " ".join((field.description or "").split())) if each)
    return f"| `{name}` | {default} | {meaning} |"


def facts_part() -> str:
    """Lists the facts of each kind of subject, with what each can be."""
    own = set(Facts.model_fields)
    rows = [
        f"| {subject} | `{name}` | {topics.type_of(field.annotation).replace(' or `null`', '')} |"
        for subject, facts in SUBJECTS.items()
        for name, field in facts.model_fields.items()
        if name not in own
    ]
    return "\n".join(["| subject | fact | value |", "|---|---|---|", *rows, ""])


def sheets_part() -> str:
    """Describes every kind of sheet."""
    return "\n".join(_sheet(kind) for kind in KINDS)


def sight_part() -> str:
    """Describes whose the rows of every table are, and who reads which field of a dossier."""
    roles = ("school", "teacher", "agency", "guardian", "auditor", "protection", "notifier")
    heading = f"| table | {' | '.join(roles)} | second wall |\n|{'---|' * (len(roles) + 2)}\n"
    rows = "\n".join(
        f"| {name} | {' | '.join(_ties(sight.ties(role)) for role in roles)} | {f'none: {sight.open}' if sight.open else 'yes'} |"
        for name, sight in sorted(SIGHT.items())
    )
    readers = ("bureau", "school", "teacher", "guardian")
    fields = "\n".join(
        f"| `{name}` | {purpose} | {' | '.join('yes' if name in fields_of(role) else '' for role in readers)} |"
        + f" {'one child at a time' if name in OPENED else ''} |"
        for name, purpose in DOSSIER.items()
    )
    head = f"| field | kept for | {' | '.join(readers)} | opened |\n|{'---|' * (len(readers) + 3)}\n"
    return f"\n{heading}{rows}\n\n{head}{fields}\n\n"


def _ties(ties: Ties | None) -> str:
    if ties is None:
        return ""
    words = {
        "at": "its own school's",
        "of": "of its children",
        "by": "of its supporters",
        "oneself": "its own",
        "named": "its own",
        "titled": "in its name",
        "through": "of its children",
        "any": "all",
    }
    return ", ".join(dict.fromkeys(words[tie.kind] for tie in ties)) or "no row"


PARTS = {
    "facts": facts_part,
    "triggers": triggers_part,
    "sight": sight_part,
    "hooks": hooks_part,
    "topics": topics.topics_part,
    "sheets": sheets_part,
}


def excerpts() -> dict[str, str]:
    """Returns the marked pieces of the programs in tests/docs."""
    programs = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests/docs").glob("*.py"))]
    return {mark[1]: mark[2].strip() for program in programs for mark in MARKED.finditer(program)}


def pages() -> Iterator[tuple[Path, str]]:
    """Yields every page that has such a part, as it should be."""
    pieces = excerpts()
    for page in sorted(DOCS.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        if PART.search(text) or EXCERPT.search(text):
            made = PART.sub(lambda part: f"{part[1]}{PARTS[part[2]]()}{part[4]}", text)
            yield page, EXCERPT.sub(lambda piece: f"{piece[1]}{pieces[piece[2]]}\n{piece[4]}", made)


def _hook(name: str, function: Any) -> str:
    topic = next((message.topic for message, hook in HOOKS_BY_TOPIC.items() if hook == name), None)
    signature = str(inspect.signature(function, eval_str=False)).replace("'", "")
    for full in re.findall(r"[\w.]+\.(?=[A-Z])", signature):
        signature = signature.replace(full, "")
    called = (
        f"Called for each `{topic}` addressed to the agency." if topic else "Asked when the plugin's worker starts."
    )
    return f"### {name}\n\n```python\ndef {name}{signature}: ...\n```\n\n{inspect.getdoc(function)}\n\n{called}\n"


def _sheet(kind: Kind) -> str:
    rows = "\n".join(_header(kind, column) for column in kind.columns)
    return f"### {kind.name}\n\n| column | needed | headers that mean it as well |\n|---|---|---|\n{rows}\n"


def _header(kind: Kind, column: Column) -> str:
    first, *others = dict.fromkeys(header for word in column.words for header in _headers(word))
    groups = [group for group in kind.keys if column.field in group]
    needed = "" if not groups else "yes" if len(groups[0]) == 1 else "one of these"
    return f"| {first} | {needed} | {' '.join(others)} |"


def _headers(word: str) -> list[str]:
    """Returns the headers that mean a word; a person's column is told by its first names, for they may all be combined."""
    if word in synonyms.WORDS:
        return [*(["儿童姓名"] if word == "child_name" else []), *synonyms.WORDS[word].split()]
    if word.startswith("mark."):
        return [word.removeprefix("mark.")]
    person, _, leaf = word.rpartition("_")
    return [synonyms.PEOPLE[person].split()[0] + one for one in synonyms.LEAVES[leaf].split()]


if __name__ == "__main__":
    for page, text in pages():
        page.write_text(text, encoding="utf-8")
    sys.exit(0)
