"""What platforms push: how it is sealed, and what is kept of it. Pure."""
