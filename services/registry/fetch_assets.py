"""Fetches what the pages are made with with npm, pinned by version and hash: ``python fetch_assets.py``.

What it writes to ``static/vendor`` is kept in the repository, so that neither an installation nor a page ever asks another host.
"""

import base64
import hashlib
import io
import re
import subprocess
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

VENDOR = Path(__file__).parent / "src/hongzhu_registry/static/vendor"
PACKAGES = {
    "@tabler/core": (
        "1.6.1",
        "sha512-lgmR9gcxRp5JlLxcmRi9Rz85JrEvH6Bz71KnlcPVSa97wtwQNjgSs3g3fxwbAlulHyRMghhIV04QUuW3pqDsIg==",
        {"dist/css/tabler.min.css": "tabler.min.css"},
    ),
    "htmx.org": (
        "2.0.11",
        "sha512-Thx/WtpeOQqSrqBCw/A1cwGJGg4UrVa3+sW0GmrM3p4gJgO89ecH4qtbnyzDDWFvBTqjnIMCgELTNt636dtamA==",
        {"dist/htmx.min.js": "htmx.min.js", "LICENSE": "htmx.LICENSE"},
    ),
    "echarts": (
        "5.6.0",
        "sha512-oTbVTsXfKuEhxftHqL5xprgLoc0k7uScAwtryCgWF6hPYFLRwOUHiFmHGCBKP5NPFNkDVopOieyUqYGH8Fa3kA==",
        {
            "dist/echarts.simple.min.js": "echarts.simple.min.js",
            "LICENSE": "echarts.LICENSE",
            "NOTICE": "echarts.NOTICE",
        },
    ),
    "@tabler/icons": (
        "3.51.0",
        "sha512-0pinvPZz7YeX+OSfxuEAbnEPWbocVXW5iU8h5lh41pYG8sZuQfpWECC980lxOT0clGIcNGn8xsBr+zKaRGdA/g==",
        {"LICENSE": "tabler.LICENSE"},
    ),
}
"""Of each package: its version, the hash of its archive (Subresource Integrity), and which file is kept under which name."""
ICONS = (
    "home", "users", "user", "school", "list-check", "file-import", "puzzle", "building-community", "calendar-event",
    "file-text", "key", "eye", "search", "filter", "x", "check", "alert-triangle", "clock", "chevron-right", "chevron-left",
    "arrow-right", "logout", "language", "heart-handshake", "phone", "map-pin", "notes", "chart-line", "refresh", "player-pause",
    "player-play", "download", "upload", "plus", "pencil", "shield-check", "message", "gift", "book", "inbox", "link",
    "menu-2", "dots", "id", "home-heart", "users-group", "bell", "wifi-off", "camera", "send", "adjustments", "arrow-back-up",
)  # fmt: skip


def main() -> None:
    """Fetch, check and unpack."""
    VENDOR.mkdir(parents=True, exist_ok=True)
    for name, (version, integrity, wanted) in PACKAGES.items():
        archive = _fetch(name, version, integrity)
        for member, kept_as in wanted.items():
            (VENDOR / kept_as).write_bytes(_without_map(_read(archive, member)))
        if name == "@tabler/icons":
            (VENDOR / "icons.svg").write_text(_sprite(archive))


def _fetch(name: str, version: str, integrity: str) -> tarfile.TarFile:
    with TemporaryDirectory() as folder:
        pack = ["npm", "pack", "--silent", f"{name}@{version}"]  # the names and versions above, and no others
        subprocess.run(pack, cwd=folder, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
        [packed] = Path(folder).iterdir()
        content = packed.read_bytes()
    found = "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()
    if found != integrity:
        raise SystemExit(f"{name} {version} is not what it was: {found}")
    return tarfile.open(fileobj=io.BytesIO(content))


def _read(archive: tarfile.TarFile, member: str) -> bytes:
    found = archive.extractfile(f"package/{member}")
    assert found is not None
    return found.read()


def _without_map(content: bytes) -> bytes:
    # A browser's tools would ask for the source map, which is not here.
    return re.sub(rb"\n?(//|/\*)# sourceMappingURL=[^\n*]*(\*/)?", b"", content)


def _sprite(archive: tarfile.TarFile) -> str:
    """Put the icons in use into one file, each a symbol that a page names."""
    symbols = []
    for icon in ICONS:
        drawing = _read(archive, f"icons/outline/{icon}.svg").decode()
        inside = re.sub(r"<!--.*?-->", "", drawing, flags=re.DOTALL).partition(">")[2].rpartition("</svg>")[0]
        symbols.append(
            f'<symbol id="{icon}" viewBox="0 0 24 24">{"".join(map(str.strip, inside.splitlines()))}</symbol>'
        )
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


if __name__ == "__main__":
    main()
