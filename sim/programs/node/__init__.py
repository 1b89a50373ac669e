"""`node` of the simulated machine: it runs JavaScript, by translating it to Python.

    command.py     the command line: a script, -e, -p, standard input       repl.py   the prompt
    syntax/        from text to a syntax tree
    compiler/      from that to Python's syntax tree: a function becomes a generator function
    execution.py   driving these generators: calls as deep as a program likes, steps that cost time, waiting
    machine.py     the process: event loop, timers, signals, memory, the end
    realm.py       the objects of the language; values.py, operators.py, comparing.py, access.py, calling.py,
                   iterating.py, generators.py, promises.py: what they can do
    library/       what the language has without writing it
    errors.py      stacks in V8's words       inspecting.py, inspected.py   values as console.log shows them
    modules.py, importing.py, finding.py   require and import      library/node/   node's own modules, in JavaScript
    bindings/      what these stand on: files, sockets, processes and the clock of the container

A program reaches nothing but its container: its names have numbers, its values are objects of ours, and all that it
looks up is looked up in tables. Not here: eval, with, modules that are not in library/node. Source: ECMA-262, 15th
edition; nodejs.org/api.
"""
