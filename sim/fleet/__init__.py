"""What containers buy with a hundred servers.

placement.py says who runs where, also after a failure; rollout.py changes a program on all servers. Everything is
computed from a seed and the model's parameters (sim/hypervisor), in virtual time.
"""
