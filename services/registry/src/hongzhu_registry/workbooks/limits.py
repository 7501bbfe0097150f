"""How large a workbook may be: far above a county's, far below what would stop the server."""

MIB = 1024 * 1024

FILE_BYTES = 64 * MIB
# What may be handed in at once: it stands in memory until it is read, as a county's workbooks of a year easily do.
HAND_IN_BYTES = 2 * FILE_BYTES
# An archive's table of contents is read into memory whole, so its own size is limited before it is read.
DIRECTORY_BYTES = MIB
ENTRIES = 2_000
UNPACKED_BYTES = 512 * MIB
# A real workbook packs 5 to 60 times; small files may pack better without doing harm.
RATIO = 200
RATIO_FREE_BYTES = 16 * MIB

# What the separate process that opens the workbook may use and may answer.
MEMORY_BYTES = 480 * MIB
PROCESSOR_SECONDS = 8
# A sound workbook takes a second at most; on a machine with fifty other things to do it must still come to its end.
WALL_SECONDS = 120
ANSWER_BYTES = 160 * MIB
CELLS = 4_000_000
ROWS = 200_000
COLUMNS = 2_000
SHEETS = 200
MERGES = 20_000

# Characters that a cell may say, in the columns that name no other number (`kinds`).
TEXT = 50
# Of a longer file's name the end is kept.
FILE_NAME = 200

# A header lies near the top; a title is a line, not a book.
HEADER_ROWS = 30
HEADER_LEVELS = 3
TITLE_CHARACTERS = 2_000
# A merged column may be filled down over this many cells in all.
FILLED_CELLS = 1_000_000
