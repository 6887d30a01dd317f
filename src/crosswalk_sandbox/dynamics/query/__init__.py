"""OData query options: their grammar, and filters and orders as functions of rows."""
