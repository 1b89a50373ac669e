"""Control groups of the simulated kernel. The real host's twin: real/cgroups."""
