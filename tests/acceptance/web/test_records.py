"""Set-up: which records, how often; for Dynamics the data and the sync configuration."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from tests.acceptance.web.conftest import Site
from tests.helpers.forms import sent_by
from tests.helpers.served import Visitor

Sent = str | Sequence[str]


@dataclass
class Form:
    """Somebody with a page's form before them."""

    visitor: Visitor
    path: str
    page: str = ""
    fields: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.shown(self.visitor.get(self.path))

    def shown(self, answer: httpx2.Response) -> httpx2.Response:
        if answer.status_code != 302:
            self.page, self.fields = answer.text, sent_by(answer.text)
        return answer

    def send(
        self,
        do: str = "save",
        changes: Mapping[str, Sent] | None = None,
        *,
        part: bool = False,
        **named: Sent | None,
    ) -> httpx2.Response:
        """Press a button after changing fields, by name (`__` stands for a hyphen); None takes a field out."""
        changed = {**(changes or {}), **{name.replace("__", "-"): value for name, value in named.items()}}
        for name, value in changed.items():
            if value is None:
                self.fields.pop(name, None)
            else:
                self.fields[name] = [value] if isinstance(value, str) else list(value)
        headers = {"HX-Request": "true"} if part else {}
        answer = self.visitor.post(self.path, data={**self.fields, "do": do}, headers=headers)
        return answer if part else self.shown(answer)


def records(site: Site, name: str, role: str = "manager", *, mapped: bool = True) -> Form:
    number = site.add(name, mapped=mapped)
    return Form(site.visitor(role), f"/connections/{number}/set-up/records")


def objects(site: Site, name: str) -> dict[str, Mapping[str, Any]]:
    shown = site.crosswalk("mapping", "show", name, "--json")
    return {each["object"]: each for each in shown.data["objects"]}


def settings(site: Site, name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = site.crosswalk("mapping", "show", name, "--json").data["settings"]
    return found


def schedule(site: Site, name: str) -> Mapping[str, Any] | None:
    found: Mapping[str, Any] | None = site.crosswalk("schedule", "show", name, "--json").data["schedule"]
    return found


def acts(site: Site, connection: str) -> list[str]:
    rows = site.database.execute(
        "SELECT what FROM act WHERE connection_name = %s AND door = 'web' ORDER BY id", [connection]
    )
    return [what for (what,) in rows.fetchall()]


# --- Salesforce: which records, how often --------------------------------------------------------------------------


def test_as_it_stands_one_button_stores_a_schedule_and_goes_on(site: Site) -> None:
    form = records(site, "rec-default")
    assert "There is no schedule yet" in form.page
    done = form.send(schedule__zone="Europe/Madrid")
    assert done.status_code == 302
    kept = schedule(site, "rec-default")
    assert kept is not None
    assert (kept["times"]["minutes"], kept["zone"]) == (15, "Europe/Madrid")
    assert objects(site, "rec-default")["lead"]["selection"]["kind"] == "all"
    assert acts(site, "rec-default") == ["schedule.set"]
    assert form.send().status_code == 409  # the page was made before there was a schedule


def test_each_choice_is_counted_and_saved_and_flags_without_their_field_have_a_cure(site: Site) -> None:
    form = records(site, "rec-kinds")
    assert "20 records now" in form.send("count:lead", part=True).text
    assert "Takes 0 records" in form.send("count:lead", part=True, lead__kind="none").text
    assert "Choose the criteria first" in form.send("count:contact", part=True, contact__kind="criteria").text

    flagged = form.send(lead__kind="flagged", contact__kind="none")
    assert flagged.status_code == 400
    assert "Install the package" in flagged.text
    assert objects(site, "rec-kinds")["contact"]["selection"]["kind"] == "all"

    assert form.send(lead__kind="created_from_now").status_code == 302
    stored = objects(site, "rec-kinds")
    assert stored["lead"]["selection"]["kind"] == "created_from_now"
    assert stored["lead"]["selection"]["since"]
    assert stored["contact"]["selection"]["kind"] == "none"
    assert acts(site, "rec-kinds") == ["selection.set", "selection.set", "schedule.set"]


def test_criteria_that_are_still_missing_are_asked_for_next(site: Site) -> None:
    form = records(site, "rec-next")
    led = form.send(lead__kind="criteria")
    assert led.headers["Location"].endswith("/set-up/selection/lead?kind=criteria")
    assert "now choose the criteria" in form.visitor.get(led.headers["Location"]).text
    assert schedule(site, "rec-next") is not None


def test_without_fields_the_page_leads_to_the_mapping(site: Site) -> None:
    form = records(site, "rec-unmapped", mapped=False)
    assert form.page.count("No fields of these are mapped") == 2
    gone = form.visitor.get(form.path.replace("records", "selection/lead"))
    assert gone.headers["Location"] == form.path


def test_all_contacts_become_records_only_with_a_warning_and_with_what_the_crm_requires(site: Site) -> None:
    form = records(site, "rec-create")
    assert "This may be very many" in form.page
    missing = form.send(creation__rule="tagged", creation__tag="")
    assert missing.status_code == 400
    assert "Name the tag." in missing.text
    done = form.send(creation__rule="tagged", creation__tag="To CRM", creation__object="lead")
    assert done.status_code == 302
    found = settings(site, "rec-create")
    assert (found["creation"], found["creation_tag"], found["creation_object"]) == (
        "tagged",
        "To CRM",
        "lead",
    )

    tags = form.send("tags", part=True, creation__tag="webi").text
    assert 'value="webinar attendee"' in tags
    assert "no such tag yet" in form.send("tags", part=True, creation__tag="nobody has this").text

    again = Form(form.visitor, form.path)
    assert again.send(creation__tag="webi", creation__found="webinar attendee").status_code == 302
    assert settings(site, "rec-create")["creation_tag"] == "webinar attendee"
    again = Form(form.visitor, form.path)
    long = "x" * 300
    refused = again.send("save", {"creation-rule": "all", "creation-lead-Company": long})
    assert refused.status_code == 400
    assert long in refused.text
    assert again.send("save", {"creation-lead-Company": "unknown"}).status_code == 302
    assert objects(site, "rec-create")["lead"]["creation_defaults"]["Company"] == "unknown"
    assert settings(site, "rec-create")["creation"] == "all"
    assert acts(site, "rec-create").count("connection.settings") == 3


def test_a_schedule_is_looked_ahead_paused_and_removed(site: Site) -> None:
    form = records(site, "rec-schedule")
    ahead = form.send(
        "preview",
        part=True,
        schedule__how="daily",
        schedule__daily="03:30",
        schedule__zone="Europe/Madrid",
        schedule__quiet_start="",
    )
    assert ahead.text.count("<li>") == 3
    assert ahead.text.count("3:30") == 3
    assert "CE" in ahead.text  # CET or CEST
    assert schedule(site, "rec-schedule") is None

    wrong = form.send(schedule__how="cron", schedule__cron="every day", schedule__zone="Europe/Nowhere")
    assert wrong.status_code == 400
    assert "has not five fields" in wrong.text
    assert "There is no time zone called Europe/Nowhere" in wrong.text
    assert 'value="every day"' in wrong.text
    half = form.send(
        schedule__zone="Europe/Madrid", schedule__cron="0 6 * * *", schedule__quiet_start="22:00"
    )
    assert "Give both times, or none." in half.text
    assert form.send(schedule__quiet_end="06:00").status_code == 302
    kept = schedule(site, "rec-schedule")
    assert kept is not None
    assert (kept["times"]["text"], kept["quiet"]["end"]) == ("0 6 * * *", "06:00:00")

    form = Form(form.visitor, form.path)
    assert "paused: nothing starts by itself" in form.send("pause", part=True).text
    assert "Nothing starts before somebody has approved" in form.send("resume", part=True).text
    removed = form.send("remove")
    assert removed.status_code == 200
    assert "runs start by hand alone" in removed.text
    assert schedule(site, "rec-schedule") is None
    assert form.send().status_code == 302  # by hand: nothing comes back
    assert schedule(site, "rec-schedule") is None
    assert acts(site, "rec-schedule")[-4:] == [
        "schedule.set",
        "schedule.paused",
        "schedule.resumed",
        "schedule.removed",
    ]


def test_that_runs_start_by_hand_alone_is_a_choice_that_finishes_the_step(site: Site) -> None:
    form = records(site, "rec-by-hand")
    assert steps(form) == ["done", "done", "next"]
    assert form.send(schedule__how="hand").status_code == 302
    again = Form(form.visitor, form.path)
    assert steps(again) == ["done", "done", "done"]
    assert again.fields["schedule-how"] == ["hand"]
    assert "runs start by hand alone" in again.page
    assert again.send().status_code == 302
    assert acts(site, "rec-by-hand") == []
    assert again.send(schedule__how="every").status_code == 302
    assert schedule(site, "rec-by-hand") is not None
    assert site.crosswalk("schedule", "remove", "rec-by-hand").code == 0
    assert steps(Form(form.visitor, form.path))[-1] == "done"


def steps(form: Form) -> list[str]:
    """The state words of a set-up's steps."""
    return re.findall(r'<span class="step-word">(\w+)</span>', form.page)


def test_the_orgs_own_jobs_are_shown_when_asked_for(site: Site) -> None:
    form = records(site, "rec-jobs")
    jobs = form.send("jobs", part=True).text
    assert "What the CRM starts at set times" in jobs
    assert jobs.count("<li>") > 1


def test_of_two_who_change_the_schedule_or_a_choice_the_second_is_told_and_may_go_on(site: Site) -> None:
    first = records(site, "rec-two")
    second = Form(site.visitor("administrator"), first.path)
    third = Form(site.visitor("administrator"), first.path)
    assert first.send(schedule__minutes="60", lead__kind="created_from_now").status_code == 302
    removing = Form(third.visitor, third.path)
    third_version, removing.fields["schedule-version"] = removing.fields["schedule-version"], ["other"]
    assert "Somebody else changed this meanwhile" in removing.send("remove").text
    assert removing.fields["schedule-version"] == third_version
    late = second.send(schedule__minutes="30")
    assert late.status_code == 409
    assert "Somebody else changed this meanwhile" in late.text
    assert "every hour" in late.text
    assert second.send().status_code == 302
    kept = schedule(site, "rec-two")
    assert kept is not None
    assert kept["times"]["minutes"] == 30

    assert third.send(contact__kind="none", lead__kind="none").status_code == 409
    assert "Stored now: All created from now on" in third.page
    stored = objects(site, "rec-two")
    assert stored["contact"]["selection"]["kind"] == "all"  # all or nothing
    assert "Those created since" in third.page


def test_who_only_looks_sees_what_is_chosen_and_no_button(site: Site) -> None:
    form = records(site, "rec-look")
    number = int(form.path.split("/")[2])
    site.show(number)
    for path in (form.path, form.path.replace("records", "selection/lead")):
        looking = Form(site.visitor("user"), path)
        assert "Managers and administrators change it." in looking.page
        assert '<fieldset class="looking" disabled>' in looking.page
        assert looking.send(kind="none", lead__kind="none").status_code == 403
    assert objects(site, "rec-look")["lead"]["selection"]["kind"] == "all"


# --- criteria ------------------------------------------------------------------------------------------------------


def editor(form: Form, object: str = "lead") -> Form:
    return Form(form.visitor, form.path.replace("records", f"selection/{object}?kind=criteria"))


def test_criteria_are_put_together_counted_and_saved(site: Site) -> None:
    form = editor(records(site, "rec-criteria"))
    form.send("add", add__field="Region__c")
    form.send("add", add__field="Birthday__c", add__to="new")
    form.send("add", add__field="Score__c", add__to="0")
    assert "Group 1" in form.page
    form.send(
        "look",
        {
            "row-0-operator": "one_of",
            "group-0-row-0-operator": "last_days",
            "group-0-row-1-operator": "between",
        },
    )
    assert (
        '<option value="contains"' not in form.page.partition('id="group-0-row-1"')[2].partition("</li>")[0]
    )
    missing = form.send("count")
    assert missing.status_code == 400
    assert missing.text.count("Something is missing here.") == 3

    wrong = form.send(
        "save",
        {
            "row-0-value": ["Americas", "Asia Pacific"],
            "group-0-row-0-value": "soon",
            "group-0-row-1-value": ["10", "many"],
        },
    )
    assert wrong.status_code == 400
    assert "Give a number of days" in wrong.text
    assert "Give a number such as 12.5." in wrong.text
    assert 'value="many"' in wrong.text
    right = {"group-0-row-0-value": "30", "group-0-row-1-value": ["10", "5"]}
    assert "Give the smaller value first." in form.send("count", right).text
    form.send("count", {"group-0-row-1-value": ["5", "10"]})
    assert "records now" in form.page
    assert (
        form.send(zone="Europe/Madrid").headers["Location"] == form.path.partition("selection")[0] + "records"
    )

    stored = objects(site, "rec-criteria")["lead"]["selection"]
    assert stored["kind"] == "criteria"
    assert stored["criteria"]["rows"] == [
        {"field": "Region__c", "operator": "one_of", "values": ["Americas", "Asia Pacific"]}
    ]
    assert [row["operator"] for row in stored["criteria"]["groups"][0]["rows"]] == ["last_days", "between"]
    assert stored["criteria"]["zone"] == "Europe/Madrid"
    whole = Form(form.visitor, form.path.partition("selection")[0] + "records")
    step = whole.page
    assert "Region is one of Americas, Asia Pacific" in step.replace("\n", " ")

    assert "Takes 0 records now" in whole.send("count:lead", part=True, lead__kind="none").text
    assert whole.send(lead__kind="none").status_code == 302
    assert Form(form.visitor, whole.path).send(lead__kind="criteria").status_code == 302
    assert objects(site, "rec-criteria")["lead"]["selection"] == stored

    again = Form(form.visitor, form.path)
    again.send("remove:group-0-row-0")
    again.send("remove:group-0-row-1")
    assert "Group 1" in again.page
    again.send("remove:group-0-row-0")
    assert "Group 1" not in again.page
    assert again.send("remove:row-0").status_code == 200
    assert "Add at least one condition." in again.send().text


def test_of_two_who_change_criteria_the_second_sees_both_and_may_replace(site: Site) -> None:
    form = records(site, "rec-criteria-two")
    first, second = editor(form), editor(form)
    for each, value in ((first, "Asia Pacific"), (second, "Europe")):
        each.send("add", add__field="Region__c")
        each.send("look", {"row-0-operator": "equals", "row-0-value": value})
    done = first.send()
    assert done.status_code == 302, done.text.partition("<h1>")[2][:6000]
    late = second.send()
    assert late.status_code == 409
    assert "Region is Asia Pacific" in late.text
    assert '<option value="Europe" selected' in late.text
    assert second.send().status_code == 302
    rows = objects(site, "rec-criteria-two")["lead"]["selection"]["criteria"]["rows"]
    assert rows[0]["values"] == ["Europe"]


# --- Dynamics ------------------------------------------------------------------------------------------------------


def data(site: Site, name: str, *, mapped: bool = False) -> Form:
    number = site.add(name, "dynamics", mapped=mapped)
    return Form(site.visitor("manager"), f"/connections/{number}/set-up/data")


def test_at_first_both_objects_are_on_and_bring_their_standard_fields_alone(site: Site) -> None:
    form = data(site, "data-first")
    done = form.send(contact__direction="to_activecampaign")
    assert done.headers["Location"].endswith("/set-up/sync")
    stored = objects(site, "data-first")
    pairs = {(each["crm"], each["activecampaign"]) for each in stored["lead"]["fields"]}
    assert pairs == {
        ("emailaddress1", "email"),
        ("firstname", "firstName"),
        ("lastname", "lastName"),
        ("telephone1", "phone"),
    }
    assert stored["contact"]["direction"] == "to_activecampaign"
    assert stored["lead"]["selection"]["kind"] == "all"


def test_off_keeps_what_was_chosen_and_on_brings_it_back(site: Site) -> None:
    form = data(site, "data-off", mapped=True)
    criteria = {"rows": [{"field": "lastname", "operator": "starts_with", "values": ["A"]}]}
    number = form.path.removesuffix("/set-up/data")
    given = site.crosswalk(
        "selection", "set", "data-off", "lead", "criteria", "--file", "-", stdin=json.dumps(criteria)
    )
    assert given.code == 0, given.err
    form = Form(form.visitor, form.path)
    assert "Last Name starts with A" in form.page
    assert form.send(lead__on=None).status_code == 302
    assert "What was synchronised stays on both sides" in form.visitor.get(form.path).text
    assert objects(site, "data-off")["lead"]["selection"]["kind"] == "none"
    assert Form(form.visitor, form.path).send(lead__on="on").status_code == 302
    again = objects(site, "data-off")["lead"]["selection"]
    assert (again["kind"], again["criteria"]["rows"][0]["values"]) == ("criteria", ["A"])
    chooser = Form(form.visitor, f"{number}/set-up/selection/lead")
    assert "Those that are flagged" not in chooser.page
    assert chooser.send(kind="all").headers["Location"] == form.path


def test_standard_fields_are_switched_and_the_e_mail_stays(site: Site) -> None:
    form = data(site, "data-standard", mapped=True)
    assert "Always on: by the e-mail address" in form.page
    ticked = form.fields["lead-standard"]
    assert "emailaddress1" not in ticked  # it cannot be unticked
    assert form.send(lead__standard=[each for each in ticked if each != "telephone1"]).status_code == 302
    crm = [each["crm"] for each in objects(site, "data-standard")["lead"]["fields"]]
    assert "telephone1" not in crm
    assert "emailaddress1" in crm
    form = Form(form.visitor, form.path)
    assert form.send(lead__standard=ticked).status_code == 302
    crm = [each["crm"] for each in objects(site, "data-standard")["lead"]["fields"]]
    assert "telephone1" in crm


def test_of_two_who_change_a_direction_the_second_is_told(site: Site) -> None:
    first = data(site, "data-two", mapped=True)
    second = Form(site.visitor("administrator"), first.path)
    assert first.send(lead__direction="to_activecampaign").status_code == 302
    kept = [each for each in second.fields["contact-standard"] if each != "telephone1"]
    late = second.send(lead__direction="to_crm", contact__standard=kept, contact__direction="to_crm")
    assert late.status_code == 409
    assert "Only from the CRM to ActiveCampaign" in late.text.partition("It is stored now:")[2][:60]
    assert objects(site, "data-two")["lead"]["direction"] == "to_activecampaign"
    assert objects(site, "data-two")["contact"]["direction"] == "to_crm"
    assert second.send().status_code == 302  # what was stored already does not stand in the way
    stored = objects(site, "data-two")
    assert [stored[each]["direction"] for each in ("lead", "contact")] == ["to_crm", "to_crm"]
    assert "telephone1" not in [each["crm"] for each in stored["contact"]["fields"]]
    assert "direction.set" in acts(site, "data-two")


@pytest.mark.parametrize("crm", ["salesforce", "dynamics"])
def test_switches_are_turned_on_the_last_step_of_both_crms(site: Site, crm: str) -> None:
    number = site.add(f"switch-{crm}", crm, mapped=True)
    step = "records" if crm == "salesforce" else "sync"
    form = Form(site.visitor("manager"), f"/connections/{number}/set-up/{step}")
    done = form.send(switches__global_sync=None, switches__initial_sync=None)
    assert done.status_code == 302
    rows = site.database.execute("SELECT global_sync, initial_sync FROM connection WHERE id = %s", [number])
    assert rows.fetchall() == [(False, False)]
    assert acts(site, f"switch-{crm}").count("connection.switched") == 2


def test_a_crm_without_a_list_of_jobs_says_where_to_look(site: Site) -> None:
    number = site.add("sync-jobs", "dynamics", mapped=True)
    form = Form(site.visitor("manager"), f"/connections/{number}/set-up/sync")
    assert "Power Automate" in form.send("jobs", part=True).text
