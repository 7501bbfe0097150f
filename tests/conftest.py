"""What the tests of the whole share: they import each other by their place in the tree."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
