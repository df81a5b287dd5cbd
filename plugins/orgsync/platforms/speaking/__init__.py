"""How a platform is spoken to over HTTP: pace, retries, credentials, what its answers mean. Nothing here knows a directory or a message."""
