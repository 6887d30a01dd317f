"""Runs, how far one has come, how long edits took, and what people asked workers for."""

from __future__ import annotations

from django.db import models

from .connections import Connection


class Run(models.Model):
    """One pass over a connection."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE)
    kind = models.TextField()  # initial | manual | scheduled | trial
    state = models.TextField()  # running | done | tried | failed | braked | stopped | interrupted
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    counts = models.JSONField(default=dict)
    error = models.TextField(default="")
    failure = models.TextField(default="", db_default="")  # a `core.failures.FailureKind`
    said = models.TextField(default="", db_default="")  # error and cure, as `core.words` keeps them

    class Meta:
        db_table = "run"
        indexes = [models.Index(fields=["connection", "id"], name="run_by_connection")]


class Progress(models.Model):
    """How far a connection's run or plan under way has come; there is one at most. See `store.progress`."""

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, primary_key=True)
    kind = models.TextField()  # plan | run
    began_at = models.DateTimeField()  # the run or plan
    phase = models.TextField()
    phase_at = models.DateTimeField()  # when the phase began
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(null=True)
    calls = models.IntegerField(default=0)  # made since it began
    seen_at = models.DateTimeField()

    class Meta:
        db_table = "progress"


class Latency(models.Model):
    """How many edits took how long from the vendor's stamp to the acknowledged write on the other side."""

    pk = models.CompositePrimaryKey("connection", "bound")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, db_index=False)
    bound = models.FloatField()  # seconds: at most so long, and longer than the bound before
    count = models.BigIntegerField()
    seconds = models.FloatField()  # all of them together

    class Meta:
        db_table = "latency"


class Task(models.Model):
    """What a person asked a worker to do; see `store.tasks`."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE)
    kind = models.TextField()  # plan | run
    plan_id = models.BigIntegerField(null=True)  # of a run: what releases it; of a plan: what it became
    records = models.IntegerField(null=True)  # of a run: how many records of its plan at most; None: all
    asked_by = models.TextField()
    asked_at = models.DateTimeField()
    state = models.TextField(default="waiting")  # waiting | running | done | failed
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    run_id = models.BigIntegerField(null=True)  # of a run: its number
    code = models.TextField(default="")  # of the catalogue, where it failed
    message = models.TextField(default="")
    cure = models.TextField(default="")
    said = models.TextField(default="", db_default="")  # both, as `core.words` keeps them

    class Meta:
        db_table = "task"
