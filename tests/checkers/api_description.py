"""Docker's own description of its API (Swagger 2.0), read for two questions: does an answer have the described shape,
and what could a client send?

This shares no code with the engine. Go's own deviation from the description is allowed for in one place: `nullable`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

SUCCESS = (200, 201)
NUMBERS = ("integer", "number")
FILTER = re.compile(r"`([a-z][a-z-]*!?)(?:=|`)")  # how descriptions spell a filter's name


@dataclass(frozen=True)
class Operation:
    """One method on one path, with all references of its parameters and answers resolved."""

    method: str
    path: str
    described: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def statuses(self) -> set[int]:
        return {int(status) for status in self.described["responses"]}

    def parameters(self, place: str) -> list[Mapping[str, Any]]:
        """Those "in" the `path`, `query`, `header` or `body`."""
        return [each for each in self.described.get("parameters", ()) if each["in"] == place]

    @property
    def takes_json(self) -> bool:
        """Has it a body, and one that is no archive?"""
        return any(each["schema"].get("format") != "binary" for each in self.parameters("body"))

    @cached_property
    def validator(self) -> Draft202012Validator | None:
        """For the body of a success; None if that is no JSON value (nothing, an archive, a stream of lines)."""
        answers = {int(status): each for status, each in self.described["responses"].items()}
        schema = next((answers[status].get("schema") for status in SUCCESS if status in answers), None)
        if schema is None or schema.get("format") == "binary" or schema.get("type") == "string":
            return None
        return Draft202012Validator(json_schema(schema))

    def faults(self, value: Any) -> Iterator[str]:
        """What is wrong with an answer, as "where: why"."""
        assert self.validator is not None
        for error in self.validator.iter_errors(value):
            yield f"{where(error.absolute_path)}: {error.message[:150]}"


def where(path: Any) -> str:
    """
    >>> where(["Containers", 3, "Names"])
    'Containers.*.Names'
    """
    return ".".join("*" if isinstance(part, int) else part for part in path)


def operations(file: Path) -> list[Operation]:
    """Everything described."""
    document = yaml.load(file.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    resolve = resolver(document)
    return [
        Operation(method.upper(), path, resolve(described))
        for path, methods in document["paths"].items()
        for method, described in methods.items()
    ]


def resolver(document: Mapping[str, Any]) -> Callable[[Any], Any]:
    """Replaces `$ref` by what is referred to, and `allOf` by one object with the properties of all."""

    @cache
    def definition(reference: str) -> Any:
        found: Any = document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
        return resolve(found)

    def resolve(value: Any) -> Any:
        if isinstance(value, list):
            return [resolve(each) for each in value]
        if not isinstance(value, dict):
            return value
        if isinstance(reference := value.get("$ref"), str):
            return definition(reference)
        resolved = {key: resolve(each) for key, each in value.items()}
        if parts := resolved.pop("allOf", ()):
            resolved["properties"] = {key: each for part in parts for key, each in part.get("properties", {}).items()}
            resolved["required"] = [name for part in parts for name in part.get("required", ())]
            resolved["type"] = "object"
        return resolved

    return resolve


def json_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The same in JSON Schema's words: `x-nullable` becomes a type; documentation and formats are left out."""
    if "type" not in schema and "properties" not in schema and "additionalProperties" not in schema:
        return {}
    kind = schema.get("type", "object")
    made: dict[str, Any] = {"type": [kind, "null"] if schema.get("x-nullable") else kind}
    if "enum" in schema and not schema.get("x-nullable"):
        made["enum"] = schema["enum"]
    if "items" in schema:
        made["items"] = json_schema(schema["items"])
    if required := schema.get("required"):
        made["required"] = required
    if properties := schema.get("properties"):
        made["properties"] = {name: json_schema(each) for name, each in properties.items()}
    more = schema.get("additionalProperties")
    if isinstance(more, Mapping):
        made["additionalProperties"] = json_schema(more)
    elif properties and more is not True:
        made["additionalProperties"] = False  # a name that nobody has described is a misspelling
    return made


# ---------------------------------------------------------------- what a client could send

TEXTS = st.text(max_size=12) | st.sampled_from(
    [
        "",
        " ",
        "\0",
        "\x1b[31m",
        "\r\n",
        "..",
        "../../etc",
        "%s%n",
        "ü\u202e\U0001f40b",
        "a" * 5000,
        "-",
        "null",
        "0:0:0:0",
    ]
)
EDGES = [0, 1, -1, 2**31 - 1, 2**31, -(2**63), 2**63 - 1, 2**63, 10**30]
INTEGERS = st.sampled_from(EDGES) | st.integers()
FLAGS = st.sampled_from(["", "0", "1", "true", "false", "maybe", "-1"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | INTEGERS | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
BROKEN = st.sampled_from(
    [b"", b"{", b"[", b"null", b"nul", b'{"a":', b"[]", b"5", b'"\\ud800"', b"\xff\xfe", b"{}x", b"[" * 3000]
)


def query_values(parameter: Mapping[str, Any]) -> st.SearchStrategy[str]:
    """Right and wrong texts for a parameter of a query or header."""
    kind = parameter["type"]
    if parameter["name"] == "filters":
        return filters(parameter.get("description", ""))
    if kind == "boolean":
        return FLAGS | TEXTS
    if kind in NUMBERS:
        return INTEGERS.map(str) | st.sampled_from(["", "1.5", "1e3", "0x10", "٣", " 1", "+1", "1_0"]) | TEXTS
    return TEXTS | INTEGERS.map(str) | ANYTHING.map(json.dumps)


def filters(description: str) -> st.SearchStrategy[str]:
    """JSON of `{name: [value, …]}` or `{name: {value: true}}`, or something like it."""
    names = st.sampled_from(sorted(set(FILTER.findall(description))) or ["label"]) | st.just("colour")
    words = TEXTS | st.sampled_from(["true", "1", "0", "web", "running", "10m", "a=b", "-1", "1e99"])
    values = st.lists(words, max_size=2) | st.dictionaries(words, st.booleans(), max_size=2) | ANYTHING
    return st.dictionaries(names, values, max_size=2).map(json.dumps) | ANYTHING.map(json.dumps) | TEXTS


def body_values(schema: Mapping[str, Any], depth: int = 0) -> st.SearchStrategy[Any]:
    """Values of the described shape with right values at the edges, and here and there a wrong one."""
    return st.one_of(_right(schema, depth), _right(schema, depth), _right(schema, depth), ANYTHING)


def _right(schema: Mapping[str, Any], depth: int) -> st.SearchStrategy[Any]:
    kind = schema.get("type", "object")
    if enum := schema.get("enum"):
        return st.sampled_from(enum)
    if kind == "array":
        return st.lists(st.deferred(lambda: body_values(schema["items"], depth + 1)), max_size=2)
    if kind == "boolean":
        return st.booleans()
    if kind in NUMBERS:
        return INTEGERS
    if kind == "string":
        return TEXTS if "example" not in schema else TEXTS | st.just(str(schema["example"]))
    if properties := schema.get("properties"):
        return _some(properties, depth)
    if isinstance(more := schema.get("additionalProperties"), Mapping):
        return st.dictionaries(TEXTS, st.deferred(lambda: body_values(more, depth + 1)), max_size=2)
    return st.just({}) | ANYTHING


def _some(properties: Mapping[str, Any], depth: int) -> st.SearchStrategy[dict[str, Any]]:
    """A few of an object's members: all at once would be refused for the first wrong one."""
    pairs = st.sampled_from(sorted(properties)).flatmap(
        lambda name: st.tuples(st.just(name), body_values(properties[name], depth + 1))
    )
    return st.lists(pairs, max_size=4 if depth < 2 else 2).map(dict)
