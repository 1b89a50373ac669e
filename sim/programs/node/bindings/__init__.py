"""Tables of functions of ours that node's own modules stand on: what reaches the simulated kernel.

Each file has `table(machine)`: names, and functions that are written as `function(realm, this, …)`.
"""
