"""`python3` of the simulated machine: it runs Python programs, by walking their syntax tree.

The tree is the standard library's `ast`; what it means is here. Numbers, strings, lists, classes and exceptions are
those of the Python underneath; what may wait (`time.sleep`, sockets, `input`) waits in the simulated kernel, and files,
processes and the clock are the container's. A program reaches nothing else: modules are tables of what it may have
(modules/), and attributes are asked for through one guard (access.py).

    command.py   the command line: a script, -c, -m, standard input      repl.py      the prompt
    machine.py   one running interpreter        frames.py     whose names        functions.py, classes.py   definitions
    statements.py, matching.py   what a program does        expressions.py, operators.py   what it computes
    calling.py   from a value to its call       builtins.py, files.py, modules/   what there is without writing it
    errors.py    tracebacks in CPython's words

Not here: `async def`, threads, and modules that are not in the tables. Source: The Python Language Reference.
"""
