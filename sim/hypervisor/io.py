"""Disks: what a request costs on its way through a VMM, and what an overlay costs at the first write.

A guest's request is put in a queue in shared memory; then the guest kicks (an exit), a thread of the VMM wakes, does
the request, and an interrupt wakes the guest. Requests that wait already when the VMM looks need no kick of their own:
so with several jobs the exits are shared and the VMM's own work remains.
"""

from __future__ import annotations

from sim.hypervisor.figures import Figure, figure, least
from sim.hypervisor.machines import BadQuestion, Machine
from sim.hypervisor.parameters import Book

WAKES = 2  # a thread of the VMM by the kick, the vCPU by the interrupt


def exits(machine: Machine, book: Book) -> Figure:
    """One kick and one interrupt, microseconds."""
    kind = "xen" if machine.vmm == "xen" else "kvm"
    return (book[f"io.kick_{kind}"] + book[f"io.interrupt_{kind}"]) / book["cpu.clock"]


def notice(machine: Machine, book: Book) -> Figure:
    """From the guest to the VMM and back, without the work: microseconds."""
    return exits(machine, book) + WAKES * book["io.wake"]


def requests(
    machine: Machine, native: Figure | float, depth: int, book: Book, *, jobs: int = 1, alone: Figure | float = 0
) -> Figure:
    """4 KiB requests a second, `depth` in flight from `jobs` jobs, where the bare machine does `native`.

    `alone`: microseconds that the device takes for one; Firecracker (as of 2020) has only one at a time.
    """
    if depth < 1 or jobs < 1:
        raise BadQuestion("depth and jobs must be at least 1")
    native = figure(native)
    if not machine.virtual:
        return native
    work = book["io.vmm_work"]
    answer = depth / native * 1e6 + work + notice(machine, book)
    limits = [native, depth / answer * 1e6, 1e6 / (work + notice(machine, book) / jobs)]
    if machine.vmm == "firecracker" and figure(alone).value:
        limits.append(1e6 / (alone + work))
    return least(*limits)


def copy_up(machine: Machine, size: float, book: Book) -> Figure:
    """Milliseconds of the first write to a file of `size` MB from the image: overlayfs copies the whole file."""
    if not machine.container:
        return Figure(0.0)
    return book["io.copy_up_look"] + 2 * size / book["io.copy_up_rate"] * 1000
