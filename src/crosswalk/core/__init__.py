"""The vocabulary as plain values: no I/O, no Django, no vendor."""
