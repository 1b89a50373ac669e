"""docker context create, inspect, ls, rm, show and use. None of them asks a daemon. Texts: docker/cli 28.2."""

from __future__ import annotations

from typing import Any

from engine.client.commandline import Parsed
from engine.client.commands.inspect import show_found
from engine.client.commands.lists import print_list
from engine.client.context import Context, Failure
from engine.client.contexts import DEFAULT, OURS, Contexts, Known
from engine.client.tables import Columns

FIELDS = ("from", "host", "ca", "cert", "key", "skip-tls-verify")
TABLE = "{{.Name}}{{if .Current}} *{{end}}\t{{.Description}}\t{{.DockerEndpoint}}\t{{.Error}}"
COLUMNS = Columns(
    "*formatter.clientContextContext",
    {
        "Name": ("NAME", lambda row: row["Name"]),
        "Description": ("DESCRIPTION", lambda row: row["Description"]),
        "DockerEndpoint": ("DOCKER ENDPOINT", lambda row: row["DockerEndpoint"]),
        "Current": ("", lambda row: row["Current"]),
        "Error": ("ERROR", lambda row: ""),
    },
    {},
)


def create(context: Context, parsed: Parsed) -> int:
    name, known = parsed.arguments[0], Contexts(context.config)
    given = {name: value for pairs in parsed.values("docker") for name, value in pairs.items()}
    if unknown := [field for field in given if field not in FIELDS]:
        raise Failure(f"unable to create docker endpoint config: unrecognized config key: {unknown[0]}")
    source = given.get("from") or parsed.get("from", "")
    base = known.find(source or context.name) if "host" not in given else Known("", "", "")
    description = parsed.get("description", "") or (base.description if source and not given else "")
    known.create(name, description, given.get("host") or base.host)
    context.console.out(name)
    context.console.err(f'Successfully created context "{name}"')
    return 0


def use(context: Context, parsed: Parsed) -> int:
    name = parsed.arguments[0]
    Contexts(context.config).use(name)
    context.console.out(name)
    context.console.err(f'Current context is now "{name}"')
    return 0


def rm(context: Context, parsed: Parsed) -> int:
    known, refused = Contexts(context.config), []
    for name in parsed.arguments:
        try:
            if name == context.name and name != DEFAULT:
                if not parsed.flag("force"):
                    raise Failure(f'context "{name}" is in use, set -f flag to force remove')
                known.use(DEFAULT)
            known.remove(name)
            context.console.out(name)
        except Failure as failure:
            refused.append(str(failure))
    if refused:
        raise Failure("\n".join(refused))
    return 0


def ls(context: Context, parsed: Parsed) -> int:
    rows: list[dict[str, Any]] = [
        {"Name": each.name, "Description": each.description, "DockerEndpoint": each.host,
         "Current": each.name == context.name}
        for each in Contexts(context.config).all()
    ]  # fmt: skip
    if parsed.flag("quiet"):
        context.console.out("\n".join(row["Name"] for row in rows))
        return 0
    return print_list(context, rows, COLUMNS, parsed.get("format", ""), TABLE)


def show(context: Context, parsed: Parsed) -> int:
    context.console.out(context.name)
    return 0


def inspect(context: Context, parsed: Parsed) -> int:
    known, found = Contexts(context.config), []
    for name in parsed.arguments or [context.name]:
        each = known.find(name)
        stored = name not in (DEFAULT, *OURS)
        places = [str(known.place(kind, name)) if stored else "<IN MEMORY>" for kind in ("meta", "tls")]
        found.append({
            "Name": name, "Metadata": {"Description": each.description} if stored and each.description else {},
            "Endpoints": {"docker": {"Host": each.host, "SkipTLSVerify": False}}, "TLSMaterial": {},
            "Storage": {"MetadataPath": places[0], "TLSPath": places[1]},
        })  # fmt: skip
    show_found(context, found, parsed.get("format", ""))
    return 0
