"""The environment's schema as the Web API shows it. Source: Query table definitions using the Web API."""
