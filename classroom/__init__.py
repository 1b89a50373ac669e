"""What lessons import: pictures of what the engine did, made from its own trace. For now: the guided demo."""
