"""The Ask tab: documents on the left, questions and answers in the middle, the page itself on the right."""
