"""The shell: busybox ash's behaviour on the simulated kernel. Also serves as dash and, with a few additions, as bash.

Text becomes tokens (`lexer`), tokens a syntax tree (`nodes`, `parser`), words become fields (`expansion`, `patterns`,
`arithmetic`), and the tree is walked (`interpreter`, `redirections`, `jobs`, `traps`, `builtins`). `command` reads the
command line and the input; `editor` is the line editor of an interactive shell. Grammar: POSIX XCU 2.10.
"""
