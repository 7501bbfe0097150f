"""``python -m hongzhu`` is the command ``hongzhu``."""

from hongzhu.cli import main

main()
