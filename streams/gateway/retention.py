"""Deletes what the spool no longer needs, so that it never fills the disk.

Who calls it: the gateway service, hourly, or an operator's command. It must never touch a study that is still
arriving or whose announcement Kafka has not acknowledged.
"""

from __future__ import annotations

from datetime import datetime

import structlog

from streams.gateway.index import Index
from streams.gateway.spool import Spool

_log = structlog.get_logger(__name__)


def purge(spool: Spool, index: Index, older_than: datetime) -> int:
    """Delete announced studies whose last instance came before ``older_than``; return how many.

    Files go before the index' rows: a purge that is killed in between finds the rows again the next time.

    Raises:
        TransientError: the index cannot be used.
        OSError: the spool cannot be used.
    """
    finished = index.finished_before(older_than)
    for study_uid in finished:
        spool.remove_study(study_uid)
        index.forget(study_uid)
    refused = spool.purge_refused(older_than)
    if finished or refused:
        _log.info("spool_purged", studies=len(finished), refused=refused)
    return len(finished)
