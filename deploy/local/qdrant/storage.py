"""All collections and aliases of one data folder, owned by one process.

    <data>/lock                       held for as long as the process lives; says its pid
    <data>/aliases.json               alias → collection
    <data>/collections/<n>/config.json, shard/
"""

import fcntl
import json
import os
import re
import shutil
import threading
import time
import uuid

from collection import Collection, write_atomically
from errors import ApiError, bad_request, not_found

FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f]')


class DataFolderTaken(Exception):
    """Another process owns the data folder."""


class Storage:
    def __init__(self, folder, log):
        self.folder = folder
        self.log = log
        self.lock = threading.RLock()
        self.collections = {}
        self.aliases = {}
        os.makedirs(os.path.join(folder, "collections"), exist_ok=True)
        self._own_folder()
        self._load()

    def _own_folder(self):
        path = os.path.join(self.folder, "lock")
        self.lock_file = open(path, "a+", encoding="utf-8")
        try:
            fcntl.flock(self.lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.lock_file.seek(0)
            holder = self.lock_file.read().strip() or "unknown"
            raise DataFolderTaken(
                f"the data folder {self.folder} is in use by process {holder}: "
                "stop that process, or choose another folder with QDRANT_DATA"
            ) from None
        self.lock_file.seek(0)
        self.lock_file.truncate()
        self.lock_file.write(str(os.getpid()))
        self.lock_file.flush()

    def _load(self):
        root = os.path.join(self.folder, "collections")
        for entry in sorted(os.listdir(root)):
            folder = os.path.join(root, entry)
            if not os.path.exists(os.path.join(folder, "config.json")):
                # created or deleted by a process that was killed half-way; nobody was told that it exists
                shutil.rmtree(folder)
                continue
            started = time.monotonic()
            collection = Collection.load(folder)
            self.collections[collection.name] = collection
            self.log("info", "collection loaded", collection=collection.name, ms=round((time.monotonic() - started) * 1000))
        path = os.path.join(self.folder, "aliases.json")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                stored = json.load(file)
            self.aliases = {alias: name for alias, name in stored.items() if name in self.collections}

    def get(self, name):
        """The collection of that name or alias. Raises ApiError 404."""
        with self.lock:
            found = self.collections.get(self.aliases.get(name, name))
        if found is None:
            raise not_found(f"Not found: Collection `{name}` doesn't exist!")
        return found

    def exists(self, name):
        with self.lock:
            return self.aliases.get(name, name) in self.collections

    def create(self, name, parameters):
        if not name or len(name) > 255 or FORBIDDEN.search(name):
            raise ApiError(422, f"Validation error in path parameters: [name: `{name}` is no valid collection name]")
        with self.lock:
            if name in self.collections or name in self.aliases:
                raise ApiError(409, f"Wrong input: Collection `{name}` already exists!")
            folder = os.path.join(self.folder, "collections", str(uuid.uuid4()))
            try:
                self.collections[name] = Collection.create(name, folder, parameters)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            return True

    def delete(self, name):
        with self.lock:
            collection = self.collections.pop(name, None)
            if collection is None:
                return False
            self._set_aliases({alias: target for alias, target in self.aliases.items() if target != name})
            collection.close()
            # without its config.json the folder is no collection any more, should the process end before the next line
            os.remove(os.path.join(collection.folder, "config.json"))
            shutil.rmtree(collection.folder)
            return True

    def change_aliases(self, actions):
        """All actions or none."""
        with self.lock:
            aliases = dict(self.aliases)
            for action in actions:
                self._apply_alias_action(aliases, action)
            self._set_aliases(aliases)
            return True

    def _apply_alias_action(self, aliases, action):
        if "create_alias" in action:
            alias, name = action["create_alias"]["alias_name"], action["create_alias"]["collection_name"]
            if name not in self.collections:
                raise not_found(f"Not found: Collection `{name}` doesn't exist!")
            if alias in self.collections:
                raise bad_request(f"Wrong input: collection `{alias}` has the alias's name")
            aliases[alias] = name
        elif "delete_alias" in action:
            aliases.pop(action["delete_alias"]["alias_name"], None)
        elif "rename_alias" in action:
            old, new = action["rename_alias"]["old_alias_name"], action["rename_alias"]["new_alias_name"]
            if old not in aliases:
                raise not_found(f"Not found: Alias {old} does not exists!")
            aliases[new] = aliases.pop(old)
        else:
            raise bad_request("Format error in JSON body: create_alias, delete_alias or rename_alias is expected")

    def _set_aliases(self, aliases):
        if aliases != self.aliases:
            write_atomically(os.path.join(self.folder, "aliases.json"), aliases)
            self.aliases = aliases

    def all(self):
        with self.lock:
            return list(self.collections.values())

    def close(self):
        for collection in self.all():
            collection.close()
        self.lock_file.close()
