"""From layer archives to trees and back; what differs between two trees.

The archives' form, and what is refused in them, is in engine/image/changeset.py.
"""

from __future__ import annotations

import stat as st
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import BinaryIO

from engine.host import Change
from engine.image.changeset import Entry, read
from sim.vfs import content, overlay
from sim.vfs.filesystem import NO_XATTRS, WHITEOUT, Directory, File, Inode, Special, Symlink, add, drop
from sim.vfs.paths import MAX_LINKS

MODIFIED, ADDED, DELETED = 0, 1, 2
KINDS = {
    st.S_IFREG: "file",
    st.S_IFDIR: "directory",
    st.S_IFLNK: "symlink",
    st.S_IFCHR: "character",
    st.S_IFBLK: "block",
    st.S_IFIFO: "fifo",
}
TYPES = {kind: type for type, kind in KINDS.items()}
Seen = dict[int, tuple[str, Inode]]  # by id: the first name of a file with several (and the file, to keep it)
Parsed = tuple[Entry, content.Content]  # of a file its content, else b""


def parse(diff: BinaryIO) -> Iterator[Parsed]:
    """The entries of an *uncompressed* layer archive. Raises ValueError, at whichever entry is bad."""
    for entry, data in read(diff):
        yield entry, b"" if data is None else content.take(data, entry.size)


class Unpacker:
    """Builds a layer's own tree (an overlay's upper tree, with whiteouts) over the view `below` it."""

    def __init__(self, below: Directory | None, inos: Iterator[int]) -> None:
        self.below, self._inos = below, inos
        self.root = Directory(next(inos), 0o755)
        if below is not None:
            self.root.mode = below.mode
            self.root.like(below)
        self.size = 0

    def unpack(self, entries: Iterable[Parsed]) -> None:
        """All entries; their contents may be shared from then on. Raises ValueError; then the tree is to be thrown
        away.
        """
        for entry, data in entries:
            if entry.kind == "opaque":
                self._directory(entry.name.split("/"), entry.name)[0].opaque = True
            elif not entry.name:
                self._attributes(self.root, entry)
            else:
                *parents, name = entry.name.split("/")
                self._put(parents, name, entry, data)

    def _put(self, parents: list[str], name: str, entry: Entry, data: content.Content) -> None:
        directory, below = self._directory(parents, entry.name)
        present = directory.entries.get(name)
        if entry.kind == "whiteout":
            if present is None and below is not None and name in below.entries:
                directory.entries[name] = WHITEOUT
            return
        if entry.kind == "directory" and isinstance(present, Directory):
            self._attributes(present, entry)
            return
        node = self._linked(entry) if entry.kind == "hardlink" else self._made(entry, data)
        if present is not None and present is not WHITEOUT:
            drop(directory, name)
        if isinstance(node, Directory) and present is not None:
            node.opaque = True
        add(directory, name, node)

    def _made(self, entry: Entry, data: content.Content) -> Inode:
        node: Inode
        if entry.kind == "file":
            node = File(next(self._inos), 0, data=data, size=entry.size)
            self.size += entry.size
        elif entry.kind == "directory":
            node = Directory(next(self._inos), 0)
        elif entry.kind == "symlink":
            node = Symlink(next(self._inos), entry.target)
        else:
            node = Special(next(self._inos), TYPES[entry.kind], rdev=entry.rdev)
        self._attributes(node, entry)
        return node

    def _attributes(self, node: Inode, entry: Entry) -> None:
        node.uid, node.gid, node.mtime = entry.uid, entry.gid, entry.mtime
        node.xattrs = dict(entry.xattrs) if entry.xattrs else NO_XATTRS
        if not node.is_link:
            node.mode = st.S_IFMT(node.mode) | entry.mode

    def _linked(self, entry: Entry) -> Inode:
        """The node that a hard link names; one of a layer below is copied up."""
        *parents, name = entry.target.split("/")
        directory, below = self._directory(parents, entry.name)
        found, lower = overlay.child(directory, below, name)
        if found is None and lower is not None and not lower.is_dir:
            found = overlay.copy_of(lower)
            add(directory, name, found)
        if found is None or found.is_dir:
            raise ValueError(f'invalid hardlink "{entry.name}" -> "{entry.target}"')
        found.nlink += 1
        return found

    def _directory(self, names: list[str], text: str) -> tuple[Directory, Directory | None]:
        """The directory at a path, and what it covers; made or copied up if need be. Links are followed."""
        path: list[tuple[Directory, Directory | None]] = [(self.root, self.below)]
        todo, links = names[::-1], 0
        while todo:
            name = todo.pop()
            if name in ("", "."):
                continue
            if name == "..":
                path = path[:-1] or path
                continue
            directory, below = path[-1]
            found, lower = overlay.child(directory, below, name)
            node = found if found is not None else lower
            if isinstance(node, Symlink):
                links += 1
                if links > MAX_LINKS:
                    raise ValueError(f"{text!r}: too many levels of symbolic links")
                todo += node.target.split("/")[::-1]
                path = path[:1] if node.target.startswith("/") else path
                continue
            path.append(self._enter(directory, name, found, lower, text))
        return path[-1]

    def _enter(
        self, directory: Directory, name: str, found: Inode | None, lower: Inode | None, text: str
    ) -> tuple[Directory, Directory | None]:
        if found is None:
            covered = directory.entries.get(name) is WHITEOUT
            found = Directory(next(self._inos), 0o755) if lower is None else overlay.copy_of(lower)
            if isinstance(found, Directory):
                found.opaque = covered
            add(directory, name, found)
        if not isinstance(found, Directory):
            raise ValueError(f"{text!r}: not a directory")
        return found, lower if isinstance(lower, Directory) and not found.opaque else None


def pack(root: Directory) -> Iterator[tuple[Entry, Iterator[bytes]]]:
    """A tree (an upper one, with whiteouts, or a whole view) as archive entries, sorted by name; without the root."""
    seen: Seen = {}
    open_directories = [_sorted(root, "")]  # from the root down to where we are
    while open_directories:
        path, node = next(open_directories[-1], ("", None))
        if node is None:
            open_directories.pop()
            continue
        if node is WHITEOUT:
            yield Entry(path, "whiteout"), iter(())
            continue
        entry = _entry(path, node, seen)
        if entry is not None:
            yield entry, pieces(node, entry.size) if isinstance(node, File) and entry.size else iter(())
        if isinstance(node, Directory):
            if node.opaque:
                yield Entry(path, "opaque"), iter(())
            open_directories.append(_sorted(node, path + "/"))


def _sorted(directory: Directory, prefix: str) -> Iterator[tuple[str, Inode]]:
    for name in sorted(directory.entries):
        if (node := directory.entries.get(name)) is not None:  # it may go while somebody reads the archive
            yield prefix + name, node


def _entry(path: str, node: Inode, seen: Seen) -> Entry | None:
    """None for sockets, which do not go into archives."""
    kind = KINDS.get(st.S_IFMT(node.mode))
    if kind is None:
        return None
    entry = Entry(path, kind, node.mode & 0o7777, node.uid, node.gid, node.mtime, xattrs=node.xattrs)
    if node.nlink > 1 and not node.is_dir and (first := seen.setdefault(id(node), (path, node))[0]) != path:
        return replace(entry, kind="hardlink", target=first)
    if isinstance(node, File):
        return replace(entry, size=node.size)
    if isinstance(node, Symlink):
        return replace(entry, target=node.target)
    return replace(entry, rdev=node.rdev) if isinstance(node, Special) else entry


def pieces(node: File, size: int) -> Iterator[bytes]:
    """The first `size` bytes of a file, which may be written to or cut meanwhile."""
    for start in range(0, size, content.CHUNK):
        count = min(content.CHUNK, size - start)
        yield node.read(start, count).ljust(count, b"\0")


def changes(upper: Directory, lower: Directory | None) -> list[Change]:
    """`docker diff`: what a view differs in from its lower tree, sorted by path.

    The parents of a change are changes too. Of a directory only mode and owner count (moby, pkg/archive/changes.go).
    """
    found: list[Change] = []
    todo: list[tuple[Directory, Inode | None, str, int]] = [(upper, lower, "", -1)]  # the last: the parent's place
    for place, (directory, old, path, _) in enumerate(todo):
        below = old.entries if isinstance(old, Directory) else {}
        for name, node in directory.entries.items():
            if isinstance(node, Directory):
                todo.append((node, below.get(name), f"{path}/{name}", place))
        found += _changed_files(directory, below, path)
    touched = {change.path.rpartition("/")[0] for change in found}  # directories with changes inside
    for directory, old, path, parent in reversed(todo[1:]):  # children before parents
        if old is None:
            found.append(Change(path, ADDED))
        elif path in touched or _differs(directory, old):
            found.append(Change(path, MODIFIED))
        else:
            continue
        touched.add(todo[parent][2])
    return sorted(found, key=lambda change: change.path)


def _changed_files(directory: Directory, below: Mapping[str, Inode], path: str) -> Iterator[Change]:
    """What has changed inside a directory, but for its subdirectories."""
    for name, node in directory.entries.items():
        old = below.get(name)
        if node is WHITEOUT:
            if old is not None:
                yield Change(f"{path}/{name}", DELETED)
        elif node.is_dir:
            continue
        elif old is None:
            yield Change(f"{path}/{name}", ADDED)
        elif _differs(node, old):
            yield Change(f"{path}/{name}", MODIFIED)
    if directory.opaque:
        for name in below.keys() - directory.entries.keys():
            yield Change(f"{path}/{name}", DELETED)


def _differs(node: Inode, old: Inode) -> bool:
    if (node.mode, node.uid, node.gid) != (old.mode, old.uid, old.gid):
        return True
    if isinstance(node, Special) and isinstance(old, Special) and node.rdev != old.rdev:
        return True
    return not node.is_dir and (node.mtime != old.mtime or node.length() != old.length())


def usage(directory: Directory) -> int:
    """Bytes of the regular files of a tree; a file with several names counts once."""
    return sum({id(node): node.size for node in overlay.nodes(directory) if isinstance(node, File)}.values())
