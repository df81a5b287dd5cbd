"""What goes out to people: what it says, to whom, and what became of it."""
