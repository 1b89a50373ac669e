"""Docker's engine, written once, for any host.

Nothing in this package is simulated and nothing in it touches an operating system: what it needs from a host is
asked for through the protocols of `engine.host`, and time passes only in `engine.loop`.
"""
