"""One function per docker command: `action(context, parsed) -> exit code`."""
