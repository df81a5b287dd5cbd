"""What can be sent through a platform, and in which calls."""
