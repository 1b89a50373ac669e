"""What the commands of the classroom have in common: a parser from a module's first lines, and errors told plainly."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable


def parser(name: str, doc: str | None) -> argparse.ArgumentParser:
    """For `glassdock NAME`: the first line of `doc` says what it is, the others follow the options."""
    first, _, rest = (doc or "").partition("\n")
    return argparse.ArgumentParser(
        prog=f"glassdock {name}", description=first, epilog=rest.strip("\n"),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip


def told(act: Callable[[], int], *misunderstood: type[Exception]) -> int:
    """`act`'s exit code; 2 for a question that makes no sense (`misunderstood`), 1 for what the computer refuses."""
    try:
        return act()
    except misunderstood as error:
        print(f"glassdock: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"glassdock: {error.filename or 'output'}: {error.strerror}", file=sys.stderr)
        return 1
