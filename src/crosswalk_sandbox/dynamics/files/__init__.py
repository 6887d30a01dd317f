"""File and image columns: what they hold, and how it comes and goes. Source: Dataverse, Use file column data."""
