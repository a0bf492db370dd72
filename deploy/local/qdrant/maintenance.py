"""What runs beside the requests: flushing, so that the write-ahead log stays short, and building the vector index.

The engine holds Python's interpreter lock while it optimizes (about 0.3 ms a point on two cores), so no request is
answered meanwhile. Searching 40,000 unindexed points takes 10 ms. Hence: index in quiet moments; under a steady load
only when a search would notice.
"""

import time

FLUSH_SECONDS = 5
QUIET_SECONDS = 10
QUIET_MIN_POINTS = 20_000
BUSY_MIN_POINTS = 200_000


def maintain(storage, stop, log):
    """Until `stop` is set. A failure is logged and tried again with the next round."""
    seen = {}
    while not stop.wait(FLUSH_SECONDS):
        for collection in storage.all():
            try:
                collection.flush()
                _index_when_due(collection, seen, log)
            except Exception as error:  # the engine raises bare Exception; requests go on either way
                log("error", "maintenance failed", collection=collection.name, error=repr(error))


def _index_when_due(collection, seen, log):
    operations, since = seen.get(collection.folder, (None, 0.0))
    now = time.monotonic()
    if operations != collection.operations:
        seen[collection.folder] = (collection.operations, now)
        since = now
    quiet = now - since >= QUIET_SECONDS
    if collection.unindexed >= (QUIET_MIN_POINTS if quiet else BUSY_MIN_POINTS):
        points = collection.unindexed
        collection.optimize()
        taken = round((time.monotonic() - now) * 1000)
        log("info", "optimized", collection=collection.name, unindexed=points, ms=taken)
