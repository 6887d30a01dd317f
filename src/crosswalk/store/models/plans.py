"""What runs would do."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from .connections import Connection


class Plan(models.Model):
    """What a run would do, without doing it."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE)
    created_at = models.DateTimeField()
    counts = models.JSONField()
    applied = models.JSONField(default=dict)  # object → CRM fields that are decided anew for all links
    approved_at = models.DateTimeField(null=True)
    figures = models.JSONField(default=dict, db_default={})  # a `store.plans.Figures`
    basis = models.TextField(default="", db_default="")  # of what decided it; see `store.plans.basis`

    class Meta:
        db_table = "plan"


class PlanRow(models.Model):
    """One write of a plan with before and after per field, or what becomes of a record without a write."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE)
    side = models.TextField()  # empty: nothing is written
    object = models.TextField()
    op = models.TextField()  # create | update | opt_out | lift_opt_out | link | hold | conflict
    record_id = models.TextField(null=True)
    key = models.TextField(null=True)
    # {field: [before, after, reason]}; held: {CRM field: [CRM's value, contact's, code]}
    fields = models.BinaryField()
    note = models.BinaryField(default=b"", db_default=b"")  # of what is held: a `store.plans.Note`
    overwrites = models.BooleanField(default=False, db_default=False)  # a first link replaces a filled field
    link_id = models.BigIntegerField(null=True)  # the same for what is written to both records of a link
    crm_object = models.TextField(default="", db_default="")
    crm_id = models.TextField(null=True)
    contact_id = models.TextField(null=True)
    run_id = models.BigIntegerField(null=True)  # the trial that was to write it

    class Meta:
        db_table = "plan_row"
        indexes = [
            models.Index(fields=["plan", "id"], name="plan_row_in_order"),
            models.Index(fields=["plan", "op", "side", "object", "id"], name="plan_row_by_kind"),
            models.Index(
                fields=["plan", "key"], opclasses=["int8_ops", "text_pattern_ops"], name="plan_row_by_key"
            ),
            models.Index(fields=["plan", "id"], condition=Q(overwrites=True), name="plan_row_overwrites"),
            models.Index(fields=["plan"], condition=Q(run_id__isnull=False), name="plan_row_tried"),
        ]
