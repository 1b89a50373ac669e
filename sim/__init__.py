"""A pretend Linux host and a pretend hub, in pure Python: for any operating system, and for a browser.

Its clock is `engine.loop`; nothing here opens a file, a socket or a process of the computer it runs on.
"""
