"""From source text to a syntax tree: tokens, nodes, expressions, statements. Source: ECMA-262."""
