"""What a worker does beside its jobs goes on, whatever goes wrong once."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.db import Error

from crosswalk.store.leases import end_session

log = structlog.get_logger()


def guarded(work: Callable[[], int], mistake: str) -> int:
    """Do a part of it and return how much was done; what goes wrong is logged, as `mistake` where it is one of ours."""
    try:
        return work()
    except Error as error:
        log.warning("the database cannot be used", error=str(error).strip())
    except Exception:
        log.exception(mistake)
    finally:
        end_session()
    return 0
