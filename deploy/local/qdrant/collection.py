"""One collection: a shard of Qdrant's engine in a folder, its parameters beside it.

Invariant: every operation runs under the collection's lock, and what `update` returned from is in the shard's
write-ahead log, so it survives `kill -9`. `flush` makes it survive a power cut and lets the log be cut short.
"""

import json
import os
import shutil
import threading

import qdrant_edge as q

import convert
from errors import ApiError, bad_request, not_found

DEFAULT_HNSW = {"m": 16, "ef_construct": 64, "full_scan_threshold": 10000}


def write_atomically(path, value):
    """JSON to `path` so that a crash leaves either the old file or the new one."""
    temporary = path + ".new"
    with open(temporary, "w", encoding="utf-8") as file:
        json.dump(value, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def guarded(operation):
    """Runs under the collection's lock; what the engine itself refuses becomes Qdrant's 400."""

    def run(self, *arguments, **named):
        with self.lock:
            if self.shard is None:
                raise not_found(f"Not found: Collection `{self.name}` doesn't exist!")
            try:
                return operation(self, *arguments, **named)
            except ApiError:
                raise
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise bad_request(f"Format error in JSON body: {error}") from error
            except Exception as error:
                if type(error) is not Exception:
                    raise
                # the engine raises bare Exception for whatever it refuses: a missing index, an unknown vector name, …
                raise bad_request(f"Wrong input: {error}") from error

    return run


class Collection:
    def __init__(self, name, folder, parameters, shard):
        self.name = name
        self.folder = folder
        self.parameters = parameters
        self.shard = shard
        self.lock = threading.RLock()
        self.operations = 0
        self.unindexed = 0
        self.unflushed = False
        vectors = parameters["vectors"]
        self.sizes = (
            {"": vectors["size"]}
            if "size" in vectors
            else {name: vector["size"] for name, vector in vectors.items()}
        )

    @staticmethod
    def create(name, folder, parameters):
        """A new collection. Its config.json is written last: a folder without one is a creation cut short."""
        shard_folder = os.path.join(folder, "shard")
        config = Collection._config(parameters)
        os.makedirs(shard_folder)
        shard = q.EdgeShard.create(shard_folder, config)
        write_atomically(os.path.join(folder, "config.json"), {"name": name, "parameters": parameters})
        return Collection(name, folder, parameters, shard)

    @staticmethod
    def load(folder):
        with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
            stored = json.load(file)
        shard_folder = os.path.join(folder, "shard")
        # what a process killed while optimizing had built so far; the segments it worked from are still in place
        shutil.rmtree(os.path.join(shard_folder, "temp_segments"), ignore_errors=True)
        shard = q.EdgeShard.load(shard_folder)
        collection = Collection(stored["name"], folder, stored["parameters"], shard)
        info = shard.info()
        collection.unindexed = max(0, info.points_count - info.indexed_vectors_count)
        return collection

    @staticmethod
    def _config(parameters):
        vectors = parameters.get("vectors")
        if not isinstance(vectors, dict) or not vectors:
            raise bad_request("Wrong input: `vectors` with `size` and `distance` is expected")
        if parameters.get("sparse_vectors"):
            raise bad_request("Wrong input: sparse vectors are not served by the local Qdrant")
        given = {name: value for name, value in (parameters.get("hnsw_config") or {}).items() if value is not None}
        hnsw = {**DEFAULT_HNSW, **{name: given[name] for name in DEFAULT_HNSW if name in given}}
        try:
            named = (
                Collection._vector(vectors)
                if "size" in vectors
                else {name: Collection._vector(vector) for name, vector in vectors.items()}
            )
        except (KeyError, TypeError) as error:
            raise bad_request(f"Wrong input: vectors: {error} is missing or not valid") from error
        return q.EdgeConfig(vectors=named, hnsw_config=q.HnswIndexConfig(**hnsw))

    @staticmethod
    def _vector(vector):
        size, distance = vector["size"], vector["distance"]
        if not isinstance(size, int) or not 1 <= size <= 65536:
            raise bad_request("Wrong input: vectors.size: a value from 1 to 65536 is expected")
        if distance not in convert.DISTANCES:
            raise bad_request(f"Wrong input: vectors.distance: one of {', '.join(convert.DISTANCES)} is expected")
        return q.EdgeVectorParams(size=size, distance=convert.DISTANCES[distance])

    def _update(self, operation):
        self.shard.update(operation)
        self.operations += 1
        self.unflushed = True
        return {"operation_id": self.operations, "status": "completed"}

    @guarded
    def upsert(self, body):
        mode = body.get("update_mode") or "upsert"
        if mode not in convert.UPDATE_MODES:
            raise bad_request(f"Format error in JSON body: update_mode: unknown variant `{mode}`")
        points = convert.points_of(body, self.sizes)
        condition = convert.filter_of(body.get("update_filter"))
        if not points:
            return {"operation_id": self.operations, "status": "completed"}
        self.unindexed += len(points)
        return self._update(q.UpdateOperation.upsert_points(points, condition, convert.UPDATE_MODES[mode]))

    @guarded
    def update_vectors(self, body):
        vectors = [
            q.PointVectors(convert.point_id(row["id"]), convert.vector_struct(row["vector"], self.sizes))
            for row in body["points"]
        ]
        return self._update(q.UpdateOperation.update_vectors(vectors, convert.filter_of(body.get("update_filter"))))

    @guarded
    def delete(self, body):
        if "points" in body:
            return self._update(q.UpdateOperation.delete_points(convert.point_ids(body["points"])))
        return self._update(q.UpdateOperation.delete_points_by_filter(self._needed_filter(body)))

    @guarded
    def set_payload(self, body, overwrite=False):
        payload = convert.payload_of(body["payload"])
        by = "overwrite_payload" if overwrite else "set_payload"
        if body.get("points") is not None:
            ids = convert.point_ids(body["points"])
            return self._update(getattr(q.UpdateOperation, by)(ids, payload, body.get("key")))
        condition = self._needed_filter(body)
        return self._update(getattr(q.UpdateOperation, by + "_by_filter")(condition, payload, body.get("key")))

    @guarded
    def delete_payload(self, body):
        if body.get("points") is not None:
            ids = convert.point_ids(body["points"])
            return self._update(q.UpdateOperation.delete_payload(ids, body["keys"]))
        return self._update(q.UpdateOperation.delete_payload_by_filter(self._needed_filter(body), body["keys"]))

    @guarded
    def clear_payload(self, body):
        if "points" in body:
            return self._update(q.UpdateOperation.clear_payload(convert.point_ids(body["points"])))
        return self._update(q.UpdateOperation.clear_payload_by_filter(self._needed_filter(body)))

    def _needed_filter(self, body):
        if not isinstance(body.get("filter"), dict):
            raise bad_request("Format error in JSON body: `points` or `filter` is expected")
        return convert.filter_of(body["filter"])

    @guarded
    def create_index(self, body):
        schema = body.get("field_schema") or body.get("field_type")
        kind = schema.get("type") if isinstance(schema, dict) else schema
        if kind not in convert.INDEX_TYPES:
            raise bad_request(f"Wrong input: field_schema: one of {', '.join(convert.INDEX_TYPES)} is expected")
        return self._update(q.UpdateOperation.create_field_index(body["field_name"], convert.INDEX_TYPES[kind]))

    @guarded
    def delete_index(self, field):
        return self._update(q.UpdateOperation.delete_field_index(field))

    @guarded
    def retrieve(self, ids, with_payload, with_vector):
        records = self.shard.retrieve(ids, with_payload, with_vector)
        return [convert.record_json(record) for record in records]

    @guarded
    def scroll(self, body):
        limit = self._limit(body)
        records, following = self.shard.scroll(
            q.ScrollRequest(
                offset=None if body.get("offset") is None else convert.point_id(body["offset"]),
                limit=limit,
                filter=convert.filter_of(body.get("filter")),
                with_payload=convert.with_payload_of(body.get("with_payload"), True),
                with_vector=body.get("with_vector") or False,
                order_by=convert.order_by(body["order_by"]) if body.get("order_by") else None,
            )
        )
        if following is not None and not isinstance(following, int):
            following = str(following)
        return {"points": [convert.record_json(r) for r in records], "next_page_offset": following}

    @guarded
    def count(self, body):
        condition = convert.filter_of(body.get("filter"))
        return {"count": self.shard.count(q.CountRequest(exact=body.get("exact", True), filter=condition))}

    @guarded
    def facet(self, body):
        hits = self.shard.facet(
            q.FacetRequest(
                key=body["key"],
                limit=body.get("limit") or 10,
                exact=bool(body.get("exact")),
                filter=convert.filter_of(body.get("filter")),
            )
        ).hits
        return {"hits": [{"value": hit.value, "count": hit.count} for hit in hits]}

    @guarded
    def query(self, body):
        """POST /points/query: nearest by vector or by point, recommend, order_by, sample, or a plain listing."""
        query, using = body.get("query"), body.get("using")
        if body.get("prefetch"):
            raise bad_request("Wrong input: prefetch is not served by the local Qdrant")
        if isinstance(query, dict) and "order_by" in query:
            return self._scored(body, convert.order_by(query["order_by"]), [])
        if isinstance(query, dict) and "sample" in query:
            return self._scored(body, q.Sample.Random, [])
        if isinstance(query, dict) and "recommend" in query:
            return self._recommend(body, query["recommend"], using)
        if isinstance(query, dict) and "nearest" in query:
            query = query["nearest"]
        elif isinstance(query, dict):
            raise bad_request(f"Wrong input: query `{next(iter(query), '')}` is not served by the local Qdrant")
        if query is None:
            return self._scored(body, None, [])
        vector, own = self._vector_or_point(query, using)
        return self._scored(body, q.Query.Nearest(vector, using), own)

    @guarded
    def search(self, body):
        """POST /points/search, the older shape of a nearest query."""
        vector, using = body["vector"], None
        if isinstance(vector, dict):
            vector, using = vector["vector"], vector["name"]
        vector, _ = self._vector_or_point(vector, using)
        return self._scored(body, q.Query.Nearest(vector, using), [])

    def _recommend(self, body, recommend, using):
        positives = [self._vector_or_point(item, using) for item in recommend.get("positive") or []]
        negatives = [self._vector_or_point(item, using) for item in recommend.get("negative") or []]
        own = [i for _, ids in positives + negatives for i in ids]
        strategy = recommend.get("strategy") or "average_vector"
        if strategy == "average_vector":
            if not positives:
                raise bad_request("Wrong input: at least one positive example is needed")
            mean = [sum(column) / len(positives) for column in zip(*(v for v, _ in positives))]
            if negatives:
                against = [sum(column) / len(negatives) for column in zip(*(v for v, _ in negatives))]
                mean = [2 * a - b for a, b in zip(mean, against)]
            return self._scored(body, q.Query.Nearest(mean, using), own)
        kinds = {"best_score": q.Query.RecommendBestScore, "sum_scores": q.Query.RecommendSumScores}
        if strategy not in kinds:
            raise bad_request(f"Format error in JSON body: strategy: unknown variant `{strategy}`")
        examples = q.RecommendQuery([v for v, _ in positives], [v for v, _ in negatives])
        return self._scored(body, kinds[strategy](examples, using), own)

    def _vector_or_point(self, value, using):
        """A vector as it is; a point's id as its vector, and the id, which the answer leaves out."""
        name = using or ""
        if name not in self.sizes:
            raise bad_request(f"Wrong input: Not existing vector name error: {name}")
        if isinstance(value, list):
            return convert.dense_vector(value, self.sizes[name], name), []
        identity = convert.point_id(value)
        records = self.shard.retrieve([identity], False, True)
        if not records:
            raise not_found(f"Not found: No point with id {identity} found")
        vector = records[0].vector
        return (vector[name] if isinstance(vector, dict) else vector), [identity]

    def _scored(self, body, query, own):
        condition = convert.filter_of(body.get("filter"))
        if own:
            without = [q.HasIdCondition(set(own))]
            condition = q.Filter(must=[condition] if condition else None, must_not=without)
        points = self.shard.query(
            q.QueryRequest(
                limit=self._limit(body),
                offset=body.get("offset") or 0,
                query=query,
                filter=condition,
                score_threshold=body.get("score_threshold"),
                params=convert.search_params(body.get("params")),
                with_payload=convert.with_payload_of(body.get("with_payload"), False),
                with_vector=body.get("with_vector") or False,
            )
        )
        return [convert.scored_json(point) for point in points]

    def _limit(self, body):
        limit = body.get("limit")
        if limit is None:
            return 10
        if not isinstance(limit, int) or limit < 1:
            raise bad_request("Validation error in JSON body: [limit: value must be at least 1]")
        return limit

    @guarded
    def info(self):
        info = self.shard.info()
        hnsw = {**DEFAULT_HNSW, **(self.parameters.get("hnsw_config") or {})}
        return {
            "status": "green",
            "optimizer_status": "ok",
            "indexed_vectors_count": info.indexed_vectors_count,
            # the engine's own figure counts a point in every segment that has a version of it
            "points_count": self.shard.count(q.CountRequest(exact=True)),
            "segments_count": info.segments_count,
            "config": {
                "params": {
                    "vectors": self.parameters["vectors"],
                    "shard_number": 1,
                    "replication_factor": 1,
                    "write_consistency_factor": 1,
                    "on_disk_payload": True,
                },
                "hnsw_config": hnsw,
                "optimizer_config": {
                    "deleted_threshold": 0.2,
                    "vacuum_min_vector_number": 1000,
                    "default_segment_number": 0,
                    "flush_interval_sec": 5,
                },
                "wal_config": {"wal_capacity_mb": 32, "wal_segments_ahead": 0},
            },
            "payload_schema": {
                field: {"data_type": str(index.data_type).rpartition(".")[2].lower(), "points": index.points}
                for field, index in info.payload_schema.items()
            },
        }

    def flush(self):
        with self.lock:
            if self.shard is not None and self.unflushed:
                self.shard.flush()
                self.unflushed = False

    def optimize(self):
        """Merges, vacuums, builds the vector index. Nothing else of this process runs meanwhile."""
        with self.lock:
            if self.shard is not None:
                self.shard.optimize()
                self.unindexed = 0
                self.unflushed = True

    def close(self):
        with self.lock:
            if self.shard is not None:
                self.shard.flush()
                self.shard.close()
                self.shard = None
