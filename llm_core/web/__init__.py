"""The page: a thin face of the workbench. Gradio is known here alone."""
