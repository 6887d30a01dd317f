"""What a new record in Dynamics 365 gets beside what the contact holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.helpers.mappings import DYNAMICS_NAMES, both_objects, mapping_of

from crosswalk.core.mapping import CreationRule, Settings

if TYPE_CHECKING:
    from tests.helpers.with_dynamics import WithDynamics


def test_a_default_fills_what_only_forms_insist_on(dynamics: WithDynamics) -> None:
    settings = Settings(creation=CreationRule.ALL, creation_object="lead")
    defaults = {"subject": "From ActiveCampaign", "lastname": "(unknown)"}
    objects = both_objects(DYNAMICS_NAMES, creation_defaults=defaults)
    dynamics.contact_new("ana@example.org", lastName="Ruiz")
    dynamics.contact_new("bo@example.org")
    dynamics.connect(mapping_of(*objects, settings=settings))

    dynamics.sync()

    made = {row["emailaddress1"]: (row["lastname"], row["subject"]) for row in dynamics.crm_all("lead")}
    assert made == {
        "ana@example.org": ("Ruiz", "From ActiveCampaign"),
        "bo@example.org": ("(unknown)", "From ActiveCampaign"),
    }
    dynamics.sync()  # the default travels to the contact
    dynamics.assert_quiet()


def test_a_default_that_does_not_fit_is_left_out_and_said(dynamics: WithDynamics) -> None:
    settings = Settings(creation=CreationRule.ALL, creation_object="lead")
    defaults = {"subject": "From ActiveCampaign", "leadsourcecode": "Carrier pigeon"}
    mapping = mapping_of(*both_objects(DYNAMICS_NAMES, creation_defaults=defaults), settings=settings)
    dynamics.contact_new("ana@example.org", lastName="Ruiz")
    dynamics.connect(mapping)

    assert dynamics.sync().counts == {"crm create": 1}

    made = dynamics.crm_found("ana@example.org", "lead")
    assert (made["subject"], made.get("leadsourcecode")) == ("From ActiveCampaign", None)
    (hold,) = dynamics.held_now()
    assert (hold.code, hold.object, hold.field) == ("CW-5004", "lead", "leadsourcecode")
    assert "Carrier pigeon" in hold.reason
    dynamics.retry()
    dynamics.assert_quiet()
    assert [each.id for each in dynamics.held_now()] == [hold.id]

    dynamics.set_mapping(mapping_of(*both_objects(DYNAMICS_NAMES), settings=settings))
    dynamics.sync()

    assert dynamics.held_now() == []
    dynamics.assert_quiet()


def test_where_nobody_becomes_a_record_no_default_is_judged(dynamics: WithDynamics) -> None:
    defaults = {"leadsourcecode": "Carrier pigeon"}
    dynamics.connect(mapping_of(*both_objects(DYNAMICS_NAMES, creation_defaults=defaults)))
    dynamics.sync()
    assert dynamics.held_now() == []
