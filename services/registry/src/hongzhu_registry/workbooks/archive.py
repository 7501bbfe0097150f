"""A look at a file before it is opened: is it a workbook, and is it of a size that may be unpacked?"""

import io
import zipfile

from . import limits
from .reasons import UnreadableWorkbook

ZIP, ZIP64_LOCATOR, ZIP_END = b"PK\x03\x04", b"PK\x06\x07", b"PK\x05\x06"
COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# An encrypted .xlsx is a compound file with this stream in it, named in UTF-16.
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
END_LENGTH, LONGEST_COMMENT = 22, 65_535


def inspect(data: bytes) -> None:
    """Raise UnreadableWorkbook unless the file may be handed to the reader."""
    if not data:
        raise UnreadableWorkbook("empty")
    if len(data) > limits.FILE_BYTES:
        raise UnreadableWorkbook("too_large")
    if data.startswith(COMPOUND):
        if ENCRYPTED in data:
            raise UnreadableWorkbook("password")
        return
    if not data.startswith(ZIP):
        raise UnreadableWorkbook("not_workbook")
    _inspect_directory(data)
    try:
        entries = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise UnreadableWorkbook("damaged") from error
    if any(e.flag_bits & 1 for e in entries):
        raise UnreadableWorkbook("password")
    unpacked = sum(e.file_size for e in entries)
    if len(entries) > limits.ENTRIES or unpacked > limits.UNPACKED_BYTES:
        raise UnreadableWorkbook("too_large")
    if unpacked > limits.RATIO_FREE_BYTES and unpacked > limits.RATIO * len(data):
        raise UnreadableWorkbook("too_large")
    if not any(e.filename.startswith(("xl/", "content.xml")) for e in entries):
        raise UnreadableWorkbook("not_workbook")


def _inspect_directory(data: bytes) -> None:
    """Refuse an archive whose table of contents is itself too large to read."""
    end = data.rfind(ZIP_END, max(0, len(data) - END_LENGTH - LONGEST_COMMENT))
    if end < 0 or end + END_LENGTH > len(data):
        raise UnreadableWorkbook("damaged")
    size = int.from_bytes(data[end + 12 : end + 16], "little")
    # Only archives past 4 GB need the 64-bit form, and those are refused anyway.
    if size > limits.DIRECTORY_BYTES or data[max(0, end - 20) : end].startswith(ZIP64_LOCATOR):
        raise UnreadableWorkbook("too_large")
