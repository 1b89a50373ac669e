"""The pretended Docker Hub: registry, storage and search, and the shelf of images behind it."""
