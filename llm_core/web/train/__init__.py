"""The Train tab: from text to a model in five steps, and the runs that train."""
