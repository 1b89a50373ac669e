"""Path names as Go's path/filepath and moby's go-archive read them: what a slash or a dot at the end of one means.

"/a/b" may be a file or a folder, "/a/b/" must be a folder, and "/a/b/." is what lies in it. Slashes only.
"""

from __future__ import annotations

import posixpath


def last_name(path: str) -> str:
    """filepath.Base.

    >>> last_name("/a/b/"), last_name("/a/."), last_name("/"), last_name("")
    ('b', '.', '/', '.')
    """
    if not path:
        return "."
    return posixpath.basename(path.rstrip("/")) or "/"


def wants_directory(path: str) -> bool:
    """It can only mean a folder."""
    return path.endswith("/") or last_name(path) == "."


def keep_end(clean: str, path: str) -> str:
    """`clean`, with the slash or dot at its end that `path` has (go-archive: PreserveTrailingDotOrSeparator).

    >>> keep_end("/a", "/x/../a/"), keep_end("/a", "/a/./."), keep_end("/", "/")
    ('/a/', '/a/.', '/')
    """
    if last_name(path) == "." and last_name(clean) != ".":
        return clean.rstrip("/") + "/."
    return clean + "/" if path.endswith("/") and not clean.endswith("/") else clean


def absolute(path: str) -> str:
    """Clean and from the root, with its end.

    >>> absolute("a/../b/"), absolute("/x/."), absolute("//")
    ('/b/', '/x/.', '/')
    """
    return keep_end("/" + posixpath.normpath("/" + path).lstrip("/"), path)


def split(path: str) -> tuple[str, str]:
    """Folder and last name; of one that ends with a dot, itself and the dot (go-archive: SplitPathDirEntry).

    >>> split("/a/b/"), split("/a/b/."), split("/")
    (('/a', 'b'), ('/a/b', '.'), ('/', '/'))
    """
    clean = posixpath.normpath(path)
    if last_name(path) == ".":
        return clean, "."
    return posixpath.dirname(clean) or ".", last_name(clean)
