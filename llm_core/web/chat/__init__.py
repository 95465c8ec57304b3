"""The parts of the Chat tab: one module a part of the screen, one for what its buttons do."""
