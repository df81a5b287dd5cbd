"""The landing zone: raw answers as they came, what later reads took over from them, and which stay."""
