"""Set-up in the browser: steps that stand in one place, and a module for each."""
