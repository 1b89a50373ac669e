"""`python -m real` is `glassdock serve real`."""

import sys

from engine.cli import main

sys.exit(main(["serve", "real", *sys.argv[1:]]))
