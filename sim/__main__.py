"""`python -m sim` is `glassdock serve sim`."""

import sys

from engine.cli import main

sys.exit(main(["serve", "sim", *sys.argv[1:]]))
