"""A server that speaks the platforms' HTTP, for trying orgsync without an account, for tests and for benchmarks."""
