"""Why a container is lighter than a virtual machine: a model of mechanisms, for any machine to compute.

machines.py says what is compared, parameters.toml all the numbers and their sources, boot, memory, cpu, io and network
what follows from them; comparison.py asks them all, validation.py holds them against published results. Nothing here is
measured on this machine: `Book.changed` takes what a measurement found.
"""
