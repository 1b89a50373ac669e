"""`glassdock fleet`: what containers buy with a hundred servers.

glassdock fleet                             density, a dead server, and Apache that becomes nginx
glassdock fleet --servers 1000 --mirror     with a registry in the house
glassdock fleet --bad                       the new version does not work
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from classroom.commands import parser, told
from sim.fleet import placement, rollout
from sim.fleet.placement import Placement, Program, Recovery
from sim.fleet.rollout import Change, Rollout
from sim.hypervisor.machines import BadQuestion
from sim.hypervisor.parameters import book

LABELS = {
    "servers": "a server each", "machines": "virtual machines", "containers": "containers", "hand": "by hand",
    "script": "by a script", "machine": "by a machine's image", "container": "by a container's image",
}  # fmt: skip


def main(argv: Sequence[str]) -> int:
    """1: a file cannot be written; 2: words or a question that are not understood."""
    options = _parser().parse_args(argv)
    return told(lambda: _answer(options), BadQuestion)


def _answer(options: argparse.Namespace) -> int:
    change = Change(
        options.old, options.new, options.servers, options.at_once, options.people, options.uplink, options.link,
        options.mirror, options.bad, options.seed,
    )  # fmt: skip
    wanted = placement.programs(options.programs, options.seed)
    placed = {way: placement.place(way, wanted, options.servers, book()) for way in placement.WAYS}
    failed = {way: placement.fail(each, 0, book(), rate=options.link)[1] for way, each in placed.items()}
    rolled = {way: rollout.roll(way, change, book()) for way in rollout.WAYS}
    print("\n".join([*_packing(wanted, placed, failed, options.servers), "", *_change(change, rolled), "", *_notes()]))
    if options.json:
        options.json.write_text(json.dumps(_document(placed, failed, rolled), indent=1) + "\n", "utf-8")
    if options.svg:
        _draw(placed, rolled, options.svg)
    return 0


def _parser() -> argparse.ArgumentParser:
    words = parser("fleet", __doc__)
    add = words.add_argument
    add("--servers", metavar="N", type=int, default=100)
    add("--programs", metavar="M", type=int, default=60, help="services, each with replicas (default: 60)")
    add("--seed", metavar="N", type=int, default=1, help="the same seed gives the same programs")
    add("--from", dest="old", metavar="IMAGE", default="httpd", help="what runs now (default: httpd)")
    add("--to", dest="new", metavar="IMAGE", default="nginx", help="what shall run (default: nginx)")
    add(
        "--at-once", metavar="N", type=int, default=10, help="servers that may be out of service together (default: 10)"
    )
    add("--people", metavar="N", type=int, default=3, help="who work by hand (default: 3)")
    add("--uplink", metavar="MB/s", type=float, default=125.0, help="to all servers together (default: 125)")
    add("--link", metavar="MB/s", type=float, default=125.0, help="to each server (default: 125)")
    add("--mirror", action="store_true", help="a registry in the house fetches once for all")
    add("--bad", action="store_true", help="the new version does not work")
    add("--json", metavar="FILE", type=Path)
    add("--svg", metavar="FOLDER", type=Path, help="draw the pictures there")
    return words


def _packing(
    wanted: Sequence[Program], placed: Mapping[str, Placement], failed: Mapping[str, Recovery], servers: int
) -> Iterator[str]:
    replicas, cpu = sum(each.replicas for each in wanted), sum(each.replicas * each.cpu for each in wanted)
    yield (
        f"{len(wanted)} programs, {replicas} replicas that ask for {cpu:g} processors, "
        f"on {servers} servers of {placement.CORES}"
    )
    heads = "".join(f"{head:>12}" for head in ("servers", "per server", "no place", "watts"))
    yield f"{'':<18}{heads}   one server dies: moved, lost, back after"
    for way, each in placed.items():
        after, work = failed[way], cpu * each.placed / replicas
        cells = (each.used, each.placed / max(1, each.used), len(each.left), each.watts(book(), work).value)
        numbers = "".join(f"{cell:>12,.{digits}f}" for cell, digits in zip(cells, (0, 1, 0, 0), strict=True))
        back = f"{after.seconds:.1f} s" if after.moved else "not before a server is free"
        yield f"{LABELS[way]:<18}{numbers}   {after.moved:>22}, {after.lost:>4}, {back}"


def _change(change: Change, rolled: Mapping[str, Rollout]) -> Iterator[str]:
    fetched, lacking, layers = rollout.missing(change.old, change.new)
    mirror = ", from a mirror in the house" if change.mirror else ""
    bad = "; the new version does not work" if change.bad else ""
    yield f"{change.old} becomes {change.new} on {change.servers} servers, {change.at_once} at once{mirror}{bad}"
    yield f"(a server with {change.old} lacks {lacking} of the {layers} layers of {change.new}: {fetched:.1f} MB)"
    heads = ("takes, s", "moved, MB", "least serve", "out, each, s", "manual", "unlike", "broken")
    yield f"{'':<24}" + "".join(f"{head:>14}" for head in heads)
    for way, each in rolled.items():
        out = each.down / max(1, each.changed or change.at_once)
        cells = (each.seconds, each.moved / 1e6, each.lowest, out, each.manual, each.drift, each.broken)
        numbers = "".join(f"{cell:>14,.{digits}f}" for cell, digits in zip(cells, (0, 0, 0, 1, 0, 0, 0), strict=True))
        yield f"{LABELS[way]:<24}{numbers}{'  stopped by its health gate' if each.stopped else ''}"


def _notes() -> Iterator[str]:
    yield "All of it is computed by a model: nothing was measured. Watts, what people and scripts take, and how often"
    yield "they slip have no source (sim/hypervisor/parameters.toml, [fleet]); sizes of layers are the images' own."


def _document(
    placed: Mapping[str, Placement], failed: Mapping[str, Recovery], rolled: Mapping[str, Rollout]
) -> dict[str, object]:
    return {
        "origin": "model",
        "placements": {
            way: {"servers": each.used, "placed": each.placed, "left": len(each.left), "failure": asdict(failed[way])}
            for way, each in placed.items()
        },
        "rollouts": {way: asdict(each) for way, each in rolled.items()},
    }


def _draw(placed: Mapping[str, Placement], rolled: Mapping[str, Rollout], folder: Path) -> None:
    from classroom.views import fleet

    folder.mkdir(parents=True, exist_ok=True)
    pictures = {f"servers-{way}": fleet.servers(each, LABELS[way]) for way, each in placed.items()}
    pictures["serving"] = fleet.serving({LABELS[way]: each for way, each in rolled.items() if way != "hand"})
    for name, picture in pictures.items():
        (folder / f"{name}.svg").write_text(picture.svg, "utf-8")
        print(f"drawn: {folder / f'{name}.svg'}")
