"""What nobody refers to any more, as `registry garbage-collect` finds it: mark from the manifests, then sweep.

Deleting a manifest or a blob takes a repository's link away and no bytes; this takes the bytes. Run it while nobody
pushes. Words: distribution, registry/storage/garbagecollect.go.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.distribution.registry.layout import Layout
from engine.distribution.registry.manifests import parts


def collect(layout: Layout, *, untagged: bool = False, dry_run: bool = False) -> Iterator[str]:
    """Tell what is done, line by line, while it is done. `untagged`: manifests without a tag go as well."""
    marked: set[str] = set()
    for name in layout.repositories():
        yield name
        tagged = {document.digest for tag in layout.tags(name) or () if (document := layout.manifest(name, tag))}
        for digest in layout.manifests(name):
            if untagged and digest not in tagged:
                yield f"manifest eligible for deletion: {digest}"
                if not dry_run:
                    layout.remove_manifest(name, digest)
                continue
            yield f"{name}: marking manifest {digest} "
            marked.add(digest)
            document = layout.manifest(name, digest)
            for part in parts(document) if document else ():
                yield f"{name}: marking blob {part}"
                marked.add(part)
    unused = [digest for digest in layout.all_blobs() if digest not in marked]
    yield ""
    yield f"{len(marked)} blobs marked, {len(unused)} blobs and 0 manifests eligible for deletion"
    for digest in unused:
        yield f"blob eligible for deletion: {digest}"
        if not dry_run:
            layout.erase(digest)
