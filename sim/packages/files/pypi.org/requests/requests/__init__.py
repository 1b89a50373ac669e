"""Python HTTP for Humans: get, post and the like, without TLS."""

import json as _json
from urllib.error import HTTPError as _HTTPError
from urllib.error import URLError as _URLError
from urllib.parse import urlencode as _urlencode
from urllib.request import Request as _Request
from urllib.request import urlopen as _urlopen

from requests import exceptions
from requests.exceptions import ConnectionError, HTTPError, RequestException, Timeout

__version__ = "{version}"


class Response:
    def __init__(self, url, status, reason, headers, content):
        self.url, self.status_code, self.reason, self.headers, self.content = url, status, reason, headers, content

    @property
    def ok(self):
        return self.status_code < 400

    @property
    def text(self):
        return self.content.decode("utf-8", "replace")

    def json(self):
        return _json.loads(self.content)

    def raise_for_status(self):
        if not self.ok:
            side = "Client" if self.status_code < 500 else "Server"
            raise HTTPError(f"{self.status_code} {side} Error: {self.reason} for url: {self.url}")

    def __repr__(self):
        return f"<Response [{self.status_code}]>"


def request(method, url, params=None, data=None, json=None, headers=None, timeout=None, **options):
    sent = {"User-Agent": "python-requests/" + __version__, "Accept": "*/*"}
    if params:
        url += ("&" if "?" in url else "?") + _urlencode(params)
    if json is not None:
        data = _json.dumps(json).encode()
        sent["Content-Type"] = "application/json"
    elif isinstance(data, dict):
        data = _urlencode(data).encode()
        sent["Content-Type"] = "application/x-www-form-urlencoded"
    elif isinstance(data, str):
        data = data.encode()
    sent.update(headers or {})
    try:
        found = _urlopen(_Request(url, data, sent, method.upper()))
    except _HTTPError as error:
        return Response(url, error.code, error.msg, error.headers, error.read())
    except _URLError as error:
        raise ConnectionError(f"{url}: {error.reason}")
    return Response(url, found.status, found.reason, found.headers, found.read())


def get(url, params=None, **options):
    return request("get", url, params=params, **options)


def post(url, data=None, json=None, **options):
    return request("post", url, data=data, json=json, **options)


def put(url, data=None, **options):
    return request("put", url, data=data, **options)


def delete(url, **options):
    return request("delete", url, **options)


def head(url, **options):
    return request("head", url, **options)
