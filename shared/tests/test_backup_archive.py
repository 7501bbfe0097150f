"""An archive is whole or refused, whichever of its bits was lost."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from hongzhu.backup.archive import DamagedError, opened, written
from hongzhu.backup.manifest import Manifest

CONTENT = {"home/clock": b"7", "registry.sqlite3": bytes(range(256))}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "made.zip"
    with written(path) as writing:
        for name, content in CONTENT.items():
            writing.add(name, [content])
        writing.close(
            Manifest(
                version="1", made_at=datetime(2020, 9, 1, tzinfo=UTC), databases={}, state=("clock",), keys={},
                files=writing.files,
            )
        )  # fmt: skip
    return path


def read(path: Path) -> dict[str, bytes]:
    with opened(path) as reading:
        reading.verify(lambda size: None)
        return {name: b"".join(reading.pieces(name)) for name in reading.manifest.files}


def test_whichever_bit_of_an_archive_is_flipped_it_is_refused_or_its_content_is_whole(archive: Path) -> None:
    whole, damaged = archive.read_bytes(), archive.with_name("damaged.zip")
    assert read(archive) == CONTENT
    refused = 0
    for bit in range(8 * len(whole)):
        changed = bytearray(whole)
        changed[bit // 8] ^= 1 << bit % 8
        damaged.write_bytes(changed)
        try:
            assert read(damaged) == CONTENT
        except DamagedError:
            refused += 1
    assert refused > 4 * len(whole)


def test_wherever_an_archive_breaks_off_it_is_refused(archive: Path) -> None:
    whole, damaged = archive.read_bytes(), archive.with_name("damaged.zip")
    for length in range(len(whole)):
        damaged.write_bytes(whole[:length])
        with pytest.raises(DamagedError):
            read(damaged)


def test_a_file_that_is_not_there_is_not_called_damaged(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none.zip")
