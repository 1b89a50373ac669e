"""A simple framework for building complex web applications.

What a first web application needs, of the framework with this name: routes, requests, JSON, redirects, errors.
"""

import json
import os
import re
import sys
from html import escape
from urllib.parse import parse_qs, urlencode

from werkzeug.serving import run_simple

__version__ = "{version}"
REASONS = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
           418: "I'm a teapot", 500: "Internal Server Error"}
ABOUT = {
    404: "The requested URL was not found on the server. If you entered the URL manually please check your spelling "
         "and try again.",
    405: "The method is not allowed for the requested URL.",
    500: "The server encountered an internal error and was unable to complete your request. Either the server is "
         "overloaded or there is an error in the application.",
}
KINDS = {"string": "[^/]+", "int": "[0-9]+", "float": "[0-9]+[.][0-9]+", "path": ".+"}
MAKE = {"int": int, "float": float}


class HTTPException(Exception):
    def __init__(self, code, description=None):
        super().__init__(description)
        self.code = code
        self.description = description or ABOUT.get(code, "")


class Request:
    """The request that is being answered: `flask.request`."""

    def _begin(self, method, target, headers, body, client):
        self.method = method
        self.path, _, query = target.partition("?")
        self.full_path = target
        self.query_string = query.encode()
        self.headers = headers
        self.data = body
        self.remote_addr = client
        self.host = headers.get("host", "")
        self.args = {name: values[0] for name, values in parse_qs(query, keep_blank_values=True).items()}
        self.form = {}
        if (headers.get("content-type") or "").startswith("application/x-www-form-urlencoded"):
            self.form = {name: values[0] for name, values in parse_qs(body.decode()).items()}

    def get_data(self, as_text=False):
        return self.data.decode() if as_text else self.data

    def get_json(self, force=False, silent=False):
        try:
            return json.loads(self.data)
        except ValueError:
            if silent:
                return None
            abort(400)

    @property
    def json(self):
        return self.get_json()

    @property
    def is_json(self):
        return (self.headers.get("content-type") or "").startswith("application/json")


request = Request()
g = Request()
session = {}
current_app = None


class Response:
    def __init__(self, response="", status=200, headers=None, mimetype=None, content_type=None):
        self.data = response.encode() if isinstance(response, str) else response
        self.status_code = status
        self.headers = {"Content-Type": content_type or (mimetype or "text/html") + "; charset=utf-8"}
        if mimetype == "application/json":
            self.headers["Content-Type"] = "application/json"
        self.headers.update(headers or {})


def jsonify(*args, **kwargs):
    value = kwargs if kwargs else args[0] if len(args) == 1 else list(args)
    return Response(json.dumps(value) + "\n", mimetype="application/json")


def make_response(*args):
    value = args[0] if len(args) == 1 else args
    if isinstance(value, Response):
        return value
    if isinstance(value, tuple):
        made = make_response(value[0])
        for part in value[1:]:
            if isinstance(part, int):
                made.status_code = part
            else:
                made.headers.update(part)
        return made
    if isinstance(value, (dict, list)):
        return jsonify(value)
    if value is None:
        raise TypeError("The view function did not return a valid response. The function either returned None or "
                        "ended without a return statement.")
    return Response(value)


def redirect(location, code=302):
    page = f'<!doctype html>\n<title>Redirecting...</title>\n<a href="{escape(location)}">{escape(location)}</a>\n'
    return Response(page, code, {"Location": location})


def abort(code, description=None):
    raise HTTPException(code, description)


def url_for(endpoint, **values):
    for rule, pattern, names, methods, view in current_app.rules:
        if view.__name__ == endpoint:
            for name in names:
                rule = re.sub("<([a-z]+:)?" + name + ">", str(values.pop(name)), rule)
            return rule + ("?" + urlencode(values) if values else "")
    raise LookupError(f"Could not build url for endpoint '{endpoint}'.")


def render_template_string(source, **values):
    return re.sub(r"{{\s*(\w+)\s*}}", lambda found: escape(str(values.get(found.group(1), ""))), source)


def render_template(name, **values):
    with open(os.path.join(current_app.root_path, "templates", name)) as file:
        return render_template_string(file.read(), **values)


class Flask:
    def __init__(self, import_name, **options):
        global current_app
        self.name = import_name
        self.import_name = import_name
        # templates lie beside the program, wherever it was started from
        self.root_path = os.path.dirname(os.path.abspath(sys.argv[0])) if import_name == "__main__" else os.getcwd()
        self.config = {}
        self.debug = False
        self.rules = []
        self.handlers = {}
        self.before = []
        current_app = self

    def route(self, rule, methods=("GET",), **options):
        def remember(view):
            names = []

            def group(found):
                kind, name = found.group(1), found.group(2)
                names.append((name, (kind or "string:")[:-1]))
                return "(" + KINDS[names[-1][1]] + ")"

            pattern = re.sub(r"<([a-z]+:)?(\w+)>", group, rule)
            self.rules.append((rule, re.compile(pattern + "$"), dict(names), [word.upper() for word in methods], view))
            return view

        return remember

    def get(self, rule):
        return self.route(rule, methods=["GET"])

    def post(self, rule):
        return self.route(rule, methods=["POST"])

    def put(self, rule):
        return self.route(rule, methods=["PUT"])

    def delete(self, rule):
        return self.route(rule, methods=["DELETE"])

    def errorhandler(self, code):
        def remember(view):
            self.handlers[code] = view
            return view

        return remember

    def before_request(self, view):
        self.before.append(view)
        return view

    def _view(self):
        """The view of the request and its arguments."""
        allowed = False
        for rule, pattern, names, methods, view in self.rules:
            found = pattern.match(request.path)
            if found:
                if request.method in methods or (request.method == "HEAD" and "GET" in methods):
                    values = zip(names.items(), found.groups())
                    return view, {name: MAKE.get(kind, str)(value) for (name, kind), value in values}
                allowed = True
        abort(405 if allowed else 404)

    def _refused(self, error):
        handler = self.handlers.get(error.code)
        if handler is not None:
            return make_response(handler(error))
        title = f"{error.code} {REASONS.get(error.code, 'Unknown Error')}"
        name = title.partition(" ")[2]
        page = f"<!doctype html>\n<html lang=en>\n<title>{title}</title>\n<h1>{name}</h1>\n<p>{error.description}</p>\n"
        return Response(page, error.code)

    def answer(self, method, target, headers, body, client):
        """The response to one request."""
        request._begin(method, target, headers, body, client)
        try:
            for view in self.before:
                early = view()
                if early is not None:
                    return make_response(early)
            view, values = self._view()
            return make_response(view(**values))
        except HTTPException as error:
            return self._refused(error)

    def failed(self, trace):
        """The response to a request whose view raised an exception; the log has its traceback."""
        sys.stderr.write(f"[{request.method}] Exception on {request.path}\n{trace}")
        return self._refused(HTTPException(500))

    def run(self, host=None, port=None, debug=None, **options):
        host = host or os.environ.get("FLASK_RUN_HOST", "127.0.0.1")
        port = int(port or os.environ.get("FLASK_RUN_PORT", 5000))
        name = os.path.basename(sys.argv[0]).removesuffix(".py") if self.name == "__main__" else self.name
        print(f" * Serving Flask app '{name}'")
        print(f" * Debug mode: {'on' if debug or self.debug else 'off'}", flush=True)
        run_simple(host, port, self)


def main():
    """The command `flask run`."""
    words = sys.argv[1:]
    options = {"--app": os.environ.get("FLASK_APP", "app"), "--host": None, "--port": None}
    short = {"-A": "--app", "-h": "--host", "-p": "--port"}
    command = None
    while words:
        word = words.pop(0)
        word, _, value = word.partition("=")
        word = short.get(word, word)
        if word in options:
            options[word] = value or words.pop(0)
        elif not word.startswith("-"):
            command = word
    if command != "run":
        print("Usage: flask [OPTIONS] COMMAND [ARGS]...")
        return 2
    sys.path.insert(0, os.getcwd())
    file, _, variable = options["--app"].removesuffix(".py").partition(":")
    try:
        module = __import__(file)
    except ModuleNotFoundError as error:
        if error.name != file:
            raise
        print("Usage: flask run [OPTIONS]\nTry 'flask run --help' for help.\n", file=sys.stderr)
        print(f"Error: Could not import '{file}'.", file=sys.stderr)
        return 2
    for name in [variable] if variable else ["app", "application"]:
        if hasattr(module, name):
            found = getattr(module, name)
            found.run(options["--host"], options["--port"])
            return 0
    print(f"Error: Failed to find Flask application or factory in module '{file}'.", file=sys.stderr)
    return 2
