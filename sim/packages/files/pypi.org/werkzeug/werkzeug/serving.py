"""The server for development."""

import socket
import sys
import traceback
from http.server import BaseHTTPRequestHandler, HTTPServer

WARNING = ("WARNING: This is a development server. Do not use it in a production deployment. Use a production WSGI "
           "server instead.")


def make_handler(app):
    class Handler(BaseHTTPRequestHandler):
        server_version = "Werkzeug"

        def answer(self):
            body = self.rfile.read()
            try:
                response = app.answer(self.command, self.path, self.headers, body, self.client_address[0])
            except Exception:
                response = app.failed(traceback.format_exc())
            self.send_response(response.status_code)
            for name, value in response.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(response.data)))
            self.send_header("Connection", "close")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(response.data)

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_OPTIONS = answer

    return Handler


def run_simple(host, port, app, **options):
    try:
        server = HTTPServer((host, port), make_handler(app))
    except OSError:
        print(f"Address already in use\nPort {port} is in use by another program. Either identify and stop that "
              "program, or start the server with a different port.", file=sys.stderr)
        sys.exit(1)
    lines = [WARNING]
    if host == "0.0.0.0":
        lines.append(" * Running on all addresses (0.0.0.0)")
        lines.append(f" * Running on http://127.0.0.1:{port}")
        try:
            lines.append(f" * Running on http://{socket.gethostbyname(socket.gethostname())}:{port}")
        except OSError:
            pass
    else:
        lines.append(f" * Running on http://{host}:{port}")
    lines.append("Press CTRL+C to quit")
    sys.stderr.write("\n".join(lines) + "\n")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
