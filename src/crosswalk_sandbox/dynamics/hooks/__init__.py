"""Webhooks: what steps of service endpoints send when rows change. Source: Dataverse, Use webhooks."""
