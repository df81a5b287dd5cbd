"""Connections that we open to the platforms, over which events come: nothing has to be reachable from outside for them."""
