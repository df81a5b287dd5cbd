"""The landing zone: raw answers as they came, which of them count, and which stay."""
