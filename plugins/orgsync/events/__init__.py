"""Events that platforms push: they are stored, then acknowledged, and whatever is done about them is done later."""
