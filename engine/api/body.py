"""Reading a request's body as JSON, with the words of Go's encoding/json for what is wrong with it.

Rules: moby `api/server/httputils` (CheckForJSON, ReadJSON). Texts: Go `encoding/json/scanner.go`. What the JSON must
contain is another module's subject: engine/api/decode.py.
"""

from __future__ import annotations

import json
import re
from typing import Any

from engine.api.messages import Request
from engine.errors import EngineError, InvalidParameter

MAX_BODY = 16 << 20  # bytes; the largest honest request that is not an upload is a few kB
EMPTY_BODY = "invalid JSON: got EOF while reading request body"


class BodyTooLarge(EngineError):
    status = 413


# Python's complaint, by how it begins -> what Go's scanner was doing when it met the character
GO_WORDS = {
    "Expecting value": "looking for beginning of value",
    "Expecting property name": "looking for beginning of object key string",
    "Illegal trailing comma before end of object": "looking for beginning of object key string",
    "Illegal trailing comma before end of array": "looking for beginning of value",
    "Expecting ':' delimiter": "after object key",
    "Expecting ',' delimiter": "after {place}",
    "Invalid control character": "in string literal",
    "Invalid \\uXXXX escape": "in \\u hexadecimal character escape",
    "Invalid \\escape": "in string escape code",
}
LITERALS = ("true", "false", "null")
STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


def read_json(request: Request, *, required: bool = False) -> Any:
    """The body's value; None for no body, unless `required`. Raises InvalidParameter with Docker's message."""
    check_content_type(request)
    if not request.body:
        if required or "transfer-encoding" in request.headers:
            raise InvalidParameter(EMPTY_BODY)
        return None
    return parse_json(request.body)


def check_content_type(request: Request) -> None:
    """A body must say that it is JSON; without a body the header does not matter if it is absent."""
    given = request.headers.get("content-type", "")
    if not given and not request.body:
        return
    media_type = given.partition(";")[0].strip().lower()
    if media_type == "application/json":
        return
    if not media_type:
        raise InvalidParameter(f"malformed Content-Type header ({given}): mime: no media type")
    raise InvalidParameter(f"unsupported Content-Type header ({given}): must be 'application/json'")


def parse_json(data: bytes) -> Any:
    """
    >>> parse_json(b'{"Image": "alpine"}')
    {'Image': 'alpine'}
    >>> parse_json(b'{"Image": alpine}')
    Traceback (most recent call last):
    engine.errors.InvalidParameter: invalid JSON: invalid character 'a' looking for beginning of value
    """
    text = data.decode("utf-8", "replace").strip(" \t\r\n")
    if not text:
        raise InvalidParameter(EMPTY_BODY)
    try:
        value, end = DECODER.raw_decode(text)
    except json.JSONDecodeError as error:
        raise InvalidParameter(f"invalid JSON: {go_syntax_error(error)}") from None
    except RecursionError:
        raise InvalidParameter("invalid JSON: exceeded max depth") from None
    except ValueError as error:  # a constant or a number that Go does not know
        raise InvalidParameter(f"invalid JSON: {error}") from None
    if end != len(text):
        raise InvalidParameter("unexpected content after JSON")
    return whole_characters(value) if "\\u" in text else value


def go_syntax_error(error: json.JSONDecodeError) -> str:
    """Go's words for what Python's parser met."""
    text, position = error.doc, error.pos
    if error.msg.startswith("Illegal trailing comma"):
        position += 1
    if error.msg.startswith("Invalid \\escape"):
        position += 1
    while position < len(text) and text[position] in " \t\r\n" and not error.msg.startswith("Invalid control"):
        position += 1
    if position >= len(text) or error.msg.startswith("Unterminated string"):
        return "unexpected EOF"
    doing = next(
        (go for python, go in GO_WORDS.items() if error.msg.startswith(python)), "looking for beginning of value"
    )
    if error.msg.startswith("Expecting value"):
        for literal in LITERALS:
            if text[position] == literal[0]:
                return go_literal_error(text[position:], literal)
    return f"invalid character {go_quote(text[position])} " + doing.format(place=enclosing(text, position))


def go_literal_error(text: str, literal: str) -> str:
    for index, expected in enumerate(literal):
        if index >= len(text):
            return "unexpected EOF"
        if text[index] != expected:
            return f"invalid character {go_quote(text[index])} in literal {literal} (expecting {go_quote(expected)})"
    return "unexpected EOF"


def enclosing(text: str, position: int) -> str:
    """What Go calls the thing that is being read at a position: an array's element or an object's pair."""
    depth: list[str] = []
    for character in STRING.sub('""', text[:position]):
        if character in "[{":
            depth.append(character)
        elif character in "]}" and depth:
            depth.pop()
    return "array element" if depth and depth[-1] == "[" else "object key:value pair"


def go_quote(character: str) -> str:
    if character == "'":
        return "'\\''"
    return f"'{json.dumps(character, ensure_ascii=False)[1:-1]}'" if character != '"' else "'\"'"


def whole_characters(value: Any) -> Any:
    """Half of a surrogate pair becomes U+FFFD, as in Go: it could not be written as UTF-8 later."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [whole_characters(item) for item in value]
    if isinstance(value, dict):
        return {whole_characters(key): whole_characters(item) for key, item in value.items()}
    return value


def _constant(name: str) -> Any:
    raise ValueError(f"invalid character '{name[0]}' looking for beginning of value")


def _integer(digits: str) -> int:
    if len(digits) > 400:
        raise ValueError("cannot unmarshal number into Go value of type int64")
    return int(digits)


DECODER = json.JSONDecoder(parse_constant=_constant, parse_int=_integer)
