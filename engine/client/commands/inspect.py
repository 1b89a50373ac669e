"""inspect: everything the daemon says of an object, as JSON or through a template."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from engine.client.commandline import Parsed
from engine.client.context import ApiError, Context, Failure
from engine.client.template_functions import to_json
from engine.client.templates import TemplateError, parse, render

# kind → (where to ask, what it is called when nothing is found); in the order in which docker looks
KINDS: dict[str, tuple[str, str]] = {
    "container": ("/containers/{}/json", "container"), "image": ("/images/{}/json", "image"),
    "network": ("/networks/{}", "network"), "volume": ("/volumes/{}", "volume"),
}  # fmt: skip


def inspect(context: Context, parsed: Parsed) -> int:
    kind = parsed.get("type", "")
    if kind and kind not in KINDS:
        raise Failure(f'"{kind}" is not a valid value for --type')
    wanted = [kind] if kind else list(KINDS)

    def find(name: str) -> Any:
        for one in wanted:
            query = {"size": True} if one == "container" and parsed.flag("size") else None
            try:
                return context.api.get(KINDS[one][0].format(name.lstrip("/")), query)
            except ApiError as error:
                if error.status != 404:
                    raise
        raise ApiError(404, f"No such {KINDS[kind][1] if kind else 'object'}: {name}")

    return _print(context, parsed, find, local=True)


def _one(kind: str) -> Callable[[Context, Parsed], int]:
    def action(context: Context, parsed: Parsed) -> int:
        return _print(context, parsed, lambda name: context.api.get(KINDS[kind][0].format(name)), local=False)

    return action


container, image, network, volume = (_one(kind) for kind in KINDS)


def _print(context: Context, parsed: Parsed, find: Callable[[str], Any], local: bool) -> int:
    """What was found goes out even if something was not."""
    format = parsed.get("format", "")
    found: list[Any] = []
    errors: list[str] = []
    for name in parsed.arguments:
        try:
            found.append(find(name))
        except ApiError as error:
            errors.append(
                f"Error: {error}" if local and error.status == 404 else f"Error response from daemon: {error}"
            )
    try:
        show_found(context, found, format)
    except TemplateError as error:
        raise Failure(
            f"template parsing error: template: {error}", 64 if "executing" not in str(error) else 1
        ) from None
    for text in errors:
        context.console.err(text)
    return 1 if errors else 0


def show_found(context: Context, found: list[Any], format: str) -> None:
    if format in ("", "json"):
        text = json.dumps(found, indent=4, ensure_ascii=False) if format == "" else to_json(found)
        context.console.out(text)
        return
    nodes = parse(format.replace(r"\t", "\t").replace(r"\n", "\n"))
    for value in found:
        context.console.out(render(nodes, value, nothing="[]"))  # what may be null is nearly always a list
