"""push, login, logout: what concerns registries. Texts: docker/cli 28.2.

Passwords are kept where Docker keeps them, in config.json, as base64: that hides them from nobody, and so it warns.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

from engine.client import configfile
from engine.client.commandline import Parsed
from engine.client.commands.images import read_name
from engine.client.console import STDERR
from engine.client.context import HUB, ApiError, Context, Failure
from engine.client.progress import show_progress

INSECURE = "WARNING! Using --password via the CLI is insecure. Use --password-stdin."
UNENCRYPTED = """
WARNING! Your credentials are stored unencrypted in '{path}'.
Configure a credential helper to remove this warning. See
https://docs.docker.com/go/credential-store/
"""
NO_TERMINAL = "Error: Cannot perform an interactive login from a non TTY device"
REGISTER = """Log in with your Docker ID or email address to push and pull images from Docker Hub. If you don't have a \
Docker ID, head over to https://hub.docker.com/ to create one.
You can log in with your password or a Personal Access Token (PAT). Using a limited-scope PAT grants better security \
and is required for organizations using SSO. Learn more at https://docs.docker.com/go/access-tokens/
"""
TOKENS = (
    "A Personal Access Token (PAT) can be used instead.",
    "To create a PAT, visit \x1b[4mhttps://app.docker.com/settings\x1b[0m",
    "",
    "",
)
SWITCH = ("To login with a different account, run 'docker logout' followed by 'docker login'",)
NOTE = "\x1b[1m\x1b[106m\x1b[30mi\x1b[0m\x1b[0m \x1b[96mInfo → \x1b[0m\x1b[0m"


def push(context: Context, parsed: Parsed) -> int:
    name, quiet, every = parsed.arguments[0], parsed.flag("quiet"), parsed.flag("all-tags")
    reference = read_name(name)
    if every and (reference.tag or reference.digest):
        raise Failure("tag can't be used with --all-tags/-a")
    if reference.digest:
        raise Failure("cannot push a digest reference")
    if not every and not reference.tag:
        reference = reference.with_default_tag()
        if not quiet:
            context.console.out("Using default tag: latest")
    query = {"tag": reference.tag}
    messages = context.api.lines("POST", f"/images/{reference.name}/push", query, context.registry_auth(name))
    write = (lambda text: None) if quiet else (lambda text: context.console.write(1, text.encode()))
    try:
        show_progress(messages, write, context.console.stdout_tty)
    except ApiError as error:
        raise Failure(str(error)) from None
    if quiet:
        context.console.out(str(reference))
    return 0


# -- login, logout


def login(context: Context, parsed: Parsed) -> int:
    server = parsed.arguments[0] if parsed.arguments else HUB
    user, password = _given(context, parsed)
    known = context.credentials(server)
    if not user and not password and known:
        return _again(context, known)
    if not user or not password:
        user, password = _asked(context, server, user, password)
    answer = _ask_daemon(context, {"username": user, "password": password, "serveraddress": server})
    _keep(context, server, base64.b64encode(f"{user}:{password}".encode()).decode())
    context.console.err(UNENCRYPTED.format(path=context.config / "config.json"))
    context.console.out(answer)
    return 0


def _given(context: Context, parsed: Parsed) -> tuple[str, str]:
    """User and password of the command line. Raises Failure."""
    user, password = parsed.get("username", ""), parsed.get("password", "")
    if password and parsed.flag("password-stdin"):
        raise Failure("conflicting options: cannot specify both --password and --password-stdin")
    if password:
        context.console.err(INSECURE)
    if parsed.flag("password-stdin"):
        if not user:
            raise Failure("the --password-stdin option requires --username to be set")
        password = b"".join(iter(context.console.read, b"")).decode().rstrip("\r\n")
    return user, password


def _again(context: Context, known: dict[str, str]) -> int:
    """With what was kept the last time."""
    context.console.err(f"Authenticating with existing credentials... [Username: {known['username']}]")
    _note(context, SWITCH)
    context.console.err("\n")
    context.console.out(_ask_daemon(context, known))
    return 0


def _ask_daemon(context: Context, credentials: dict[str, str]) -> str:
    return str(context.api.post("/auth", None, credentials).get("Status", "Login Succeeded"))


def _asked(context: Context, server: str, user: str, password: str) -> tuple[str, str]:
    """What is missing, from the terminal. Raises Failure."""
    console = context.console
    if not console.stdin_tty:
        raise Failure(NO_TERMINAL)
    if not user:
        if server == HUB:
            console.out(REGISTER)
        console.write(1, b"Username: ")
        user = console.read().decode(errors="replace").strip()
    if not user:
        raise Failure("Error: Non-null Username Required")
    if not password:
        if server == HUB:
            _note(context, TOKENS)
        console.write(1, b"Password: ")
        password = _secret(context)
        console.out("")
    if not password:
        raise Failure("Error: Password Required")
    return user, password


def _secret(context: Context) -> str:
    """A line that is typed without being seen. Raises KeyboardInterrupt for ^C."""
    typed = bytearray()
    with context.console.raw():
        while data := context.console.read():
            for key in data:
                if key in b"\r\n\x04":
                    return typed.decode(errors="replace")
                if key == 3:
                    raise KeyboardInterrupt
                if key in b"\x7f\b":
                    del typed[-1:]
                else:
                    typed.append(key)
    return typed.decode(errors="replace")


def _note(context: Context, lines: Sequence[str]) -> None:
    """A hint, with the CLI's decoration on a terminal."""
    if context.console.stderr_tty:
        text = NOTE + "\n         ".join(f"\x1b[3m{line}\x1b[0m" for line in lines)
    else:
        text = " Info -> " + "\n         ".join(lines)
    context.console.write(STDERR, f"\n{text}\n".encode())


def logout(context: Context, parsed: Parsed) -> int:
    server = parsed.arguments[0] if parsed.arguments else HUB
    context.console.out(f"Removing login credentials for {server}")
    if context.credentials(server):
        _keep(context, server, None)
    return 0


def _keep(context: Context, server: str, auth: str | None) -> None:
    """Change one entry of config.json, whose mode is 0600; the rest stays as it is."""
    whole = configfile.read(context.config)
    auths = whole.setdefault("auths", {})
    if auth is None:
        auths.pop(server, None)
    else:
        auths[server] = {"auth": auth}
    configfile.write(context.config, whole)
