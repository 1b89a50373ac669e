"""From JavaScript's syntax tree to Python's: a function of JavaScript becomes a generator function of Python.

    scopes.py       who declares which name, who uses it, and from where
    python.py       small pieces of Python's syntax tree
    emitter.py      the state of one translation: names, positions, functions that must stand before their statement
    expressions.py, calls.py, assigning.py, functions.py, classes.py, statements.py, loops.py    what each kind becomes
    modules.py      whole programs, import and export

Python's syntax tree, not its text: positions in it are those of the JavaScript source, so that Python's own tracebacks
know the line and the column. Every name of a program gets a number (`total_12`), and what is looked up in an object is
looked up by a function of the runtime: a program has no way to anything of Python's.
"""
