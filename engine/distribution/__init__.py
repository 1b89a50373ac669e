"""Images on the move: the registry client, and a registry as an application (OCI Distribution)."""
