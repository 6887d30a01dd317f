"""What ActiveCampaign's package adds to an org. Its own values of the status are not known; these are ours."""

from __future__ import annotations

from crosswalk_sandbox.salesforce.schema import FieldRow

STATUS = FieldRow(
    name="ActiveCampaign_Sync_Status__c",
    label="ActiveCampaign Sync Status",
    type="picklist",
    length=255,
    is_="createable updateable nillable restricted",
    values=("waiting", "synced", "skipped", "error"),
)
FIELDS = {"Lead": (STATUS,), "Contact": (STATUS,)}
