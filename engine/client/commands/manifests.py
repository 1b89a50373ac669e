"""`docker manifest`: lists of images for several platforms (docker/cli 28.2, cli/command/manifest).

A list is put together here, in the folder `manifests` of docker's configuration, one file for each image in it; `push`
sends it. The daemon is asked for what registries have, since it knows the way to pretended ones; `--insecure` changes
nothing, since it is the daemon that decides whom it trusts.
"""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path
from typing import Any

from engine.client.commandline import Parsed
from engine.client.commands.images import read_name
from engine.client.context import ApiError, Context, Failure
from engine.image.manifest import DOCKER_LIST
from engine.image.reference import Reference

Entry = dict[str, Any]  # {"Ref", "Descriptor", "Raw"}
MACHINES = {  # what Go can compile for; validOSArches in util.go
    "darwin": ("386", "amd64", "arm", "arm64"),
    "dragonfly": ("amd64",),
    "freebsd": ("386", "amd64", "arm"),
    "linux": ("386", "amd64", "arm", "arm64", "mips64", "mips64le", "ppc64", "ppc64le", "riscv64", "s390x"),
    "netbsd": ("386", "amd64", "arm"),
    "openbsd": ("386", "amd64", "arm"),
    "plan9": ("386", "amd64"),
    "solaris": ("amd64",),
    "windows": ("386", "amd64", "arm"),
}
WORDS = {"os": "os", "arch": "architecture", "variant": "variant", "os-version": "os.version"}


def create(context: Context, parsed: Parsed) -> int:
    target, *names = map(_named, parsed.arguments)
    if _folder(context, target).is_dir() and not parsed.flag("amend"):
        raise Failure("refusing to amend an existing manifest list with no --amend flag")
    for name in names:
        _save(context, target, name, _kept(context, target, name) or _single(context, name))
    context.console.out(f"Created manifest list {target}")
    return 0


def annotate(context: Context, parsed: Parsed) -> int:
    target, name = map(_named, parsed.arguments)
    entry = _kept(context, target, name)
    if entry is None:
        raise Failure(f"manifest for image {parsed.arguments[1]} does not exist in {parsed.arguments[0]}")
    platform = entry["Descriptor"].setdefault("platform", {})
    platform |= {key: parsed.get(flag) for flag, key in WORDS.items() if parsed.get(flag, "")}
    if features := parsed.get("os-features", []):
        platform["os.features"] = list(dict.fromkeys([*platform.get("os.features", ()), *features]))
    if platform.get("architecture", "") not in MACHINES.get(platform.get("os", ""), ()):
        given = f"{parsed.get('os', '')}/{parsed.get('arch', '')}"
        raise Failure(f"manifest entry for image has unsupported os/arch combination: {given}")
    _save(context, target, name, entry)
    return 0


def push(context: Context, parsed: Parsed) -> int:
    target = _named(parsed.arguments[0])
    entries, guests = _list(context, target), []
    if not entries:
        raise Failure(f"{target} not found")
    for entry in entries:
        reference = Reference.parse(entry["Ref"])
        if reference.domain != target.domain:
            words = "cannot use source images from a different registry than the target image"
            raise Failure(f"{words}: {reference.domain} != {target.domain}")
        if reference.path != target.path:
            guests.append({"Path": reference.path, "Raw": entry["Raw"]})
    raw = base64.b64encode(_document(entries)).decode()
    body, sent = {"Raw": raw, "Guests": guests}, context.registry_auth(parsed.arguments[0])
    try:
        answer = context.api.json("POST", f"/glassdock/manifests/{target}", None, body, headers=sent)
    except ApiError as error:
        raise Failure(str(error)) from None
    for entry in entries:
        if Reference.parse(entry["Ref"]).path != target.path:
            digest = entry["Descriptor"]["digest"]
            context.console.out(f"Pushed ref {target.name}@{digest} with digest: {digest}")
    context.console.out(answer["Digest"])
    if parsed.flag("purge"):
        shutil.rmtree(_folder(context, target))
    return 0


def rm(context: Context, parsed: Parsed) -> int:
    failed = []
    for word in parsed.arguments:
        folder = _folder(context, target := _named(word))
        if folder.is_dir():
            shutil.rmtree(folder)
        else:
            failed.append(f"No such manifest: {target}")
    if failed:
        raise Failure("\n".join(failed))
    return 0


def inspect(context: Context, parsed: Parsed) -> int:
    """Of a list that is here, of one image in it, or of what a registry has."""
    *lists, name = parsed.arguments
    reference, verbose = _named(name), parsed.flag("verbose")
    if lists:
        if (entry := _kept(context, _named(lists[0]), reference)) is None:
            raise Failure(f"No such manifest: {reference}")
        return _show(context, [entry], False, verbose)
    if entries := _list(context, reference):
        if verbose:
            return _show(context, entries, True, True)
        context.console.out(_document(entries).decode())
        return 0
    return _show(context, _remote(context, reference, verbose), False, verbose)


def _show(context: Context, entries: list[Entry], listed: bool, verbose: bool) -> int:
    if verbose:
        shown = [_verbose(entry) for entry in entries]
        context.console.out(json.dumps(shown if listed or len(shown) > 1 else shown[0], indent="\t"))
        return 0
    document = json.loads(base64.b64decode(entries[0]["Raw"]))
    index = "manifests" in document
    context.console.out(json.dumps(_ordered(document, index), indent=3 if index else "\t"))
    return 0


# -- what registries have


def _named(word: str) -> Reference:
    return read_name(word).with_default_tag()


def _remote(context: Context, reference: Reference, every: bool) -> list[Entry]:
    """What a registry has under a name; `every`: the manifests of an index instead of itself. Raises Failure."""
    query, sent = {"all": every}, context.registry_auth(reference.familiar)
    try:
        rows = context.api.json("GET", f"/glassdock/manifests/{reference}", query, headers=sent)
    except ApiError as error:
        if error.status == 404:
            raise Failure(f"no such manifest: {reference.familiar}") from None
        raise Failure(str(error)) from None
    named = f"{reference}@{{}}" if len(rows) > 1 and "@" not in str(reference) else str(reference)
    return [{"Ref": named.format(row["Descriptor"]["digest"]), **row} for row in rows]


def _single(context: Context, reference: Reference) -> Entry:
    """The manifest of an image for one platform. Raises Failure."""
    if "manifests" in json.loads(base64.b64decode(_remote(context, reference, False)[0]["Raw"])):
        raise Failure(f"{reference} is a manifest list")
    return _remote(context, reference, True)[0]


# -- what is here


def _folder(context: Context, target: Reference) -> Path:
    return context.config / "manifests" / _file_name(target)


def _file_name(reference: Reference) -> str:
    return str(reference).replace(":", "-").replace("/", "_")


def _kept(context: Context, target: Reference, name: Reference) -> Entry | None:
    path = _folder(context, target) / _file_name(name)
    return dict(json.loads(path.read_text("utf-8"))) if path.is_file() else None


def _save(context: Context, target: Reference, name: Reference, entry: Entry) -> None:
    folder = _folder(context, target)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _file_name(name)).write_text(json.dumps(entry), "utf-8")


def _list(context: Context, target: Reference) -> list[Entry]:
    folder = _folder(context, target)
    return [json.loads(path.read_text("utf-8")) for path in sorted(folder.iterdir())] if folder.is_dir() else []


def _document(entries: list[Entry]) -> bytes:
    """The list itself. Raises Failure for an entry whose platform is not known."""
    rows = []
    for entry in entries:
        descriptor = entry["Descriptor"]
        platform = descriptor.get("platform") or {}
        if not platform.get("os") or not platform.get("architecture"):
            raise Failure(f"manifest {entry['Ref']} must have an OS and Architecture to be pushed to a registry")
        row = {key: descriptor[key] for key in ("mediaType", "size", "digest")}
        names = sorted(platform, key=["architecture", "os", "os.version", "os.features", "variant"].index)
        rows.append(row | {"platform": {name: platform[name] for name in names}})
    return json.dumps({"schemaVersion": 2, "mediaType": DOCKER_LIST, "manifests": rows}, indent=3).encode()


def _verbose(entry: Entry) -> Entry:
    document = json.loads(base64.b64decode(entry["Raw"]))
    key = "OCIManifest" if ".oci." in entry["Descriptor"]["mediaType"] else "SchemaV2Manifest"
    return {name: entry[name] for name in ("Ref", "Descriptor", "Raw")} | {key: _ordered(document, False)}


def _ordered(document: dict[str, Any], index: bool) -> dict[str, Any]:
    """Descriptors with their keys in the order in which the CLI writes them."""
    keys = ("mediaType", "size", "digest") if index else ("mediaType", "digest", "size")

    def order(one: Any) -> Any:
        if not isinstance(one, dict) or "digest" not in one:
            return one
        return {key: one[key] for key in keys if key in one} | {key: one[key] for key in one if key not in keys}

    return {key: [order(one) for one in value] if isinstance(value, list) else order(value)
            for key, value in document.items()}  # fmt: skip
