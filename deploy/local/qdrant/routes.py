"""Qdrant's REST API: method and path to a call on the storage. Pure routing, no sockets."""

import re

import convert
from errors import bad_request, not_found


def _of(method, path):
    pattern = re.compile("^" + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path) + "/?$")
    return method, pattern


def routes(storage):
    """[(method, pattern, handler(body, **path))] in the order of their trial."""

    def collection(name):
        return storage.get(name)

    def create(body, name):
        return storage.create(name, {key: value for key, value in body.items() if value is not None})

    def update_collection(body, name):
        collection(name)
        return True

    def list_collections(body):
        return {"collections": [{"name": item.name} for item in storage.all()]}

    def change_aliases(body):
        actions = body.get("actions")
        if not isinstance(actions, list):
            raise bad_request("Format error in JSON body: `actions` is expected")
        return storage.change_aliases(actions)

    def list_aliases(body, name=None):
        return {
            "aliases": [
                {"alias_name": alias, "collection_name": target}
                for alias, target in sorted(storage.aliases.items())
                if name is None or target == name
            ]
        }

    def retrieve(body, name):
        return collection(name).retrieve(
            convert.point_ids(body.get("ids")),
            convert.with_payload_of(body.get("with_payload"), True),
            body.get("with_vector") or False,
        )

    def retrieve_one(body, name, point):
        identity = int(point) if point.isdigit() else point
        found = collection(name).retrieve([convert.point_id(identity)], True, True)
        if not found:
            raise not_found(f"Not found: Point with id {point} does not exists!")
        return found[0]

    def batch_update(body, name):
        target = collection(name)
        calls = {
            "upsert": target.upsert,
            "delete": target.delete,
            "set_payload": target.set_payload,
            "overwrite_payload": lambda value: target.set_payload(value, overwrite=True),
            "delete_payload": target.delete_payload,
            "clear_payload": target.clear_payload,
            "update_vectors": target.update_vectors,
        }
        operations = body.get("operations")
        if not isinstance(operations, list):
            raise bad_request("Format error in JSON body: `operations` is expected")
        for operation in operations:
            if not isinstance(operation, dict) or len(operation) != 1 or next(iter(operation)) not in calls:
                raise bad_request(f"Format error in JSON body: an operation is one of {', '.join(calls)}")
        return [calls[kind](value) for operation in operations for kind, value in operation.items()]

    table = [
        ("GET", "/collections", list_collections),
        ("POST", "/collections/aliases", change_aliases),
        ("GET", "/aliases", list_aliases),
        ("GET", "/collections/{name}/exists", lambda body, name: {"exists": storage.exists(name)}),
        ("GET", "/collections/{name}/aliases", list_aliases),
        ("GET", "/collections/{name}", lambda body, name: collection(name).info()),
        ("PUT", "/collections/{name}", create),
        ("PATCH", "/collections/{name}", update_collection),
        ("DELETE", "/collections/{name}", lambda body, name: storage.delete(name)),
        ("PUT", "/collections/{name}/index", lambda body, name: collection(name).create_index(body)),
        ("DELETE", "/collections/{name}/index/{field}", lambda body, name, field: collection(name).delete_index(field)),
        ("PUT", "/collections/{name}/points", lambda body, name: collection(name).upsert(body)),
        ("POST", "/collections/{name}/points", retrieve),
        ("POST", "/collections/{name}/points/batch", batch_update),
        ("POST", "/collections/{name}/points/delete", lambda body, name: collection(name).delete(body)),
        ("POST", "/collections/{name}/points/payload", lambda body, name: collection(name).set_payload(body)),
        ("PUT", "/collections/{name}/points/payload", lambda body, name: collection(name).set_payload(body, overwrite=True)),
        ("POST", "/collections/{name}/points/payload/delete", lambda body, name: collection(name).delete_payload(body)),
        ("POST", "/collections/{name}/points/payload/clear", lambda body, name: collection(name).clear_payload(body)),
        ("PUT", "/collections/{name}/points/vectors", lambda body, name: collection(name).update_vectors(body)),
        ("POST", "/collections/{name}/points/scroll", lambda body, name: collection(name).scroll(body)),
        ("POST", "/collections/{name}/points/count", lambda body, name: collection(name).count(body)),
        ("POST", "/collections/{name}/facet", lambda body, name: collection(name).facet(body)),
        ("POST", "/collections/{name}/points/search", lambda body, name: collection(name).search(body)),
        (
            "POST",
            "/collections/{name}/points/search/batch",
            lambda body, name: [collection(name).search(item) for item in body["searches"]],
        ),
        ("POST", "/collections/{name}/points/query", lambda body, name: {"points": collection(name).query(body)}),
        (
            "POST",
            "/collections/{name}/points/query/batch",
            lambda body, name: [{"points": collection(name).query(item)} for item in body["searches"]],
        ),
        ("GET", "/collections/{name}/points/{point}", retrieve_one),
    ]
    return [(*_of(method, path), handler) for method, path, handler in table]
