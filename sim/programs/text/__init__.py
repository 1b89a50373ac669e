"""Text filters: grep, sed, awk and their smaller relatives."""
