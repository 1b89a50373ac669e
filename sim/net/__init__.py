"""The network: links and bridges, TCP and UDP, names, a small Internet, and the ways out of the simulation."""
