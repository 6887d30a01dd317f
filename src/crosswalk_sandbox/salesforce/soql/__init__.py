"""SOQL: a grammar, typed checks, and running queries over the org's rows."""
