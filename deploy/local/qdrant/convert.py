"""Qdrant's JSON bodies to the engine's values and back. Pure: no files, no locks, no clock.

Every value is checked before the engine sees it: an operation that the engine refuses has been written to its
write-ahead log already, and would be replayed with every start.
"""

import uuid

import qdrant_edge as q

from errors import bad_request

MAX_FLOAT32 = 3.4028235e38
DISTANCES = {
    "Cosine": q.Distance.Cosine,
    "Euclid": q.Distance.Euclid,
    "Dot": q.Distance.Dot,
    "Manhattan": q.Distance.Manhattan,
}
INDEX_TYPES = {
    "keyword": q.PayloadSchemaType.Keyword,
    "integer": q.PayloadSchemaType.Integer,
    "float": q.PayloadSchemaType.Float,
    "bool": q.PayloadSchemaType.Bool,
    "datetime": q.PayloadSchemaType.Datetime,
    "uuid": q.PayloadSchemaType.Uuid,
    "text": q.PayloadSchemaType.Text,
}
UPDATE_MODES = {
    "upsert": q.UpdateMode.Upsert,
    "insert_only": q.UpdateMode.InsertOnly,
    "update_only": q.UpdateMode.UpdateOnly,
}


def point_id(value):
    """An unsigned 64-bit integer or a UUID, as Qdrant has it."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**64:
        return value
    if isinstance(value, str):
        try:
            return str(uuid.UUID(value))
        except ValueError:
            pass
    raise bad_request(
        f"Format error in JSON body: value {str(value)[:80]} is not a valid point ID, "
        "valid values are either an unsigned integer or a UUID"
    )


def point_ids(values):
    if not isinstance(values, list):
        raise bad_request("Format error in JSON body: a list of point IDs is expected")
    return [point_id(value) for value in values]


def dense_vector(value, size, name=""):
    """One dense vector of `size` finite float32 numbers."""
    where = f" of vector '{name}'" if name else ""
    if not isinstance(value, list):
        raise bad_request(f"Format error in JSON body: a dense vector{where} (a list of numbers) is expected")
    if len(value) != size:
        raise bad_request(
            f"Wrong input: Vector dimension error{where}: expected dim: {size}, got {len(value)}"
        )
    try:
        finite = max(value) <= MAX_FLOAT32 and min(value) >= -MAX_FLOAT32
    except TypeError:
        finite = False
    if not finite:
        raise bad_request(f"Format error in JSON body: a vector{where} holds what is no float32 number")
    return value


def vector_struct(value, sizes):
    """A point's vector(s): a list for the unnamed vector, an object by name for named ones."""
    if isinstance(value, dict):
        named = {}
        for name, vector in value.items():
            if name not in sizes:
                raise bad_request(f"Wrong input: Not existing vector name error: {name}")
            named[name] = dense_vector(vector, sizes[name], name)
        return named
    if "" not in sizes:
        raise bad_request("Wrong input: Not existing vector name error: ")
    return dense_vector(value, sizes[""])


def payload_of(value):
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise bad_request("Format error in JSON body: payload: an object is expected")
    return value


def points_of(body, sizes):
    """The engine's points of an upsert body, in either of its two shapes."""
    if "points" in body:
        rows = body["points"]
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise bad_request("Format error in JSON body: points: a list of objects is expected")
        for row in rows:
            if "id" not in row or "vector" not in row:
                raise bad_request("Format error in JSON body: a point needs `id` and `vector`")
        triples = [(row["id"], row["vector"], row.get("payload")) for row in rows]
    elif isinstance(body.get("batch"), dict):
        batch = body["batch"]
        ids, vectors = batch.get("ids"), batch.get("vectors")
        if not isinstance(ids, list) or not isinstance(vectors, (list, dict)):
            raise bad_request("Format error in JSON body: batch needs `ids` and `vectors`")
        if isinstance(vectors, dict):
            columns = list(vectors.items())
            if any(not isinstance(column, list) or len(column) != len(ids) for _, column in columns):
                raise bad_request("Format error in JSON body: batch: number of ids and vectors must be equal")
            vectors = [{name: column[i] for name, column in columns} for i in range(len(ids))]
        payloads = batch.get("payloads") or [None] * len(ids)
        if len(vectors) != len(ids) or len(payloads) != len(ids):
            raise bad_request("Format error in JSON body: batch: number of ids, vectors and payloads must be equal")
        triples = list(zip(ids, vectors, payloads))
    else:
        raise bad_request("Format error in JSON body: `points` or `batch` is expected")
    return [q.Point(point_id(i), vector_struct(v, sizes), payload_of(p)) for i, v, p in triples]


def filter_of(value):
    """Qdrant's filter, or None where there is none."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise bad_request("Format error in JSON body: filter: an object is expected")
    unknown = set(value) - {"must", "should", "must_not", "min_should"}
    if unknown:
        raise bad_request(f"Format error in JSON body: filter: unknown field `{sorted(unknown)[0]}`")
    min_should = value.get("min_should")
    return q.Filter(
        must=_conditions(value.get("must")),
        should=_conditions(value.get("should")),
        must_not=_conditions(value.get("must_not")),
        min_should=q.MinShould(_conditions(min_should["conditions"]) or [], min_should["min_count"])
        if min_should
        else None,
    )


def _conditions(value):
    if value is None:
        return None
    return [_condition(item) for item in (value if isinstance(value, list) else [value])]


def _condition(value):
    if not isinstance(value, dict):
        raise bad_request("Format error in JSON body: filter: a condition is an object")
    if "has_id" in value:
        return q.HasIdCondition(set(point_ids(value["has_id"])))
    if "key" in value:
        return _field(value)
    if "is_empty" in value:
        return q.IsEmptyCondition(value["is_empty"]["key"])
    if "is_null" in value:
        return q.IsNullCondition(value["is_null"]["key"])
    if "has_vector" in value:
        return q.HasVectorCondition(value["has_vector"])
    if "nested" in value:
        return q.NestedCondition(value["nested"]["key"], filter_of(value["nested"]["filter"]))
    return filter_of(value)


def _field(value):
    key = value["key"]
    if "match" in value:
        return q.FieldCondition(key, match=_match(value["match"]))
    if "range" in value:
        return q.FieldCondition(key, range=_range(value["range"]))
    if "values_count" in value:
        return q.FieldCondition(key, values_count=q.ValuesCount(**value["values_count"]))
    if "is_empty" in value:
        return q.FieldCondition(key, is_empty=value["is_empty"])
    if "is_null" in value:
        return q.FieldCondition(key, is_null=value["is_null"])
    raise bad_request(f"Format error in JSON body: filter: the condition on `{key}` is not one of this server's")


def _match(value):
    if "value" in value:
        return q.MatchValue(value["value"])
    if "any" in value:
        return q.MatchAny(value["any"])
    if "except" in value:
        return q.MatchExcept(value["except"])
    if "text" in value:
        return q.MatchText(value["text"])
    if "text_any" in value:
        return q.MatchTextAny(value["text_any"])
    if "phrase" in value:
        return q.MatchPhrase(value["phrase"])
    raise bad_request("Format error in JSON body: filter: match needs value, any, except, text, text_any or phrase")


def _range(value):
    bounds = {name: value[name] for name in ("gt", "gte", "lt", "lte") if value.get(name) is not None}
    if any(isinstance(bound, str) for bound in bounds.values()):
        return q.RangeDateTime(**bounds)
    return q.RangeFloat(**{name: float(bound) for name, bound in bounds.items()})


def with_payload_of(value, fallback):
    if value is None:
        return fallback
    if isinstance(value, (bool, list)):
        return value
    if isinstance(value, dict) and "include" in value:
        return q.PayloadSelector.Include(value["include"])
    if isinstance(value, dict) and "exclude" in value:
        return q.PayloadSelector.Exclude(value["exclude"])
    raise bad_request("Format error in JSON body: with_payload: a boolean, a list or a selector is expected")


def search_params(value):
    if not value:
        return None
    return q.SearchParams(
        hnsw_ef=value.get("hnsw_ef"),
        exact=bool(value.get("exact", False)),
        indexed_only=bool(value.get("indexed_only", False)),
    )


def order_by(value):
    if isinstance(value, str):
        return q.OrderBy(value)
    direction = {"asc": q.Direction.Asc, "desc": q.Direction.Desc, None: None}[value.get("direction")]
    return q.OrderBy(value["key"], direction, value.get("start_from"))


def record_json(record):
    row = {"id": _plain_id(record.id), "payload": record.payload}
    if record.vector is not None:
        row["vector"] = record.vector
    if getattr(record, "order_value", None) is not None:
        row["order_value"] = record.order_value
    return row


def scored_json(point):
    row = {"id": _plain_id(point.id), "version": point.version, "score": point.score}
    if point.payload is not None:
        row["payload"] = point.payload
    if point.vector is not None:
        row["vector"] = point.vector
    return row


def _plain_id(value):
    return value if isinstance(value, int) else str(value)
