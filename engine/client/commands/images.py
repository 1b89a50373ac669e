"""pull, tag, rmi."""

from __future__ import annotations

from engine.client.commandline import Parsed
from engine.client.context import ApiError, Context, Failure
from engine.client.progress import show_progress
from engine.image.reference import InvalidReference, Reference


def pull_image(
    context: Context, name: str, stream: int, quiet: bool, platform: str = "", all_tags: bool = False
) -> Reference:
    """Pull through the daemon, with its progress on `stream`; raises ApiError, Failure for a malformed name."""
    reference = read_name(name)
    tag = "" if all_tags else str(reference.digest or reference.tag or "latest")
    query = {"fromImage": reference.name, "tag": tag, "platform": platform}
    messages = context.api.lines("POST", "/images/create", query, context.registry_auth(name))
    terminal = context.console.stdout_tty if stream == 1 else context.console.stderr_tty
    show_progress(
        messages,
        (lambda text: None) if quiet else (lambda text: context.console.write(stream, text.encode())),
        terminal,
    )
    return reference


def read_name(name: str) -> Reference:
    try:
        return Reference.parse(name)
    except InvalidReference as error:
        raise Failure(error.message) from None


def pull(context: Context, parsed: Parsed) -> int:
    name, quiet, every = parsed.arguments[0], parsed.flag("quiet"), parsed.flag("all-tags")
    bare = ":" not in name.rsplit("/", 1)[-1] and "@" not in name
    if every and not bare:
        raise Failure("tag can't be used with --all-tags/-a")
    read_name(name)
    if bare and not every and not quiet:
        context.console.out("Using default tag: latest")
    reference = pull_image(context, name, 1, quiet, parsed.get("platform", ""), every)
    context.console.out(str(reference.bare() if every else reference.with_default_tag()))
    return 0


def tag(context: Context, parsed: Parsed) -> int:
    source, target = parsed.arguments
    try:
        reference = Reference.parse(target)
    except InvalidReference as error:
        raise Failure(f'"{target}" is not a valid repository/tag: {error}') from None
    context.api.post(f"/images/{source}/tag", {"repo": reference.name, "tag": reference.tag or "latest"})
    return 0


def rmi(context: Context, parsed: Parsed) -> int:
    failed = 0
    query = {"force": parsed.flag("force"), "noprune": parsed.flag("no-prune")}
    for name in parsed.arguments:
        try:
            removed = context.api.json("DELETE", f"/images/{name}", query)
        except ApiError as error:
            context.console.err(f"Error response from daemon: {error}")
            failed |= not (parsed.flag("force") and error.status == 404)
            continue
        for item in removed:
            context.console.out(f"Deleted: {item['Deleted']}" if "Deleted" in item else f"Untagged: {item['Untagged']}")
    return int(failed)
