"""system df, the prunes, events: the house and its keeping."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from engine.client.commandline import Parsed
from engine.client.commands.lists import ago, print_list, short_id
from engine.client.context import Context, Failure, filters
from engine.client.tables import Columns, aligned
from engine.client.template_functions import to_json
from engine.client.templates import TemplateError, parse, render
from engine.client.times import moment
from engine.units import ellipsis, human_size

# ---------------------------------------------------------------- prune

Pruned = tuple[list[str], int]  # lines to print, bytes


def sure(context: Context, parsed: Parsed, warning: str) -> bool:
    return parsed.flag("force") or context.confirm(f"WARNING! {warning}\nAre you sure you want to continue?")


def tell(context: Context, title: str, lines: list[str]) -> None:
    if lines:
        context.console.out("\n".join([title, *lines, ""]))


def _containers(context: Context, wanted: dict[str, Any]) -> Pruned:
    found = context.api.post("/containers/prune", {"filters": wanted})
    return found.get("ContainersDeleted") or [], found.get("SpaceReclaimed", 0)


def _networks(context: Context, wanted: dict[str, Any]) -> Pruned:
    return context.api.post("/networks/prune", {"filters": wanted}).get("NetworksDeleted") or [], 0


def _volumes(context: Context, wanted: dict[str, Any]) -> Pruned:
    found = context.api.post("/volumes/prune", {"filters": wanted})
    return found.get("VolumesDeleted") or [], found.get("SpaceReclaimed", 0)


def _images(context: Context, wanted: dict[str, Any], every: bool) -> Pruned:
    found = context.api.post("/images/prune", {"filters": wanted | {"dangling": {str(not every).lower(): True}}})
    lines = [f"untagged: {item['Untagged']}" if item.get("Untagged") else f"deleted: {item['Deleted']}"
             for item in found.get("ImagesDeleted") or ()]  # fmt: skip
    return lines, found.get("SpaceReclaimed", 0)


def reclaimed(context: Context, size: int) -> int:
    context.console.out(f"Total reclaimed space: {human_size(size)}")
    return 0


def container_prune(context: Context, parsed: Parsed) -> int:
    if not sure(context, parsed, "This will remove all stopped containers."):
        return 0
    lines, size = _containers(context, filters(parsed.values("filter")))
    tell(context, "Deleted Containers:", lines)
    return reclaimed(context, size)


def image_prune(context: Context, parsed: Parsed) -> int:
    every = parsed.flag("all")
    warning = ("This will remove all images without at least one container associated to them." if every
               else "This will remove all dangling images.")  # fmt: skip
    if not sure(context, parsed, warning):
        return 0
    lines, size = _images(context, filters(parsed.values("filter")), every)
    tell(context, "Deleted Images:", lines)
    return reclaimed(context, size)


def network_prune(context: Context, parsed: Parsed) -> int:
    if sure(context, parsed, "This will remove all custom networks not used by at least one container."):
        tell(context, "Deleted Networks:", _networks(context, filters(parsed.values("filter")))[0])
    return 0


def volume_prune(context: Context, parsed: Parsed) -> int:
    every = parsed.flag("all")
    kind = "local volumes" if every else "anonymous local volumes"
    if not sure(context, parsed, f"This will remove {kind} not used by at least one container."):
        return 0
    wanted = filters(parsed.values("filter")) | ({"all": {"true": True}} if every else {})
    lines, size = _volumes(context, wanted)
    tell(context, "Deleted Volumes:", lines)
    return reclaimed(context, size)


def prune(context: Context, parsed: Parsed) -> int:
    wanted, every = filters(parsed.values("filter")), parsed.flag("all")
    volumes = parsed.flag("volumes")
    removed = ["all stopped containers", "all networks not used by at least one container"]
    removed += ["all anonymous volumes not used by at least one container"] if volumes else []
    removed += ["all images without at least one container associated to them" if every else "all dangling images"]
    removed += ["all build cache" if every else "unused build cache"]
    warning = "This will remove:\n" + "\n".join(f"  - {thing}" for thing in removed) + "\n"
    if not sure(context, parsed, warning):
        return 0
    steps: list[tuple[str, Callable[[], Pruned]]] = [
        ("Deleted Containers:", lambda: _containers(context, wanted)),
        ("Deleted Networks:", lambda: _networks(context, wanted)),
        ("Deleted Images:", lambda: _images(context, wanted, every)),
    ]
    if volumes:
        steps.insert(2, ("Deleted Volumes:", lambda: _volumes(context, wanted)))
    total = 0
    for title, step in steps:
        lines, size = step()
        tell(context, title, lines)
        total += size
    cache = context.api.post("/build/prune", {"all": every})
    return reclaimed(context, total + ((cache or {}).get("SpaceReclaimed") or 0))


# ---------------------------------------------------------------- df


def df(context: Context, parsed: Parsed) -> int:
    usage = context.api.get("/system/df")
    if parsed.flag("verbose"):
        return _verbose(context, usage, parsed.get("format", ""))
    rows = [_image_sum(usage), _container_sum(usage), _volume_sum(usage), _cache_sum(usage)]
    fields: dict[str, tuple[str, Callable[[dict[str, Any]], Any]]] = {
        "Type": ("TYPE", lambda row: row["type"]),
        "TotalCount": ("TOTAL", lambda row: str(row["total"])),
        "Active": ("ACTIVE", lambda row: str(row["active"])),
        "Size": ("SIZE", lambda row: human_size(row["size"])),
        "Reclaimable": ("RECLAIMABLE", _reclaimable),
    }
    columns = Columns("*formatter.diskUsageImagesContext", fields, {})
    table = "{{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}"
    return print_list(context, rows, columns, parsed.get("format", ""), table)


def _reclaimable(row: dict[str, Any]) -> str:
    share = f" ({row['free'] * 100 // row['size']}%)" if row["size"] > 0 and row["type"] != "Build Cache" else ""
    return human_size(row["free"]) + share


def _image_sum(usage: dict[str, Any]) -> dict[str, Any]:
    images = usage.get("Images") or []
    used = [image for image in images if image.get("Containers", 0) > 0]
    size = usage.get("LayersSize", 0)
    in_use = sum(image["Size"] - max(image.get("SharedSize", 0), 0) for image in used)
    return {"type": "Images", "total": len(images), "active": len(used), "size": size, "free": max(size - in_use, 0)}


def _container_sum(usage: dict[str, Any]) -> dict[str, Any]:
    containers = usage.get("Containers") or []
    active = [row for row in containers if row["State"] in ("running", "paused", "restarting")]
    size = sum(row.get("SizeRw", 0) for row in containers)
    free = size - sum(row.get("SizeRw", 0) for row in active)
    return {"type": "Containers", "total": len(containers), "active": len(active), "size": size, "free": free}


def _volume_sum(usage: dict[str, Any]) -> dict[str, Any]:
    volumes = [(row.get("UsageData") or {}) for row in usage.get("Volumes") or ()]
    size = sum(max(row.get("Size", 0), 0) for row in volumes)
    used = [row for row in volumes if row.get("RefCount", 0) > 0]
    free = size - sum(max(row.get("Size", 0), 0) for row in used)
    return {"type": "Local Volumes", "total": len(volumes), "active": len(used), "size": size, "free": free}


def _cache_sum(usage: dict[str, Any]) -> dict[str, Any]:
    cache = usage.get("BuildCache") or []
    size = sum(row["Size"] for row in cache if not row.get("Shared"))
    used = [row for row in cache if row.get("InUse")]
    free = size - sum(row["Size"] for row in used)
    return {"type": "Build Cache", "total": len(cache), "active": len(used), "size": size, "free": free}


def _verbose(context: Context, usage: dict[str, Any], format: str) -> int:
    if format:
        try:
            text = to_json(usage) if format == "json" else render(parse(format), usage)
        except TemplateError as error:
            raise Failure(f"template parsing error: template: {error}", 64) from None
        context.console.out(text)
        return 0
    sections = [
        ("Images space usage:\n", _image_table(context, usage)),
        ("\nContainers space usage:\n", _container_table(context, usage)),
        ("\nLocal Volumes space usage:\n", _volume_table(usage)),
        (
            f"\nBuild cache usage: {human_size(_cache_sum(usage)['size'])}\n",
            ["CACHE ID\tCACHE TYPE\tSIZE\tCREATED\tLAST USED\tUSAGE\tSHARED"],
        ),
    ]
    for title, lines in sections:
        context.console.out(title)
        context.console.out(aligned(lines))
    return 0


def _image_table(context: Context, usage: dict[str, Any]) -> list[str]:
    lines = ["REPOSITORY\tTAG\tIMAGE ID\tCREATED\tSIZE\tSHARED SIZE\tUNIQUE SIZE\tCONTAINERS"]
    for row in usage.get("Images") or ():
        repository, _, tag = ((row.get("RepoTags") or ["<none>:<none>"])[0]).rpartition(":")
        shared = max(row.get("SharedSize", 0), 0)
        sizes = [human_size(row["Size"], 3), human_size(shared), human_size(row["Size"] - shared)]
        lines.append(
            "\t".join(
                [
                    repository,
                    tag,
                    short_id(row["Id"]),
                    ago(context, row["Created"]),
                    *sizes,
                    str(row.get("Containers", 0)),
                ]
            )
        )
    return lines


def _container_table(context: Context, usage: dict[str, Any]) -> list[str]:
    lines = ["CONTAINER ID\tIMAGE\tCOMMAND\tLOCAL VOLUMES\tSIZE\tCREATED\tSTATUS\tNAMES"]
    for row in usage.get("Containers") or ():
        local = sum(mount.get("Driver") == "local" for mount in row.get("Mounts") or ())
        command = '"' + ellipsis(row["Command"], 20) + '"'
        cells = [short_id(row["Id"]), row["Image"], command, str(local), human_size(row.get("SizeRw", 0), 3)]
        cells += [ago(context, row["Created"]), row["Status"], row["Names"][0].lstrip("/")]
        lines.append("\t".join(cells))
    return lines


def _volume_table(usage: dict[str, Any]) -> list[str]:
    lines = ["VOLUME NAME\tLINKS\tSIZE"]
    for row in usage.get("Volumes") or ():
        data = row.get("UsageData") or {}
        lines.append(f"{row['Name']}\t{data.get('RefCount', 0)}\t{human_size(max(data.get('Size', 0), 0), 3)}")
    return lines


# ---------------------------------------------------------------- events


def events(context: Context, parsed: Parsed) -> int:
    query = {
        "since": moment(parsed.get("since"), context.api), "until": moment(parsed.get("until"), context.api),
        "filters": filters(parsed.values("filter")),
    }  # fmt: skip
    format = parsed.get("format", "")
    try:
        nodes = parse(format) if format and format != "json" else ()
    except TemplateError as error:
        raise Failure(f"Error parsing format: template: {error}", 64) from None
    for event in context.api.lines("GET", "/events", query):
        if format == "json":
            context.console.out(to_json(event))
        elif format:
            context.console.out(render(nodes, event, strict=False))
        else:
            context.console.out(_event_line(event))
    return 0


def _event_line(event: dict[str, Any]) -> str:
    """ "2026-11-21T07:15:12.000000000Z container start ID (image=alpine, name=web)" """
    seconds, nanos = divmod(event["timeNano"], 10**9)
    local = datetime.fromtimestamp(seconds).astimezone()
    zone = local.strftime("%z")
    zone = "Z" if zone == "+0000" else f"{zone[:3]}:{zone[3:]}"
    attributes = ", ".join(f"{key}={value}" for key, value in sorted((event["Actor"].get("Attributes") or {}).items()))
    line = f"{local:%Y-%m-%dT%H:%M:%S}.{nanos:09d}{zone} {event['Type']} {event['Action']} {event['Actor']['ID']}"
    return f"{line} ({attributes})" if attributes else line
