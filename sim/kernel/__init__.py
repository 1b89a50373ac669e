"""The simulated kernel: processes, signals, scheduler, descriptors, pipes, terminals, and the calls on them."""
