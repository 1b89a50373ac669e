"""The daemon: what Docker does between the API and a host. `engine.py` wires the parts and decides nothing."""
