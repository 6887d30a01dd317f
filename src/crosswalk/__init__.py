"""Crosswalk keeps ActiveCampaign and a CRM equal in both directions, field by field, and says why."""
