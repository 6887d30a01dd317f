"""Actions: what the Web API does besides reading and writing rows, by `POST` to the name of an action."""
