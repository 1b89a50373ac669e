"""ps, images, history, search, network ls, volume ls: what there is, as a table, a template or JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any

from engine.client.commandline import Parsed
from engine.client.context import Context, Failure, filters
from engine.client.tables import Columns, TemplateError, listing
from engine.units import ellipsis, go_time, human_duration, human_size

Row = dict[str, Any]


def print_list(context: Context, rows: Iterable[Row], columns: Columns, format: str, default: str) -> int:
    """Print a list; an error in the template is the command's failure."""
    try:
        text = listing(rows, columns, format, default)
    except TemplateError as error:
        kind = "failed to parse template" if "executing" not in str(error) else "failed to execute template"
        raise Failure(f"{kind}: template: {error}", 1) from None
    if text:
        context.console.out(text)
    return 0


def short_id(id: str) -> str:
    return id.removeprefix("sha256:")[:12]


def ago(context: Context, seconds: float) -> str:
    return human_duration(context.api.now - seconds) + " ago"


def _label(row: Row) -> Callable[[str], str]:
    return lambda name: str((row.get("Labels") or {}).get(name, ""))


def _labels(row: Row) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted((row.get("Labels") or {}).items()))


# ---------------------------------------------------------------- ps


def ps(context: Context, parsed: Parsed) -> int:
    latest, last = parsed.flag("latest"), parsed.get("last", -1)
    format, quiet = parsed.get("format", ""), parsed.flag("quiet")
    size = parsed.flag("size") or ".Size" in format
    query = {
        "all": parsed.flag("all") or latest or last > 0, "limit": "1" if latest else str(last) if last > 0 else None,
        "size": size, "filters": filters(parsed.values("filter")),
    }  # fmt: skip
    rows = context.api.get("/containers/json", query)
    if quiet and not format:
        format = "{{.ID}}"
    table = "{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}" + (
        "\t{{.Size}}" if size else ""
    )
    return print_list(context, rows, _container_columns(context, not parsed.flag("no-trunc")), format, table)


def _container_columns(context: Context, cut: bool) -> Columns:
    def names(row: Row) -> str:
        own = [name.lstrip("/") for name in row["Names"]]
        return ",".join([name for name in own if "/" not in name] if cut else own)

    def image(row: Row) -> str:
        shown = row["Image"] or "<no image>"
        if cut and shown.removeprefix("sha256:") == row["ImageID"].removeprefix("sha256:"):
            return short_id(shown)
        return str(shown.split("@")[0] if cut and "@" in shown else shown)

    def mounts(row: Row) -> str:
        shown = [mount.get("Name") or mount.get("Source", "") for mount in row.get("Mounts") or ()]
        return ",".join(ellipsis(name, 15) if cut else name for name in shown)

    fields: dict[str, tuple[str, Callable[[Row], Any]]] = {
        "ID": ("CONTAINER ID", lambda row: short_id(row["Id"]) if cut else row["Id"]),
        "Names": ("NAMES", names),
        "Image": ("IMAGE", image),
        "Command": ("COMMAND", lambda row: '"' + (ellipsis(row["Command"], 20) if cut else row["Command"]) + '"'),
        "CreatedAt": ("CREATED AT", lambda row: go_time(row["Created"])),
        "RunningFor": ("CREATED", lambda row: ago(context, row["Created"])),
        "Ports": ("PORTS", lambda row: ports(row.get("Ports") or ())),
        "State": ("STATE", lambda row: row["State"]),
        "Status": ("STATUS", lambda row: row["Status"]),
        "Size": ("SIZE", _container_size),
        "Labels": ("LABELS", _labels),
        "Mounts": ("MOUNTS", mounts),
        "LocalVolumes": (
            "LOCAL VOLUMES",
            lambda row: str(sum(m.get("Driver") == "local" for m in row.get("Mounts") or ())),
        ),
        "Networks": (
            "NETWORKS",
            lambda row: ",".join(sorted((row.get("NetworkSettings") or {}).get("Networks") or {})),
        ),
    }
    return Columns("*formatter.ContainerContext", fields, {"Label": _label})


def _container_size(row: Row) -> str:
    own = human_size(row.get("SizeRw", 0), 3)
    whole = row.get("SizeRootFs", 0)
    return f"{own} (virtual {human_size(whole, 3)})" if whole else own


def ports(found: Iterable[Row]) -> str:
    """ "0.0.0.0:8080->80/tcp, 443/tcp"; neighbours are drawn together (docker/cli formatter.DisplayablePorts)."""
    groups: dict[str, tuple[int, int]] = {}
    shown: list[str] = []
    mapped: list[str] = []

    def close(key: str) -> None:
        first, last = groups[key]
        ip, slash, kind = key.rpartition("/")
        span = str(first) if first == last else f"{first}-{last}"
        shown.append(f"{_host(ip)}:{span}->{span}/{kind}" if slash else f"{span}/{kind}")

    order = lambda p: (p["PrivatePort"], p.get("IP", ""), p.get("PublicPort", 0), p["Type"])  # noqa: E731
    for port in sorted(found, key=order):
        number, key = port["PrivatePort"], port["Type"]
        if port.get("IP"):
            if port.get("PublicPort") != number:
                mapped.append(f"{_host(port['IP'])}:{port['PublicPort']}->{number}/{port['Type']}")
                continue
            key = f"{port['IP']}/{port['Type']}"
        if key in groups and groups[key][1] + 1 == number:
            groups[key] = (groups[key][0], number)
            continue
        if key in groups:
            close(key)
        groups[key] = (number, number)
    for key in sorted(groups):
        close(key)
    return ", ".join(shown + mapped)


def _host(ip: str) -> str:
    return f"[{ip}]" if ":" in ip else ip


# ---------------------------------------------------------------- images


def images(context: Context, parsed: Parsed) -> int:
    wanted = parsed.values("filter") + [("reference", name) for name in parsed.arguments]
    rows = context.api.get("/images/json", {"all": parsed.flag("all"), "filters": filters(wanted)})
    digests, cut, format = parsed.flag("digests"), not parsed.flag("no-trunc"), parsed.get("format", "")
    if parsed.flag("quiet") and not format:
        format = "{{.ID}}"
    digest = "{{.Digest}}\t" if digests else ""
    table = "{{.Repository}}\t{{.Tag}}\t" + digest + "{{.ID}}\t{{.CreatedSince}}\t{{.Size}}"
    lines = [line for row in rows for line in _image_lines(row, digests or ".Digest" in format)]
    if parsed.flag("quiet") and format == "{{.ID}}":
        lines = list({(line["Id"]): line for line in lines}.values()) if not parsed.arguments else lines
    return print_list(context, lines, _image_columns(context, cut), format, table)


def _image_lines(row: Row, digests: bool) -> list[Row]:
    """One line per tag (and digest), as docker images shows them."""
    tags = row.get("RepoTags") or []
    by_repository = dict(word.split("@") for word in row.get("RepoDigests") or ())
    lines = []
    for tag in tags:
        repository, _, name = tag.rpartition(":")
        lines.append(row | {"repository": repository, "tag": name, "digest": by_repository.get(repository, "<none>")})
    if not tags:
        for repository, digest in (by_repository or {"<none>": "<none>"}).items():
            lines.append(row | {"repository": repository, "tag": "<none>", "digest": digest})
    return lines


def _image_columns(context: Context, cut: bool) -> Columns:
    fields: dict[str, tuple[str, Callable[[Row], Any]]] = {
        "ID": ("IMAGE ID", lambda row: short_id(row["Id"]) if cut else row["Id"]),
        "Repository": ("REPOSITORY", lambda row: row["repository"]),
        "Tag": ("TAG", lambda row: row["tag"]),
        "Digest": ("DIGEST", lambda row: row["digest"]),
        "CreatedSince": ("CREATED", lambda row: ago(context, row["Created"]) if row["Created"] > 0 else "N/A"),
        "CreatedAt": ("CREATED AT", lambda row: go_time(row["Created"])),
        "Size": ("SIZE", lambda row: human_size(row["Size"], 3)),
        "Containers": ("CONTAINERS", lambda row: "N/A" if row.get("Containers", -1) < 0 else str(row["Containers"])),
        "SharedSize": ("SHARED SIZE", lambda row: _known(row.get("SharedSize", -1))),
        "UniqueSize": (
            "UNIQUE SIZE",
            lambda row: _known(row["Size"] - row["SharedSize"] if row.get("SharedSize", -1) >= 0 else -1),
        ),
        "VirtualSize": ("SIZE", lambda row: human_size(row["Size"], 3)),
    }
    return Columns("*formatter.imageContext", fields, {})


def _known(size: int) -> str:
    return "N/A" if size < 0 else human_size(size, 3)


def history(context: Context, parsed: Parsed) -> int:
    rows = context.api.get(f"/images/{parsed.arguments[0]}/history")
    cut, human = not parsed.flag("no-trunc"), parsed.get("human", True)
    fields: dict[str, tuple[str, Callable[[Row], Any]]] = {
        "ID": ("IMAGE", lambda row: short_id(row["Id"]) if cut else row["Id"]),
        "CreatedSince": ("CREATED", partial(_history_created, context, human)),
        "CreatedAt": (
            "CREATED AT",
            lambda row: datetime.fromtimestamp(row["Created"]).astimezone().isoformat("T", "seconds"),
        ),
        "CreatedBy": ("CREATED BY", lambda row: ellipsis(_one_line(row), 45) if cut else _one_line(row)),
        "Size": ("SIZE", lambda row: human_size(row["Size"], 3) if human else str(row["Size"])),
        "Comment": ("COMMENT", lambda row: row["Comment"]),
    }
    format = parsed.get("format", "")
    if parsed.flag("quiet") and not format:
        format = "{{.ID}}"
    table = "{{.ID}}\t{{if .CreatedSince}}{{.CreatedSince}}{{else}}N/A{{end}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}"
    return print_list(context, rows, Columns("*formatter.historyContext", fields, {}), format, table)


def _history_created(context: Context, human: bool, row: Row) -> str:
    if human:
        return ago(context, row["Created"]) if row["Created"] > 0 else ""
    return datetime.fromtimestamp(row["Created"]).astimezone().isoformat("T", "seconds")


def _one_line(row: Row) -> str:
    return str(row["CreatedBy"]).replace("\t", " ")


def search(context: Context, parsed: Parsed) -> int:
    limit = parsed.get("limit", 0)
    query = {
        "term": parsed.arguments[0],
        "limit": str(limit) if limit else None,
        "filters": filters(parsed.values("filter")),
    }
    rows = context.api.get("/images/search", query)
    cut = not parsed.flag("no-trunc")
    fields: dict[str, tuple[str, Callable[[Row], Any]]] = {
        "Name": ("NAME", lambda row: row["name"]),
        "Description": (
            "DESCRIPTION",
            lambda row: ellipsis(row["description"].replace("\n", " "), 45) if cut else row["description"],
        ),
        "StarCount": ("STARS", lambda row: str(row["star_count"])),
        "IsOfficial": ("OFFICIAL", lambda row: "[OK]" if row["is_official"] else ""),
    }
    table = "{{.Name}}\t{{.Description}}\t{{.StarCount}}\t{{.IsOfficial}}"
    return print_list(context, rows, Columns("*search.searchContext", fields, {}), parsed.get("format", ""), table)


# ---------------------------------------------------------------- networks and volumes


def networks(context: Context, parsed: Parsed) -> int:
    rows = sorted(
        context.api.get("/networks", {"filters": filters(parsed.values("filter"))}), key=lambda row: row["Name"]
    )
    cut, format = not parsed.flag("no-trunc"), parsed.get("format", "")
    fields: dict[str, tuple[str, Callable[[Row], Any]]] = {
        "ID": ("NETWORK ID", lambda row: short_id(row["Id"]) if cut else row["Id"]),
        "Name": ("NAME", lambda row: row["Name"]),
        "Driver": ("DRIVER", lambda row: row["Driver"]),
        "Scope": ("SCOPE", lambda row: row["Scope"]),
        "IPv4": ("IPV4", lambda row: str(row.get("EnableIPv4", True)).lower()),
        "IPv6": ("IPV6", lambda row: str(row["EnableIPv6"]).lower()),
        "Internal": ("INTERNAL", lambda row: str(row["Internal"]).lower()),
        "Labels": ("LABELS", _labels),
        "CreatedAt": ("CREATED AT", lambda row: _go_moment(row["Created"])),
    }
    format = format or ("{{.ID}}" if parsed.flag("quiet") else "")
    table = "{{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}"
    return print_list(context, rows, Columns("*network.networkContext", fields, {"Label": _label}), format, table)


def _go_moment(text: str) -> str:
    """A moment of the API as Go's time.Time prints itself.

    >>> _go_moment("2026-11-21T11:19:05.300970990Z")
    '2026-11-21 11:19:05.30097099 +0000 UTC'
    """
    day, _, time = text.removesuffix("Z").partition("T")
    return f"{day} {time.rstrip('0').rstrip('.') if '.' in time else time} +0000 UTC"


def volumes(context: Context, parsed: Parsed) -> int:
    found = context.api.get("/volumes", {"filters": filters(parsed.values("filter"))})
    rows = sorted(found.get("Volumes") or (), key=lambda row: row["Name"])
    fields: dict[str, tuple[str, Callable[[Row], Any]]] = {
        "Name": ("VOLUME NAME", lambda row: row["Name"]),
        "Driver": ("DRIVER", lambda row: row["Driver"]),
        "Scope": ("SCOPE", lambda row: row["Scope"]),
        "Mountpoint": ("MOUNTPOINT", lambda row: row["Mountpoint"]),
        "Labels": ("LABELS", _labels),
        "Links": ("LINKS", lambda row: str((row.get("UsageData") or {}).get("RefCount", "N/A"))),
        "Size": ("SIZE", lambda row: _known((row.get("UsageData") or {}).get("Size", -1))),
        "Availability": ("AVAILABILITY", lambda row: "N/A"),
        "Group": ("GROUP", lambda row: "N/A"),
        "Status": ("STATUS", lambda row: "N/A"),
    }
    format = parsed.get("format", "") or ("{{.Name}}" if parsed.flag("quiet") else "")
    return print_list(
        context, rows, Columns("*formatter.volumeContext", fields, {"Label": _label}), format, "{{.Driver}}\t{{.Name}}"
    )
