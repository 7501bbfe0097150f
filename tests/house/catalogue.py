"""The catalogue against the code: `python tests/house/catalogue.py` names what is not translated, or no longer said.

Said is what stands in ``_("…")`` in a module or a template, the first argument of an error of the family
`HongzhuError`, and such an error's `title`.  The words of click, which speaks through the catalogue too, may be in it
and need not be.
"""

import ast
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from string import Formatter

import click
from babel.messages.pofile import read_po
from jinja2 import Environment

ROOT = Path(__file__).parents[2]
CATALOGUE = ROOT / "shared/src/hongzhu/locale/zh_CN.po"


def said() -> dict[str, str]:
    """Returns every message id of the product, with one place where it stands."""
    paths = [*ROOT.glob("*/src/**/*.py"), *ROOT.glob("*/*/src/**/*.py")]
    modules = {path: path.read_text(encoding="utf-8") for path in paths}
    errors = _errors(modules.values())
    found = {}
    for path, module in modules.items():
        found |= {
            message: f"{path.relative_to(ROOT)}:{line}" for message, line in in_module(module, {"_"} | errors, errors)
        }
    jinja = Environment(autoescape=True, extensions=["jinja2.ext.i18n"])
    for path in ROOT.glob("services/*/src/*/templates/**/*.html"):
        extracted = jinja.extract_translations(path.read_text(encoding="utf-8"))  # type: ignore[attr-defined]  # of the extension
        # With places to fill in, the extension gives the text and what is left of the arguments.
        texts = [(line, each[0] if isinstance(each, tuple) else each) for line, _function, each in extracted]
        found |= {text: f"{path.relative_to(ROOT)}:{line}" for line, text in texts if isinstance(text, str)}
    return found


def said_by_click() -> set[str]:
    """Returns the message ids of click."""
    modules = [path.read_text(encoding="utf-8") for path in Path(click.__file__).parent.glob("*.py")]
    return {message for module in modules for message, _line in in_module(module, {"_", "ngettext"}, set())}


def translated() -> dict[str, str]:
    """Returns the Chinese of every message id in the catalogue, empty where there is none yet."""
    with CATALOGUE.open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file, locale="zh_CN") if message.id}


def places(text: str) -> set[str]:
    """Names the ``{places}`` of a text that are filled in."""
    return {name for _before, name, _spec, _conversion in Formatter().parse(text) if name is not None}


def _errors(modules: Iterable[str]) -> set[str]:
    classes = [node for module in modules for node in ast.walk(ast.parse(module)) if isinstance(node, ast.ClassDef)]
    family = {"HongzhuError"}
    while grown := {each.name for each in classes if family & set(map(_name, each.bases))} - family:
        family |= grown
    return family


def in_module(module: str, functions: set[str], errors: set[str]) -> Iterator[tuple[str, int]]:
    """Yields the message ids of a module with their lines."""
    for node in ast.walk(ast.parse(module)):
        if isinstance(node, ast.Call) and _name(node.func) in functions:
            # ngettext has two texts, everything else one.
            texts = node.args[:2] if _name(node.func) == "ngettext" else node.args[:1]
        elif isinstance(node, ast.ClassDef) and node.name in errors:
            assignments = [each for each in node.body if isinstance(each, ast.Assign | ast.AnnAssign)]
            texts = [each.value for each in assignments if each.value and ast.unparse(each).startswith("title")]
        else:
            continue
        yield from ((each.value, node.lineno) for each in texts if isinstance(each, ast.Constant) and each.value)


def _name(node: ast.expr) -> str | None:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else None


def main() -> int:
    """Prints what is missing and what is left over; returns 1 when there is any."""
    known, ids = translated(), said()
    missing = {message: where for message, where in ids.items() if not known.get(message)}
    for message, where in sorted(missing.items()):
        print(f"not translated: {message!r} ({where})")
    left_over = sorted(known.keys() - ids.keys() - said_by_click())
    for message in left_over:
        print(f"no longer said: {message!r}")
    return 1 if missing or left_over else 0


if __name__ == "__main__":
    sys.exit(main())
