"""Roles and privileges, and what is refused for want of them. Source: Dataverse, Security roles and privileges."""
