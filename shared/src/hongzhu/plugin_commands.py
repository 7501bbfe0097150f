"""``hongzhu plugin``: a folder to begin a plugin with, and the check whether one keeps the contract."""

import re
import sys
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path
from string import Template

import click

from hongzhu.agency import LONGEST, NAME
from hongzhu.errors import ConflictError, InvalidError, MissingError
from hongzhu.i18n import _, is_chinese

PLACES = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    "package.py": "src/hongzhu_{name}/__init__.py",
    "test.py": "test_{name}.py",
}
"""The files of a new plugin: what the scaffold calls each, and where it goes."""
TITLE = re.compile(r"[^\"\\{}]{1,40}")
"""What a title may be, which is written into code and into a sentence with places for figures."""
FROM_WORKSPACE = "[tool.uv.sources]\nhongzhu = { workspace = true }\n\n"
"""Where a plugin that lies beside hongzhu itself has it from."""


@click.group(help=_("Agencies' plugins: begin one, check one."))
def plugin() -> None:
    """Work on plugins."""


@plugin.command("new", help=_("Make the folder of a new agency's plugin, with one programme, its form and its test."))
@click.argument("name")
@click.option("--title", default="新部门", help=_("What the agency is called in Chinese."))
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("plugins"),
    show_default=True,
    help=_("The folder of the plugins."),
)
def new(name: str, title: str, into: Path) -> None:
    """Write the folder; raises `ConflictError` when it is there."""
    if not re.fullmatch(NAME, name) or len(name) > LONGEST:
        raise InvalidError("An agency's name is small letters, digits and underscores, as in legal_aid.")
    if not (TITLE.fullmatch(title) and title.isprintable() and is_chinese(title)):
        raise InvalidError(
            "A title is Chinese, at most 40 characters long, and has no quotation marks, backslashes or braces in it."
        )
    folder = into / name
    if folder.exists():
        raise ConflictError("There is a folder {folder} already.", folder=folder)
    beside_hongzhu = (into.resolve().parent / "uv.lock").exists()
    words = {
        "name": name,
        "dashed": name.replace("_", "-"),
        "title": title,
        "english": name.replace("_", " ").capitalize(),
        "source": FROM_WORKSPACE if beside_hongzhu else "",
    }
    for source, place in PLACES.items():
        file = folder / place.format(name=name)
        file.parent.mkdir(parents=True, exist_ok=True)
        template = files("hongzhu") / "scaffold" / f"{source}.txt"
        file.write_text(Template(template.read_text(encoding="utf-8")).substitute(words), encoding="utf-8")
    click.echo(
        _(
            "{folder} is there. “{install}” installs it; then “hongzhu plugin check {name}” looks at it.",
            folder=folder,
            install="make lock" if beside_hongzhu else f"pip install -e {folder}",
            name=name,
        )
    )


@plugin.command(
    "check", help=_("See whether an installed plugin keeps the contract; ends with status 1 when it does not.")
)
@click.argument("name")
def check(name: str) -> None:
    """Tell every rule that the plugin breaks."""
    from hongzhu.plugin_contract import broken, load, reaches

    found = next(iter(entry_points(group="hongzhu.agencies", name=name)), None)
    if found is None:
        raise MissingError("No plugin of the agency {name} is installed.", name=name)
    told = list(broken(name, load(found)))
    told += [_("Importing it leads to {library}.", library=each) for each in reaches(found.module)]
    for each in told:
        click.secho(each, fg="red", err=True)
    if told:
        sys.exit(1)
    click.echo(_("{name} keeps the contract.", name=name))
