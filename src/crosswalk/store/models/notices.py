"""Who is told of which causes, and what is on its way to them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from .connections import Connection


class NoticeReceiver(models.Model):
    """Who is told of the states of connections."""

    name = models.TextField(unique=True)
    kind = models.TextField()  # email | webhook
    address = models.BinaryField()  # sealed: an address; of a webhook its secret too
    language = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        db_table = "notice_receiver"


class NoticeCause(models.Model):
    """A cause that is told, or may be, until it was not seen for an hour; see `core.notices`."""

    pk = models.CompositePrimaryKey("connection", "topic")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, db_index=False)
    topic = models.TextField()
    began_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "notice_cause"


class Notice(models.Model):
    """A notice to one receiver, kept until it arrived or was given up, and for a while after that."""

    receiver = models.ForeignKey(NoticeReceiver, on_delete=models.CASCADE)
    message_id = models.TextField()  # the same at every try
    told = models.JSONField()  # a `core.notice_words.Told`
    created_at = models.DateTimeField()
    next_at = models.DateTimeField()
    tries = models.IntegerField(default=0)
    ended_at = models.DateTimeField(null=True)  # when it arrived, or was given up
    error = models.TextField(default="")  # of the last try; empty where that worked

    class Meta:
        db_table = "notice"
        indexes = [models.Index(fields=["next_at"], condition=Q(ended_at=None), name="notice_waiting")]
