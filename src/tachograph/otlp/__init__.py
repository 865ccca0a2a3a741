"""What agents export over OpenTelemetry, as metrics: bytes of an OTLP request to rows.

    bytes -> request (`requests`, `json_form`) -> items by name (`logs`, `metrics`, `traces`) -> rows

A row is a part of a metric, as those of the sources that are `merging` (`sources.protocol`): what the agent's files
tell of the same thing has the same id. No text of a conversation leaves this room: names, ids, counters, outcomes and
moments only. It needs the `serve` extra, and knows nothing of the store.
"""

from tachograph.otlp.decoded import Decoded, Form, Point, Row, Signal, Undecodable, Unmapped
from tachograph.otlp.decoding import decode
from tachograph.otlp.series import Known, Series

__all__ = ["Decoded", "Form", "Known", "Point", "Row", "Series", "Signal", "Undecodable", "Unmapped", "decode"]
