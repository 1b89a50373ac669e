"""An OCI registry as an application: requests in, replies out. No socket, no clock, no idea of where content lies.

Specification: OCI Distribution 1.1, all of it: pull, push, content discovery, content management. What is served comes
from a `Storage`; who may do what is for a `Guard` to say (engine/distribution/access.py). The simulated Docker Hub is
this application over sim/hub/shelf.py; `glassdock hub` serves it on a socket; the image `registry` runs it in a
container.

    app.py        routes, checks of names, uploads under way       content.py   what a storage must be able to do
    reading.py    pull          lists.py      discovery            layout.py    a storage, in Docker's own layout
    uploads.py    push: blobs   manifests.py  push: manifests      trees.py     … in memory, or in a folder
    refusals.py   the specification's error codes
"""

from engine.distribution.registry.app import Guard, Registry
from engine.distribution.registry.content import Blob, Document, Storage, Upload, Writable
from engine.distribution.registry.layout import Layout, Tree
from engine.distribution.registry.refusals import CODES, Refused
from engine.distribution.registry.trees import FolderTree, MemoryTree

__all__ = [
    "CODES",
    "Blob",
    "Document",
    "FolderTree",
    "Guard",
    "Layout",
    "MemoryTree",
    "Refused",
    "Registry",
    "Storage",
    "Tree",
    "Upload",
    "Writable",
]
