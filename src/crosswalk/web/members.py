"""Users of a CRM whom Crosswalk knows: each is a person who sees the connection, tied to the CRM's user."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from crosswalk.core.failures import UserError
from crosswalk.core.system import Member as Found
from crosswalk.store import acts
from crosswalk.store.models import Connection

from . import people
from .models import Access, Member, User
from .roles import Role

ROLES = (Role.USER, Role.MANAGER)  # an administrator is made on the page of people alone
_LONGEST_NAME = 100


def members_of(connection: Connection) -> Sequence[Member]:
    """Return who was added to a connection, by name, each with the person."""
    return list(
        Member.objects.filter(connection_id=connection.id).select_related("user").order_by("name", "id")
    )


def known(connection: Connection) -> Collection[str]:
    """Return the ids of the CRM's users who were added."""
    return set(Member.objects.filter(connection_id=connection.id).values_list("crm_user", flat=True))


@transaction.atomic
def add(connection: Connection, found: Found, role: Role) -> tuple[User, bool]:
    """Let a user of the CRM in; return the person, and whether they are new here.

    Who is here by this name already keeps their role and sees the connection too. Raises UserError for somebody who was
    added before.
    """
    people.lock_administrators()  # two who add the same user wait for each other
    if found.id in known(connection):
        raise UserError(_("{name} was added already.").format(name=found.name or found.email))
    name = (found.email or found.name or found.id)[:_LONGEST_NAME]
    user = people.named(name)
    is_new = user is None
    if user is None:
        user = people.add(name, role, [connection.id])
    else:
        Access.objects.get_or_create(user=user, connection_id=connection.id)
    Member.objects.create(
        connection_id=connection.id, crm_user=found.id, name=found.name, email=found.email, user=user
    )
    acts.note("member.added", connection, person=user.name, role=user.role, crm_user=found.id)
    return user, is_new


@transaction.atomic
def remove(connection: Connection, member: Member) -> None:
    """Take a user of the CRM out: they do not see the connection any more unless their role shows it to them."""
    Access.objects.filter(user=member.user, connection_id=connection.id).delete()
    acts.note("member.removed", connection, person=member.user.name, crm_user=member.crm_user)
    member.delete()
