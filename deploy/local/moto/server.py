"""CloudWatch Logs of moto (and STS, for roles), with what AWS does and moto does not.

- An event id is never used twice, whichever process gave it: moto counts from 0 in each, so that after a restart new
  events would look like old ones to whoever remembers ids.
- FilterLogEvents orders by time over all streams, and ends a page at 10,000 events or 1 MB, whichever comes first.
- A nextToken is a place in time, so it stays good while events arrive; one that cannot be read is refused, where moto
  answers an empty last page.

All state is in memory: what was put is gone with the process.
"""

import base64
import itertools
import json
import os
import sys
import time

from moto.logs import models
from moto.logs.exceptions import InvalidParameterException
from moto.server import main

PAGE_EVENTS = 10_000
PAGE_BYTES = 1_048_576
# What AWS counts for an event beside its message.
EVENT_OVERHEAD_BYTES = 26

event_numbers = itertools.count(time.time_ns())
make_event = models.LogEvent.__init__


def init_event(event, ingestion_time, log_event):
    make_event(event, ingestion_time, log_event)
    event.event_id = f"{next(event_numbers):056d}"


def write_token(group, event):
    place = [group, event.timestamp, event.event_id]
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def read_token(group, token):
    """(timestamp, event id) after which a page begins."""
    try:
        name, timestamp, event_id = json.loads(base64.urlsafe_b64decode(token))
        if name != group:
            raise ValueError(name)
        return (timestamp, event_id)
    except ValueError:
        raise InvalidParameterException("The specified nextToken is invalid.") from None


def filter_log_events(
    group, name, stream_names, start_time, end_time, limit, next_token, pattern, _interleaved
):
    after = read_token(name, next_token) if next_token else None
    matches = models.EventMessageFilter(pattern).matches if pattern else None
    streams = [
        stream
        for stream in list(group.streams.values())
        if not stream_names or stream.log_stream_name in stream_names
    ]
    found = [
        (event.timestamp, event.event_id, event, stream.log_stream_name)
        for stream in streams
        for event in stream.events
        if (start_time is None or event.timestamp >= start_time)
        and (end_time is None or event.timestamp <= end_time)
        and (after is None or (event.timestamp, event.event_id) > after)
        and (matches is None or matches(event.message))
    ]
    found.sort(key=lambda entry: entry[:2])
    page, size = [], 0
    for _timestamp, _id, event, stream_name in found[: limit or PAGE_EVENTS]:
        size += len(event.message.encode()) + EVENT_OVERHEAD_BYTES
        if page and size > PAGE_BYTES:
            break
        page.append({**event.to_filter_dict(), "logStreamName": stream_name})
    token = write_token(name, found[len(page) - 1][2]) if len(page) < len(found) else None
    searched = [
        {"logStreamName": stream.log_stream_name, "searchedCompletely": True} for stream in streams
    ]
    return page, token, searched


models.LogEvent.__init__ = init_event
models.LogGroup.filter_log_events = filter_log_events

if __name__ == "__main__":
    arguments = ["-H", os.environ.get("MOTO_HOST", "127.0.0.1"), "-p", os.environ["MOTO_PORT"]]
    sys.exit(main(arguments))
