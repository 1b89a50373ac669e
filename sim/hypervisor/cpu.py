"""Processor and memory inside a guest: what nested paging and exits take. Containers are processes: factor 1.

A TLB miss reads one page-table entry for each level. In a guest each of these entries, and the page itself, has a guest
address that the host's tables translate: (g + 1) (h + 1) - 1 reads instead of g (Intel SDM volume 3, 28.3.2).
"""

from __future__ import annotations

from sim.hypervisor.figures import Figure
from sim.hypervisor.machines import Machine
from sim.hypervisor.parameters import Book


def references(nested: bool, book: Book, *, huge: bool = False) -> Figure:
    """Page-table entries read in one walk. `huge`: guest and host use pages of 2 MiB, one level less."""
    levels = book["cpu.levels"] - (1 if huge else 0)
    return (levels + 1) * (levels + 1) - 1 if nested else levels


def walk(machine: Machine, book: Book, *, huge: bool = False) -> Figure:
    """What a TLB miss takes longer than on the bare machine: ns, on a socket whose threads all miss."""
    more = references(machine.virtual, book, huge=huge) - references(False, book, huge=huge)
    return more * book["cpu.walk_reference"]


def random_access(machine: Machine, native: float, book: Book) -> Figure:
    """Updates of random words, 1e9 a second, where the bare machine does `native`; each one misses the TLB."""
    return 1 / (1 / native + walk(machine, book))


def stream(machine: Machine, native: float, book: Book, *, sockets: int = 1) -> Figure:
    """Memory read in order, GB/s, where the bare machine does `native`; one miss for each small page."""
    page = book["cpu.page"]
    return page / (page / native + walk(machine, book) / sockets)


def compute(machine: Machine, native: float, book: Book) -> Figure:
    """A loop in registers and caches, in any unit: only the guest's timer takes it away from the processor."""
    if not machine.virtual:
        return Figure(native)
    exit_ = book["cpu.hypercall_xen" if machine.vmm == "xen" else "cpu.hypercall_kvm"] / book["cpu.clock"]  # us
    return native * (1 - book["cpu.tick"] * exit_ / 1e6)
