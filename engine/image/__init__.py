"""Images: names, digests, manifests, layers, and the store that keeps each of them once."""
