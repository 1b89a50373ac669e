"""Programs that show and change namespaces and mounts."""
