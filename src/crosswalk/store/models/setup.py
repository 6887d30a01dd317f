"""Setting a connection up in the browser."""

from __future__ import annotations

from django.db import models

from .connections import Connection


class Draft(models.Model):
    """A connection of which not both systems are signed in to yet; see `store.drafts`."""

    key = models.TextField(unique=True)  # what its secrets are sealed for
    name = models.TextField()
    crm = models.TextField()  # the vendor
    begun_by = models.TextField()
    begun_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    confirmed = models.BooleanField(default=False)  # what the vendor has to be prepared with is there
    sides = models.JSONField(default=dict)  # side → a `store.drafts.Entered`
    secrets = models.BinaryField(default=b"")  # sealed: side → the account that was signed in to

    class Meta:
        db_table = "draft"


class BrowserSignIn(models.Model):
    """Somebody who left for a vendor's sign-in page and is to come back; see `store.browser_sign_ins`."""

    key = models.TextField(unique=True)  # digest of the state that the browser brings back
    draft = models.ForeignKey(Draft, null=True, on_delete=models.CASCADE)
    connection = models.ForeignKey(Connection, null=True, on_delete=models.CASCADE)
    holder = models.TextField()  # the browser that left
    expires_at = models.DateTimeField()
    used = models.BooleanField(default=False)
    secrets = models.BinaryField()  # sealed: credentials, and what going on takes; empty once used

    class Meta:
        db_table = "browser_sign_in"


class Checked(models.Model):
    """What the set-up checks of one side of a connection said last; see `store.checked`."""

    pk = models.CompositePrimaryKey("connection", "side")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, db_index=False)
    side = models.TextField()
    results = models.JSONField()
    checked_at = models.DateTimeField()

    class Meta:
        db_table = "checked"
