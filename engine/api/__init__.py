"""HTTP into calls on the daemon; nothing else lives here."""
