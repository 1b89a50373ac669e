"""How a registry says no: the error codes of the OCI Distribution specification, with their statuses and texts.

Codes: specification 1.1, "Error Codes"; the texts, and the codes beyond the specification's, are those of
distribution's registry/api (errcode, v2).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.api.messages import Response, json_response

CODES = {
    "BLOB_UNKNOWN": (404, "blob unknown to registry"),
    "BLOB_UPLOAD_INVALID": (400, "blob upload invalid"),
    "BLOB_UPLOAD_UNKNOWN": (404, "blob upload unknown to registry"),
    "DENIED": (403, "requested access to the resource is denied"),
    "DIGEST_INVALID": (400, "provided digest did not match uploaded content"),
    "MANIFEST_BLOB_UNKNOWN": (400, "blob unknown to registry"),
    "MANIFEST_INVALID": (400, "manifest invalid"),
    "MANIFEST_UNKNOWN": (404, "manifest unknown"),
    "NAME_INVALID": (400, "invalid repository name"),
    "NAME_UNKNOWN": (404, "repository name not known to registry"),
    "PAGINATION_NUMBER_INVALID": (400, "invalid number of results requested"),
    "RANGE_INVALID": (416, "invalid content range"),
    "SIZE_INVALID": (400, "provided length did not match content length"),
    "TAG_INVALID": (400, "manifest tag did not match URI"),
    "TOOMANYREQUESTS": (429, "too many requests"),
    "UNAUTHORIZED": (401, "authentication required"),
    "UNAVAILABLE": (503, "service unavailable"),
    "UNSUPPORTED": (405, "The operation is unsupported."),
}


class Refused(Exception):
    """The reply is an error of the specification. `message` replaces the code's own text."""

    def __init__(
        self,
        code: str,
        detail: Any = None,
        message: str = "",
        headers: Mapping[str, str] | None = None,
        status: int = 0,
    ) -> None:
        usual, text = CODES[code]
        super().__init__(message or text)
        self.code, self.detail, self.message = code, detail, message or text
        self.headers, self.status = dict(headers or {}), status or usual

    def response(self) -> Response:
        """`{"errors": [{"code", "message", "detail"}]}`"""
        error = {"code": self.code, "message": self.message, "detail": self.detail}
        response = json_response({"errors": [error]}, self.status)
        response.headers |= self.headers
        return response
