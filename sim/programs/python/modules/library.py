"""Modules of the standard library that only compute: the names of each that a program may have, as they are.

Left out is what would run text as code, follow attributes by name, or reach the machine underneath.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

ALLOWED = {
    "abc": "ABC ABCMeta abstractmethod",
    "base64": "b64encode b64decode urlsafe_b64encode urlsafe_b64decode b16encode b16decode b32encode b32decode",
    "binascii": "hexlify unhexlify crc32",
    "bisect": "bisect bisect_left bisect_right insort insort_left insort_right",
    "calendar": "monthrange isleap month_name day_name month_abbr day_abbr",
    "collections": "Counter OrderedDict defaultdict deque namedtuple ChainMap",
    "collections.abc": "Callable Hashable Iterable Iterator Mapping MutableMapping Sequence Set Sized Generator",
    "contextlib": "contextmanager suppress closing nullcontext ExitStack",
    "copy": "copy deepcopy",
    "dataclasses": "dataclass field fields asdict astuple replace is_dataclass",
    "decimal": "Decimal ROUND_HALF_UP ROUND_HALF_EVEN ROUND_DOWN ROUND_UP InvalidOperation",
    "enum": "Enum IntEnum Flag IntFlag StrEnum auto unique",
    "fractions": "Fraction",
    "functools": "reduce partial wraps lru_cache cache total_ordering cmp_to_key cached_property",
    "hashlib": "md5 sha1 sha224 sha256 sha384 sha512 blake2b new",
    "heapq": "heappush heappop heapify heapreplace heappushpop nlargest nsmallest merge",
    "hmac": "new compare_digest",
    "html": "escape unescape",
    "http": "HTTPStatus",
    "itertools": "accumulate batched chain combinations combinations_with_replacement compress count cycle dropwhile "
    "filterfalse groupby islice pairwise permutations product repeat starmap takewhile tee zip_longest",
    "math": "*",
    "numbers": "Number Integral Real",
    "operator": "add sub mul truediv floordiv mod neg eq ne lt le gt ge itemgetter contains and_ or_ xor not_",
    "re": "compile match search fullmatch sub subn split findall finditer escape IGNORECASE I MULTILINE M DOTALL S "
    "VERBOSE X Pattern Match error",
    "statistics": "mean median mode stdev variance pstdev pvariance quantiles fmean",
    "string": "ascii_letters ascii_lowercase ascii_uppercase digits hexdigits octdigits punctuation printable "
    "whitespace capwords Template",
    "struct": "pack unpack calcsize error",
    "textwrap": "wrap fill dedent indent shorten",
    "types": "SimpleNamespace",
    "typing": "Any Callable ClassVar Dict Final Generic Iterable Iterator List Literal Mapping NamedTuple Optional "
    "Protocol Sequence Set Tuple Type TypeVar TypedDict Union cast Generator",
    "unicodedata": "name normalize category",
    "urllib.parse": "quote unquote quote_plus unquote_plus urlencode parse_qs parse_qsl urlparse urlsplit urljoin "
    "urlunparse",
    "zlib": "compress decompress crc32 adler32",
    "__future__": "annotations",
    "urllib": "",
    "concurrent": "",
}


def names_of(module: str) -> dict[str, Any] | None:
    """The table of a module; None if there is none. A name that the Python underneath does not have yet is left out."""
    allowed = ALLOWED.get(module)
    if allowed is None:
        return None
    library = import_module(module) if allowed else None
    if allowed == "*":
        return {name: found for name, found in vars(library).items() if not name.startswith("_")}
    return {name: getattr(library, name) for name in allowed.split() if hasattr(library, name)}
