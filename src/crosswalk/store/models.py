"""The tables. Rows of the hot path (directory, inbox, link, outbox, journal) are written by set-based SQL only.

Packed columns (`*_shadow`, `values`, `expected`, …) hold what `core.values.pack` wrote. Times named `*_at` are ours,
`stamp` and `created` are the vendor's. Rows that come by the thousand refer to their connection, tenant and run without
a constraint: to check it for each row took a fifth of the database's time. `connections.remove` leaves none behind.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from crosswalk.core.lanes import Lane


def _other_lane(name: str) -> models.Index:
    """Return the index of what is in another lane than the ordinary one; it costs nothing where nothing is."""
    return models.Index(fields=["connection"], condition=~Q(lane=2), name=name)


class Tenant(models.Model):
    """One account of a system: credentials, budget, schema and directory belong to it."""

    system = models.TextField()
    identity = models.TextField()  # the vendor's own key: org id, account name
    credentials = models.BinaryField()  # sealed: what a person gave
    tokens = models.BinaryField(default=b"")  # sealed: what the vendor gave for them; empty before that
    created_at = models.DateTimeField()

    class Meta:
        db_table = "tenant"
        constraints = [models.UniqueConstraint(fields=["system", "identity"], name="tenant_identity")]


class Budget(models.Model):
    """The next free slot of a tenant's calls, shared by all processes."""

    tenant = models.OneToOneField(Tenant, on_delete=models.CASCADE, primary_key=True)
    next_slot = models.DateTimeField()
    per_second = models.FloatField(null=True)  # None: the vendor has no limit per second
    used_today = models.IntegerField(null=True)
    limit_today = models.IntegerField(null=True)
    used_at = models.DateTimeField(null=True)  # when the vendor told the figures of the day
    room = models.FloatField(default=1.0, db_default=1.0)  # share of the pace that others left us
    yielded_at = models.DateTimeField(null=True)  # when they did; it comes back with time

    class Meta:
        db_table = "budget"


class Connection(models.Model):
    """Two tenants joined, with settings."""

    name = models.TextField(unique=True)
    crm = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="crm_connections")
    activecampaign = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, related_name="activecampaign_connections"
    )
    settings = models.JSONField()
    created_at = models.DateTimeField()
    global_sync = models.BooleanField(default=True)  # off: nothing goes from the CRM to ActiveCampaign
    initial_sync = models.BooleanField(default=True)  # off: what exists is left until somebody edits it
    initial_at = models.DateTimeField(null=True)  # when what existed was listed, once
    left_at = models.DateTimeField(null=True)  # when what existed was left as it is

    class Meta:
        db_table = "connection"


class CallCount(models.Model):
    """How many calls a connection made to one of its tenants within an hour."""

    pk = models.CompositePrimaryKey("connection", "tenant", "hour")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, db_index=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, db_index=False)
    hour = models.DateTimeField()  # its beginning
    calls = models.IntegerField()

    class Meta:
        db_table = "call_count"


class Mapping(models.Model):
    """The mapping of one object of a connection."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE)
    object = models.TextField()
    definition = models.JSONField()
    saved_at = models.DateTimeField()

    class Meta:
        db_table = "mapping"
        constraints = [models.UniqueConstraint(fields=["connection", "object"], name="mapping_object")]


class MappedField(models.Model):
    """What the last run found of one field mapping."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, db_index=False)
    object = models.TextField()
    crm = models.TextField()  # the fields' names
    activecampaign = models.TextField()
    crm_label = models.TextField(default="")
    activecampaign_label = models.TextField(default="")
    crm_kind = models.TextField(default="")  # empty: whatever is found is right
    activecampaign_kind = models.TextField(default="")
    paused = models.TextField(default="")  # why it rests, as a code of the catalogue; empty: in use
    filled = models.BooleanField(default=True)  # what was linked before it was in use was listed to be read
    noted_at = models.DateTimeField()

    class Meta:
        db_table = "mapped_field"
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "object", "crm", "activecampaign"], name="mapped_field_pair"
            )
        ]


class Feed(models.Model):
    """How far one of a tenant's feeds has been read."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE)
    name = models.TextField()  # an object, or `tagged:TAG`
    cursor = models.TextField(null=True)
    fields = models.TextField(default="")  # the fields that are read
    readers = models.TextField(default="")  # for whom it is read; others need a new complete reading
    complete_at = models.DateTimeField(null=True)  # end of the first complete read
    read_at = models.DateTimeField(null=True)  # end of the last pass
    sweep = models.TextField(
        default=""
    )  # where the sweep of the same records stands, as a `core.sweep.Place`

    class Meta:
        db_table = "feed"
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="feed_name")]


class Directory(models.Model):
    """One narrow row for every record a tenant's feeds ever showed."""

    pk = models.CompositePrimaryKey("tenant", "object", "record_id")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, db_index=False, db_constraint=False)
    object = models.TextField()
    record_id = models.TextField()
    key = models.TextField(null=True)  # normalised e-mail
    stamp = models.DateTimeField()
    created = models.DateTimeField(null=True)
    digest = models.BinaryField()
    deleted = models.BooleanField(default=False)
    skipped = models.TextField(null=True)  # why a record does not take part
    successor = models.TextField(null=True)  # object and id of the record that it became: merged or converted

    class Meta:
        db_table = "directory"
        indexes = [
            # equal keys are found by it, and keys by their beginning
            models.Index(
                fields=["tenant", "key"], name="directory_key", opclasses=["int8_ops", "text_pattern_ops"]
            ),
            BrinIndex(fields=["stamp"], pages_per_range=4, name="directory_stamp"),
        ]


class Tagged(models.Model):
    """The records that carry a tag which a connection's creation rule looks for."""

    pk = models.CompositePrimaryKey("tenant", "tag", "record_id")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, db_index=False)
    tag = models.TextField()
    record_id = models.TextField()

    class Meta:
        db_table = "tagged"


class Inbox(models.Model):
    """A sighting not yet settled: one row per record and connection, the newest sighting wins."""

    pk = models.CompositePrimaryKey("connection", "side", "object", "record_id")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, db_index=False, db_constraint=False)
    side = models.TextField()
    object = models.TextField()
    record_id = models.TextField()
    version = models.BigIntegerField()  # rises with every sighting
    to_fetch = models.BooleanField(default=False)  # the values must be read before use
    key = models.TextField(null=True)
    packed = models.BinaryField(null=True)  # the values
    times = models.BinaryField(null=True)  # certain times of single fields
    stamp = models.DateTimeField(null=True)
    created = models.DateTimeField(null=True)
    requested_at = models.DateTimeField()  # our clock, before the request that showed it
    waits_since = models.DateTimeField(null=True)  # the first such moment; None: there was no later one
    edited_at = models.DateTimeField(
        null=True
    )  # stamp of the oldest edit that a feed showed and nobody settled
    deleted = models.BooleanField(default=False)
    successor = models.TextField(null=True)  # see `Directory`

    lane = models.SmallIntegerField(default=Lane.SCHEDULED, db_default=Lane.SCHEDULED)  # how urgent it is

    class Meta:
        db_table = "inbox"
        indexes = [_other_lane("inbox_other_lane")]


class Link(models.Model):
    """The tie between a CRM record and an ActiveCampaign contact, with each side's shadow."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, db_index=False)
    object = models.TextField()
    crm_id = models.TextField(null=True)
    activecampaign_id = models.TextField(null=True)
    key = models.TextField(null=True)  # the match key while a side is missing, then the contact's e-mail
    state = models.TextField()  # pending | open | closed
    closed_reason = models.TextField(null=True)
    joined_id = models.BigIntegerField(null=True)  # the link that a closed one went into
    is_primary = models.BooleanField(default=True)
    crm_shadow = models.BinaryField(default=b"")
    activecampaign_shadow = models.BinaryField(default=b"")
    crm_acked_at = models.DateTimeField(null=True)  # last acknowledged write of ours to this side
    activecampaign_acked_at = models.DateTimeField(null=True)
    crm_unconfirmed = models.BinaryField(default=b"")  # fields sent and not read since
    activecampaign_unconfirmed = models.BinaryField(default=b"")
    selected = models.BooleanField(default=True)  # false while the CRM record is out of the selection
    opened_at = models.DateTimeField()

    class Meta:
        db_table = "link"
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "object", "crm_id"],
                condition=~Q(state="closed") & Q(crm_id__isnull=False),
                name="link_crm_record",
            )
        ]
        indexes = [
            models.Index(fields=["connection", "activecampaign_id"], name="link_contact"),
            models.Index(fields=["connection", "key"], name="link_key"),
            models.Index(fields=["connection", "crm_id"], name="link_crm"),
            models.Index(fields=["connection"], condition=Q(selected=False), name="link_not_selected"),
            models.Index(fields=["connection"], condition=Q(is_primary=False), name="link_not_primary"),
            models.Index(fields=["joined_id"], condition=Q(joined_id__isnull=False), name="link_joined"),
        ]


class Crossing(models.Model):
    """When the passing of time may take a CRM record into the selection, or out of it."""

    pk = models.CompositePrimaryKey("connection", "object", "record_id")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, db_index=False)
    object = models.TextField()
    record_id = models.TextField()
    at = models.DateTimeField()  # the CRM's time

    class Meta:
        db_table = "crossing"
        indexes = [models.Index(fields=["connection", "object", "at"], name="crossing_at")]


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

    class Meta:
        db_table = "run"
        indexes = [models.Index(fields=["connection", "id"], name="run_by_connection")]


class Latency(models.Model):
    """How many edits took how long from the vendor's stamp to the acknowledged write on the other side."""

    pk = models.CompositePrimaryKey("connection", "bound")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, db_index=False)
    bound = models.FloatField()  # seconds: at most so long, and longer than the bound before
    count = models.BigIntegerField()
    seconds = models.FloatField()  # all of them together

    class Meta:
        db_table = "latency"


class Schedule(models.Model):
    """When a connection's runs start by themselves."""

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, primary_key=True)
    definition = models.JSONField()  # a `core.schedule.Schedule`
    set_at = models.DateTimeField()  # equal distances count from here
    next_at = models.DateTimeField(
        db_index=True
    )  # in the past while a start is due that nobody has taken yet
    paused = models.BooleanField(default=False)

    class Meta:
        db_table = "schedule"


class Halt(models.Model):
    """While it stands, no call goes out: of all connections, or of one connection's runs."""

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, null=True)  # null: of all
    kind = models.TextField()  # stopped | paused | cancelled
    since = models.DateTimeField()

    class Meta:
        db_table = "halt"


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
    fields = (
        models.BinaryField()
    )  # {field: [before, after, reason]}; held: {CRM field: [CRM's value, contact's, code]}
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


class Outbox(models.Model):
    """A write intended and not yet receipted; at most one per link and side."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, db_constraint=False)
    link = models.ForeignKey(Link, on_delete=models.CASCADE, db_index=False)
    side = models.TextField()
    object = models.TextField()  # the target side's object
    op = models.TextField()  # create | update
    record_id = models.TextField(null=True)
    key = models.TextField(null=True)
    state = models.TextField()  # intended | sending | sent
    batch_id = models.TextField(null=True)
    expected = models.BinaryField()  # what the target should hold now, per field
    intended = models.BinaryField()  # what it will hold, per field
    source = models.BinaryField()  # the source side's fields and values these came from
    reasons = models.BinaryField()  # why, per target field
    read_at = models.DateTimeField(
        null=True
    )  # when the target's values were asked for; None: from its shadow
    crm_version = models.BigIntegerField(null=True)  # inbox versions these offers were made from
    activecampaign_version = models.BigIntegerField(null=True)
    intended_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    lane = models.SmallIntegerField(default=Lane.SCHEDULED, db_default=Lane.SCHEDULED)

    class Meta:
        db_table = "outbox"
        constraints = [models.UniqueConstraint(fields=["link", "side"], name="outbox_one_open")]
        indexes = [_other_lane("outbox_other_lane")]


class Hold(models.Model):
    """A refused, conflicting or ambiguous decision that waits for a cure."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE)
    link = models.ForeignKey(Link, null=True, on_delete=models.CASCADE)
    side = models.TextField()  # the side that was not written
    object = models.TextField()  # empty: the whole run, which was braked
    record_id = models.TextField()  # the record a person would look up; empty: all of the object
    field = models.TextField(default="")  # the CRM field of the pair; empty: the whole record
    # rejected | conflict | ambiguous | unreadable | paused | loop | brake | consent | unfit_default
    kind = models.TextField()
    code = models.TextField()  # of the catalogue
    reason = models.TextField()
    cure = models.TextField(default="")
    values = models.BinaryField(default=b"")  # crm and activecampaign value
    fingerprint = models.TextField(default="")
    chosen = models.BinaryField(null=True)  # what a person chose for each side, while the fingerprint holds
    held_at = models.DateTimeField()

    class Meta:
        db_table = "hold"
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "object", "record_id", "link", "field"],
                name="hold_one_each",
                nulls_distinct=False,
            )
        ]


class MatchChoice(models.Model):
    """Which of several contacts with its address a CRM record belongs to, as a person said."""

    pk = models.CompositePrimaryKey("connection", "object", "record_id")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, db_index=False)
    object = models.TextField()
    record_id = models.TextField()
    candidates = ArrayField(models.TextField())  # the contacts there were to choose from
    contact_id = models.TextField(null=True)  # None: none of them

    class Meta:
        db_table = "match_choice"


class Journal(models.Model):
    """Append-only, one row per receipt, and one (`kept`) where a vendor keeps what we sent in a form of its own."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, db_constraint=False)
    run = models.ForeignKey(Run, null=True, on_delete=models.SET_NULL, db_index=False, db_constraint=False)
    link_id = models.BigIntegerField(db_index=True)
    side = models.TextField()
    op = models.TextField()
    record_id = models.TextField()
    fields = models.BinaryField()  # {field: [before, after, reason]}
    at = models.DateTimeField()

    class Meta:
        db_table = "journal"


class Tombstone(models.Model):
    """The hashed address of a person deleted on one side, who is not made again."""

    pk = models.CompositePrimaryKey("connection", "side", "digest")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, db_index=False)
    side = models.TextField()  # where the record was deleted
    digest = models.BinaryField()
    at = models.DateTimeField()

    class Meta:
        db_table = "tombstone"


class Consent(models.Model):
    """What a tenant's record said last about mail to its person; written when that changes."""

    pk = models.CompositePrimaryKey("tenant", "object", "record_id")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, db_index=False, db_constraint=False)
    object = models.TextField()
    record_id = models.TextField()
    standing = models.TextField()  # out | in | none
    wording = models.TextField()  # places with their states, for comparison
    marks = models.TextField()  # the vendor's words by which it counts records, with blanks between
    detail = models.BinaryField()  # the places with their times, and the last modifier
    ours = models.BooleanField(default=False)  # a write of ours made it so
    read_at = models.DateTimeField()  # our clock, before the request that showed it

    class Meta:
        db_table = "consent"


class LinkConsent(models.Model):
    """A link's consent as it was last settled. `due` is there while it must be looked at, and rises."""

    link = models.OneToOneField(Link, on_delete=models.CASCADE, primary_key=True, db_constraint=False)
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, db_index=False, db_constraint=False)
    due = models.BigIntegerField(null=True)
    crm = models.TextField(null=True)  # shadow: the box
    activecampaign = models.TextField(null=True)  # shadow: the contact, with the boxes of its other records

    class Meta:
        db_table = "link_consent"
        indexes = [
            models.Index(
                fields=["connection", "link"], condition=Q(due__isnull=False), name="link_consent_by_due"
            )
        ]


class ConsentWrite(models.Model):
    """An opt-out to be written, or a box to be unchecked: there between intent and receipt."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE)
    link = models.ForeignKey(Link, on_delete=models.CASCADE, db_index=False, db_constraint=False)
    side = models.TextField()
    object = models.TextField()
    record_id = models.TextField()
    action = models.TextField()  # opt_out | lift_opt_out
    reason = models.TextField()
    state = models.TextField()  # intended | sending | refused
    before = models.BinaryField()  # the target's places when it was decided
    intended_at = models.DateTimeField()

    class Meta:
        db_table = "consent_write"
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "side", "object", "record_id"], name="consent_write_one_open"
            )
        ]


class ConsentEvidence(models.Model):
    """Append-only: what a link's side said about consent, where, since when and by whom."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE)
    link_id = models.BigIntegerField(db_index=True)
    side = models.TextField()
    standing = models.TextField()
    kind = models.TextField()  # first_link | changed | written | shared
    detail = models.BinaryField()
    seen_at = models.DateTimeField()

    class Meta:
        db_table = "consent_evidence"


class Upkeep(models.Model):
    """How far the removal of old rows has come in one table."""

    name = models.TextField(primary_key=True)
    position = models.BigIntegerField()  # the last row that this round looked at
    rests_until = models.DateTimeField()  # when the next round may begin

    class Meta:
        db_table = "upkeep"


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


class Act(models.Model):
    """Append-only: what a person did; see `store.acts`."""

    at = models.DateTimeField()
    person = models.TextField()
    door = models.TextField()  # web | cli
    what = models.TextField()  # a name of `core.acts.ACTS`
    connection_id = models.BigIntegerField(null=True)  # acts outlive what they were about
    connection_name = models.TextField(default="")
    detail = models.JSONField(default=dict)

    class Meta:
        db_table = "act"
        indexes = [models.Index(fields=["connection_id", "-id"], name="act_of_connection")]


class Task(models.Model):
    """What a person asked a worker to do; see `store.tasks`."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE)
    kind = models.TextField()  # plan | run
    plan_id = models.BigIntegerField(
        null=True
    )  # of a run: the plan that releases it; of a plan: what it became
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

    class Meta:
        db_table = "task"


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


class Described(models.Model):
    """An object's fields as a tenant described them last, so that pages need not ask again."""

    pk = models.CompositePrimaryKey("tenant", "object")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, db_index=False)
    object = models.TextField()
    definition = models.BinaryField()  # a `core.schema.Schema` as JSON
    read_at = models.DateTimeField()

    class Meta:
        db_table = "described"


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
