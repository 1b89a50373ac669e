"""Servers that the teaching images run: they listen, log what the real ones log, and answer real clients."""
