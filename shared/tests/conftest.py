"""What the tests of hongzhu itself share."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # own_service is this folder's own

from own_service import database, on_postgres, queue

__all__ = ["database", "on_postgres", "queue"]
