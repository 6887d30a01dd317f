"""The pipeline: pull, match, merge, push, commit; and run, which calls them in order."""
