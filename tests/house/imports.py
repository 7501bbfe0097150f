"""The import contracts of the tree, worked out from the folders that are there: `python tests/house/imports.py [ROOT]`.

A new agency, service or noun is a new folder and nothing here is edited for it. The contracts, by name:

- houses stand side by side: no service and no plugin imports another; all of them stand on hongzhu;
- an agency's machine has no database and no web server: nothing that a plugin or its worker imports leads to them;
- only the service rooms of hongzhu touch the database and the web;
- the nouns of a service are built door, desk, shelf.
"""

import re
import sys
import tomllib
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path
from tempfile import NamedTemporaryFile

from importlinter.cli import lint_imports

# The modules of hongzhu that a core service is built on. Everything else there is for plugin authors too.
SERVICE_ROOMS = {
    "backup",
    "database",
    "direct",
    "inbox",
    "json_sql",
    "on_the_loop",
    "outbox",
    "relay",
    "runtime",
    "service",
    "settling",
}
# What every agency's machine runs beside its own plugin.
AGENCY_ROOMS = {"hooks", "messages", "plugin_worker", "programme", "registry_client"}
# From the street to the cellar: a file may import those below it in its noun, never one above or beside it.
DOOR, DESK, SHELF, ROWS = ("endpoints", "pages", "consumers", "ticks"), ("service",), ("queries",), ("models",)

Contract = dict[str, str | list[str]]


def packages(root: Path, house: str) -> list[str]:
    """Names the import packages of `services` or `plugins`, found by their folders."""
    return sorted(path.parent.name for path in root.glob(f"{house}/*/src/hongzhu_*/__init__.py"))


def service_libraries(root: Path) -> list[str]:
    """Names what hongzhu's [service] extra installs, and the two that come with it."""
    manifest = tomllib.loads((root / "shared/pyproject.toml").read_text(encoding="utf-8"))
    extra = manifest["project"]["optional-dependencies"]["service"]
    names = {re.split(r"[^A-Za-z0-9_.-]", requirement, maxsplit=1)[0].replace("-", "_") for requirement in extra}
    return sorted(names | {"psycopg_binary", "starlette"})


def rooms(root: Path) -> set[str]:
    """Names the modules and packages directly inside hongzhu."""
    inside = (root / "shared/src/hongzhu").iterdir()
    return {path.stem for path in inside if path.suffix == ".py" or (path / "__init__.py").exists()} - {"__init__"}


def nouns(root: Path) -> list[str]:
    """Names the folders of the services that have a door, a desk or a shelf."""
    files = {f"{name}.py" for name in (*DOOR, *DESK, *SHELF, *ROWS)}
    folders = root.glob("services/*/src/hongzhu_*/*/")
    found = (folder for folder in folders if any((folder / name).exists() for name in files))
    return sorted(f"{folder.parent.name}.{folder.name}" for folder in found)


def contracts(root: Path) -> Iterator[Contract]:
    """Yields the contracts for the folders under `root`."""
    plugins, libraries, here = packages(root, "plugins"), service_libraries(root), rooms(root)
    yield {
        "name": "houses stand side by side, on hongzhu",
        "type": "layers",
        "layers": [" | ".join([*packages(root, "services"), *plugins]), "hongzhu"],
    }
    yield {
        "name": "an agency's machine has no database and no web server",
        "type": "forbidden",
        "source_modules": [*plugins, *(f"hongzhu.{room}" for room in sorted(AGENCY_ROOMS & here))],
        "forbidden_modules": libraries,
    }
    yield {
        "name": "only the service rooms of hongzhu touch the database and the web",
        "type": "forbidden",
        "source_modules": [f"hongzhu.{room}" for room in sorted(here - SERVICE_ROOMS)],
        "forbidden_modules": libraries,
        "allow_indirect_imports": "true",  # the command line names the rooms, and enters one when it is asked to
    }
    if built := nouns(root):
        yield {
            "name": "door, desk, shelf",
            "type": "layers",
            "containers": built,
            "layers": [" | ".join(f"({name})" for name in layer) for layer in (DOOR, DESK, SHELF, ROWS)],
        }


def main(root: Path) -> int:
    """Checks the tree under `root` and returns 0 when every contract is kept, 1 when one is broken."""
    sys.path[:0] = [str(path) for path in (root / "shared/src", *root.glob("*/*/src"))]
    found = ["hongzhu", *packages(root, "services"), *packages(root, "plugins")]
    config = ConfigParser()
    config["importlinter"] = {"root_packages": "\n".join(found), "include_external_packages": "true"}
    for number, contract in enumerate(contracts(root)):
        config[f"importlinter:contract:{number}"] = {
            key: value if isinstance(value, str) else "\n".join(value) for key, value in contract.items()
        }
    with NamedTemporaryFile("w", suffix=".ini", encoding="utf-8") as file:
        config.write(file)
        file.flush()
        return lint_imports(file.name, no_cache=True, no_logo=True)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2]).resolve()))
