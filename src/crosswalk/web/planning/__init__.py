"""Plans as pages show them: what would be written, in words, before it is."""
