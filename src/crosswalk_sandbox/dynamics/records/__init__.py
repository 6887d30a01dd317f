"""Rows of the Web API: reading, writing, and what the environment does by itself."""
