"""Which models there are, where their bytes come from, and which one suits this machine."""
