"""Path names with their ends: the same for the daemon, its hosts and our client."""

import posixpath

from hypothesis import given
from hypothesis import strategies as some

from engine.pathnames import absolute, keep_end, last_name, split, wants_directory

path = some.lists(some.sampled_from(["a", "b", "..", ".", ""]), max_size=6).map("/".join)


@given(path)
def test_paths_are_cleaned_but_keep_their_end(path: str) -> None:
    clean = absolute(path)
    assert clean.startswith("/") and ".." not in clean.split("/") and "//" not in clean
    assert absolute(clean) == clean
    assert wants_directory(clean) == (wants_directory(path) or clean == "/")
    assert keep_end(_bare(clean), path) == clean


@given(path)
def test_a_paths_folder_and_name_lead_to_the_same_place(path: str) -> None:
    folder, name = split("/" + path)
    assert _bare(absolute(posixpath.join(folder, name))) == _bare(absolute(path))
    assert name == last_name("/" + path) or posixpath.basename(path.rstrip("/")) == ".."


def _bare(path: str) -> str:
    return path.removesuffix("/.").rstrip("/") or "/"
