"""The jobs that webhooks leave behind when they fail. Source: Use webhooks, system jobs."""

from __future__ import annotations

from crosswalk_sandbox.dynamics.environment import Environment
from crosswalk_sandbox.dynamics.hooks.sending import Delivery

EXECUTION, COMPLETED, FAILED = 1, 3, 31


def webhook_failed(environment: Environment, delivery: Delivery) -> None:
    """Note that an event was not taken."""
    now, key = environment.now(), environment.new_id()
    answer = "nobody answered" if delivery.status is None else f"the answer was {delivery.status}"
    environment.put("asyncoperation", {
        "asyncoperationid": key, "name": f"{delivery.message} of {delivery.table}", "operationtype": EXECUTION,
        "primaryentitytype": delivery.table, "message": f"The webhook failed: {answer}.", "statecode": COMPLETED,
        "statuscode": FAILED, "createdon": now, "startedon": now, "completedon": now, "modifiedon": now,
        "createdby": environment.caller, "modifiedby": environment.caller,
    })  # fmt: skip
