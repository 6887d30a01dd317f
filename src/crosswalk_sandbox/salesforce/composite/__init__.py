"""Several calls in one: composite, batch, tree and graph requests. Source: Salesforce REST, Composite Resources."""
