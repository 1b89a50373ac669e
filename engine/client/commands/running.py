"""run, create, start, attach, exec: commands that may hold a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from engine.client import settings
from engine.client.commandline import Parsed
from engine.client.commands.images import pull_image
from engine.client.connection import Answer, Stream
from engine.client.context import ApiError, CannotConnect, Context, Failure
from engine.client.session import forwarded, resized, talk
from engine.detach import DEFAULT as DETACH_KEYS
from engine.detach import key_bytes
from engine.image.manifest import Platform, PlatformError
from engine.image.reference import InvalidReference, parse_any

WINDOWS_ONLY = ("cpu-count", "cpu-percent", "io-maxbandwidth", "io-maxiops")
PULL = ("always", "missing", "never")
LEFT = "read escape sequence"  # what attach and exec say when the detach keys were typed; run and start say nothing


@contextmanager
def _as_run(name: str) -> Iterator[None]:
    """Errors of run and create come as `docker: …`, with exit codes 125, 126 and 127."""
    hint = f"\n\nRun 'docker {name} --help' for more information"
    try:
        yield
    except settings.BadSetting as error:
        raise Failure(f"docker: {error}{hint}", 125) from None
    except CannotConnect as error:
        raise Failure(f"docker: {error}{hint}", 125) from None
    except ApiError as error:
        text = str(error)
        code = 125
        if "executable file not found" in text or "no such file or directory" in text:
            code = 127
        elif "permission denied" in text or "is a directory" in text:
            code = 126
        raise Failure(f"docker: Error response from daemon: {text}{hint}", code) from None


def _create(context: Context, parsed: Parsed, body: dict[str, Any]) -> str:
    """Create, pulling the image first where that is wanted; returns the id."""
    for name in WINDOWS_ONLY:
        if name in parsed.given:
            raise Failure(
                f'"--{name}" is only supported on a Docker daemon running on windows, but the Docker daemon is running '
                "on linux"
            )
    image, policy = body["Image"], parsed.get("pull", "missing")
    try:
        parse_any(image)
    except InvalidReference as error:
        raise settings.BadSetting(error.message) from None
    if policy not in PULL:
        raise settings.BadSetting(f'invalid pull option: \'{policy}\': must be one of "always", "missing" or "never"')
    cidfile = Path(parsed.get("cidfile")) if parsed.get("cidfile") else None
    if cidfile is not None and cidfile.exists():
        raise Failure(f"container ID file found, make sure the other container isn't running or delete {cidfile}")
    quiet, platform = parsed.flag("quiet"), parsed.get("platform", "")
    try:
        if platform:
            Platform.parse(platform)
    except PlatformError as error:
        raise Failure(f"error parsing specified platform: {error}") from None
    if policy == "always":
        pull_image(context, image, stream=2, quiet=quiet, platform=parsed.get("platform", ""))
    query = {"name": parsed.get("name"), "platform": parsed.get("platform")}
    try:
        created = context.api.post("/containers/create", query, body)
    except ApiError as error:
        if error.status != 404 or policy != "missing":
            raise
        if not quiet:
            context.console.err(f"Unable to find image '{_tagged(image)}' locally")
        pull_image(context, image, stream=2, quiet=quiet, platform=parsed.get("platform", ""))
        created = context.api.post("/containers/create", query, body)
    for warning in created.get("Warnings") or ():
        context.console.err(f"WARNING: {warning}")
    if cidfile is not None:
        cidfile.write_text(created["Id"], "ascii")
    return str(created["Id"])


def _tagged(image: str) -> str:
    last = image.rsplit("/", 1)[-1]
    return image if ":" in last or "@" in last else f"{image}:latest"


def create(context: Context, parsed: Parsed) -> int:
    try:
        context.console.out(_create(context, parsed, settings.body(parsed)))
    except settings.BadSetting as error:
        raise Failure(f"docker: {error}\n\nRun 'docker create --help' for more information", 125) from None
    return 0


def run(context: Context, parsed: Parsed) -> int:
    with _as_run("run"):
        body = settings.body(parsed)
        if parsed.flag("detach"):
            if parsed.values("attach"):
                raise Failure("conflicting options: cannot specify both --attach and --detach")
            id = _create(context, parsed, body)
            context.api.post(f"/containers/{id}/start")
            context.console.out(id)
            return 0
        if body["Tty"] and body["OpenStdin"] and not context.console.stdin_tty:
            raise Failure("the input device is not a TTY")
        id = _create(context, parsed, body)
        streams = {
            name.removeprefix("Attach").lower(): body[name] for name in ("AttachStdin", "AttachStdout", "AttachStderr")
        }
        keys = parsed.get("detach-keys", DETACH_KEYS)
        _, stream = context.api.upgrade(
            f"/containers/{id}/attach", {"stream": True, "detachKeys": parsed.get("detach-keys"), **streams}
        )
        waiting = context.api.call(
            "POST", f"/containers/{id}/wait", {"condition": "removed" if parsed.flag("rm") else "next-exit"}
        )
        try:
            context.api.post(f"/containers/{id}/start")
        except ApiError:
            stream.close()
            waiting.close()
            raise
    proxy = parsed.get("sig-proxy", True)
    return _hold(context, id, stream, waiting, body["Tty"], body["AttachStdin"], keys, proxy) or 0


def _hold(
    context: Context, id: str, stream: Stream, waiting: Answer, tty: bool, stdin: bool, keys: str, proxy: bool
) -> int | None:
    """Talk until the container ends; its exit code, None if it was left by the detach keys."""

    def kill(name: str) -> None:
        with suppress(ApiError):
            context.api.post(f"/containers/{id}/kill", {"signal": name})

    def resize(rows: int, columns: int) -> None:
        with suppress(ApiError):  # it may have ended already
            context.api.post(f"/containers/{id}/resize", {"h": str(rows), "w": str(columns)})

    with forwarded(kill, proxy and not tty), resized(context.console, resize, tty):
        left = talk(context.console, stream, tty, stdin, keys)
    if left:
        waiting.close()
        return None
    return _exit_code(waiting)


def _exit_code(waiting: Answer) -> int:
    import json

    ended = json.loads(waiting.read())
    if (ended.get("Error") or {}).get("Message"):
        raise Failure(f"Error waiting for container: {ended['Error']['Message']}", 125)
    return int(ended["StatusCode"])


def start(context: Context, parsed: Parsed) -> int:
    attached, interactive = parsed.flag("attach"), parsed.flag("interactive")
    if not (attached or interactive):
        failed = [name for name in parsed.arguments if not _started(context, name)]
        if failed:
            raise Failure(f"Error: failed to start containers: {', '.join(failed)}")
        return 0
    if len(parsed.arguments) > 1:
        raise Failure("you cannot start and attach multiple containers at once")
    found = context.api.get(f"/containers/{parsed.arguments[0]}/json")
    id, tty = found["Id"], found["Config"]["Tty"]
    stdin = interactive and found["Config"]["OpenStdin"]
    query = {"stream": True, "stdin": stdin, "stdout": True, "stderr": True}
    _, stream = context.api.upgrade(f"/containers/{id}/attach", query)
    condition = "removed" if found["HostConfig"].get("AutoRemove") else "next-exit"
    waiting = context.api.call("POST", f"/containers/{id}/wait", {"condition": condition})
    context.api.post(f"/containers/{id}/start")
    keys = parsed.get("detach-keys", DETACH_KEYS)
    return _hold(context, id, stream, waiting, tty, stdin, keys, parsed.get("sig-proxy", True)) or 0


def _started(context: Context, name: str) -> bool:
    return context.each([name], lambda one: context.api.post(f"/containers/{one}/start")) == 0


def attach(context: Context, parsed: Parsed) -> int:
    found = context.api.get(f"/containers/{parsed.arguments[0]}/json")
    state = found["State"]
    for wrong, text in (
        (not state["Running"], "You cannot attach to a stopped container, start it first"),
        (state["Paused"], "You cannot attach to a paused container, unpause it first"),
        (state["Restarting"], "You cannot attach to a restarting container, wait until it is running"),
    ):
        if wrong:
            raise Failure(text)  # fmt: skip
    id, tty = found["Id"], found["Config"]["Tty"]
    keys = parsed.get("detach-keys", DETACH_KEYS)
    _keys(keys)
    stdin = found["Config"]["OpenStdin"] and not parsed.flag("no-stdin")
    waiting = context.api.call("POST", f"/containers/{id}/wait")
    query = {"stream": True, "stdin": stdin, "stdout": True, "stderr": True, "detachKeys": parsed.get("detach-keys")}
    _, stream = context.api.upgrade(f"/containers/{id}/attach", query)
    code = _hold(context, id, stream, waiting, tty, stdin, keys, parsed.get("sig-proxy", True))
    if code is None:
        raise Failure(LEFT)
    return code


def _keys(keys: str) -> None:
    try:
        key_bytes(keys)
    except ValueError as error:
        raise Failure(f"invalid detach keys ({keys}): {error}") from None


def exec_(context: Context, parsed: Parsed) -> int:
    name, *command = parsed.arguments
    detach, tty, interactive = parsed.flag("detach"), parsed.flag("tty"), parsed.flag("interactive")
    if tty and interactive and not detach and not context.console.stdin_tty:
        raise Failure("the input device is not a TTY")
    try:
        env = settings.environment(parsed)
    except settings.BadSetting as error:
        raise Failure(str(error)) from None
    context.api.get(f"/containers/{name}/json")
    body = {
        "AttachStdin": interactive and not detach, "AttachStdout": not detach, "AttachStderr": not detach, "Tty": tty,
        "Cmd": command, "Env": env, "User": parsed.get("user", ""), "WorkingDir": parsed.get("workdir", ""),
        "Privileged": parsed.flag("privileged"), "DetachKeys": parsed.get("detach-keys", ""),
    }  # fmt: skip
    id = context.api.post(f"/containers/{name}/exec", None, body)["Id"]
    if detach:
        context.api.post(f"/exec/{id}/start", None, {"Detach": True, "Tty": tty})
        return 0
    _, stream = context.api.upgrade(f"/exec/{id}/start", None, {"Detach": False, "Tty": tty})

    def resize(rows: int, columns: int) -> None:
        with suppress(ApiError):  # it may have ended already
            context.api.post(f"/exec/{id}/resize", {"h": str(rows), "w": str(columns)})

    with resized(context.console, resize, tty):
        left = talk(context.console, stream, tty, interactive, parsed.get("detach-keys", DETACH_KEYS))
    if left:
        raise Failure(LEFT)
    return int(context.api.get(f"/exec/{id}/json")["ExitCode"] or 0)
