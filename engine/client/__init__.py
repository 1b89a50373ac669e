"""Clients of the engine: our own docker command, and docker-py on an engine in the same process."""
