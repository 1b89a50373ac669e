"""Image names: `[domain[:port]/]path[:tag][@digest]`, parsed once and normalised as Docker does.

    httpd                 ->  docker.io/library/httpd:latest     (`with_default_tag`)
    bitnami/redis:7       ->  docker.io/bitnami/redis:7
    localhost:5000/app    ->  localhost:5000/app:latest

The grammar and the texts of the refusals are those of Go's `distribution/reference`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from engine.errors import InvalidParameter
from engine.image.digest import Digest, DigestError

DEFAULT_DOMAIN = "docker.io"
LEGACY_DOMAIN = "index.docker.io"
OFFICIAL = "library/"
DEFAULT_TAG = "latest"
LONGEST_PATH = 255

_DOMAIN_PART = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_DOMAIN = rf"(?:{_DOMAIN_PART}(?:\.{_DOMAIN_PART})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_PATH_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"
_REFERENCE = re.compile(
    rf"(?:(?P<domain>{_DOMAIN})/)?(?P<path>{_PATH_PART}(?:/{_PATH_PART})*)"
    rf"(?::(?P<tag>{_TAG}))?(?:@(?P<digest>{_DIGEST}))?"
)
_TAG_ALONE = re.compile(_TAG)
_IDENTIFIER = re.compile(r"[a-f0-9]{64}")


class InvalidReference(InvalidParameter):
    """Not a name of an image."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A normalised name: `domain` "docker.io", `path` "library/httpd", `tag` "" or "latest", `digest` or None.

    The domain is "" for a name like "a.b_c/d", whose first part looks like one and is none (as in Docker).
    """

    domain: str
    path: str
    tag: str = ""
    digest: Digest | None = None

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Read a name as a person types it. Raises InvalidReference.

        >>> str(Reference.parse("httpd"))
        'docker.io/library/httpd'
        >>> Reference.parse("localhost:5000/team/app:1.0").domain
        'localhost:5000'
        """
        if _IDENTIFIER.fullmatch(text):
            raise InvalidReference(f"invalid repository name ({text}), cannot specify 64-byte hexadecimal strings")
        domain, rest = _split(text)
        path = rest.partition(":")[0]
        if path.lower() != path:
            raise InvalidReference(f"invalid reference format: repository name ({path}) must be lowercase")
        return _parse_full(f"{domain}/{rest}")

    @property
    def name(self) -> str:
        """Without tag and digest: "docker.io/library/httpd"."""
        return f"{self.domain}/{self.path}" if self.domain else self.path

    @property
    def familiar_name(self) -> str:
        """What people call it: "httpd", "bitnami/redis", "localhost:5000/app"."""
        if self.domain != DEFAULT_DOMAIN:
            return self.name
        short = self.path.removeprefix(OFFICIAL)
        return self.path if "/" in short else short

    @property
    def familiar(self) -> str:
        """What people call it, with tag and digest: "httpd:latest"."""
        return self.familiar_name + self._suffix()

    @property
    def key(self) -> str:
        """How the image store files it: by digest if there is one (a tag beside it may have moved), else by tag."""
        return f"{self.name}@{self.digest}" if self.digest else f"{self.name}:{self.tag or DEFAULT_TAG}"

    def with_default_tag(self) -> Reference:
        """With `latest` if it has neither tag nor digest."""
        return self if self.tag or self.digest else replace(self, tag=DEFAULT_TAG)

    def with_tag(self, tag: str) -> Reference:
        """Raises InvalidReference("invalid tag format")."""
        if not _TAG_ALONE.fullmatch(tag):
            raise InvalidReference("invalid tag format")
        return replace(self, tag=tag)

    def with_digest(self, digest: Digest) -> Reference:
        """The same repository by content: no tag."""
        return replace(self, tag="", digest=digest)

    def bare(self) -> Reference:
        """The repository alone."""
        return Reference(self.domain, self.path)

    def __str__(self) -> str:
        return self.name + self._suffix()

    def _suffix(self) -> str:
        return (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")


@lru_cache(maxsize=1024)
def parse_any(text: str) -> Reference | Digest:
    """A name, or an image id (`sha256:<64 hex>` or the 64 hex digits alone). Raises InvalidReference."""
    if _IDENTIFIER.fullmatch(text):
        return Digest(f"sha256:{text}")
    try:
        return Digest.parse(text)
    except DigestError:
        return Reference.parse(text)


def _split(text: str) -> tuple[str, str]:
    """(domain, the rest). The first part is a domain if it could be none else: a dot, a port, capitals, localhost."""
    first, slash, rest = text.partition("/")
    if not slash:
        return DEFAULT_DOMAIN, OFFICIAL + text
    if first == LEGACY_DOMAIN:
        first = DEFAULT_DOMAIN
    if not (first == "localhost" or "." in first or ":" in first or first.lower() != first):
        return DEFAULT_DOMAIN, text
    if first == DEFAULT_DOMAIN and "/" not in rest:
        return first, OFFICIAL + rest
    return first, rest


def _parse_full(text: str) -> Reference:
    match = _REFERENCE.fullmatch(text)
    if match is None:
        if text.lower() != text and _REFERENCE.fullmatch(text.lower()):
            raise InvalidReference("repository name must be lowercase")
        raise InvalidReference("invalid reference format")
    domain, path, tag, digest = match["domain"] or "", match["path"], match["tag"] or "", match["digest"]
    if len(path) > LONGEST_PATH:
        raise InvalidReference(f"repository name must not be more than {LONGEST_PATH} characters")
    try:
        return Reference(domain, path, tag, Digest.parse(digest) if digest else None)
    except DigestError as error:
        raise InvalidReference(str(error)) from None
