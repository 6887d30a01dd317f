"""The tables of people: who may sign in, and what they may see."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower

from .roles import Role


class People(BaseUserManager["User"]):
    """Names are compared without regard to case."""

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(name__iexact=username)


class User(AbstractBaseUser):
    """Somebody who may sign in."""

    name = models.TextField()
    role = models.TextField()  # a `Role`
    is_active = models.BooleanField(default=True)
    theme = models.TextField(default="system")  # light | dark | system
    language = models.TextField(default="")  # empty: as the browser asks
    keys = models.BooleanField(default=True, db_default=True)  # single keys do something
    changed_at = models.DateTimeField(auto_now=True)

    USERNAME_FIELD = "name"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[Any] = People()

    class Meta:
        db_table = "person"
        constraints = [models.UniqueConstraint(Lower("name"), name="person_name")]

    @property
    def is_administrator(self) -> bool:
        """Tell whether they may do everything."""
        return self.role == Role.ADMINISTRATOR

    @property
    def sees_all(self) -> bool:
        """Tell whether they see all connections."""
        return self.role in {Role.ADMINISTRATOR, Role.MANAGER}


class Access(models.Model):
    """A connection that somebody sees. Those of removed connections stay behind and mean nothing: ids do not return."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="accesses")
    connection_id = models.BigIntegerField()

    class Meta:
        db_table = "person_access"
        constraints = [models.UniqueConstraint(fields=["user", "connection_id"], name="person_access_once")]


class EntryLink(models.Model):
    """A link that can be used once, to choose a password; only its digest is kept."""

    digest = models.TextField(unique=True)
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE)  # None: makes the first administrator
    expires_at = models.DateTimeField()
    holder = models.TextField(default="")  # the browser that opened it first

    class Meta:
        db_table = "entry_link"


class Member(models.Model):
    """A user of a connection's CRM, and the person they are here."""

    connection_id = models.BigIntegerField()  # as in `Access`
    crm_user = models.TextField()  # its id in the CRM
    name = models.TextField()  # as the CRM called them when they were added
    email = models.TextField(default="")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="members")

    class Meta:
        db_table = "crm_member"
        constraints = [
            models.UniqueConstraint(fields=["connection_id", "crm_user"], name="crm_member_once"),
        ]
