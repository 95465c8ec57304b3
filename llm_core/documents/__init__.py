"""Reading files into one text with its places."""
