"""What the product does: generators of events over an engine and a text. No face, no storage."""
