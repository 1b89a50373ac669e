"""awk (POSIX awk): lexer, parser, interpreter."""
