#!/usr/bin/env python3
"""openapi.py [--check]: writes docs/openapi.json (OpenAPI 3.0) from the protos beside this file, as ocahttp serves them; with --check only
says whether it is up to date."""

import glob
import json
import os
import re
import sys

import document

HERE = document.HERE
TARGET = os.path.join(HERE, "..", "..", "docs", "openapi.json")
USERS_PACKAGE = "oca.management.v1"
TIME = "google.protobuf.Timestamp"

# What stands for a scalar in protobuf's JSON mapping: numbers of 64 bits are strings.
SCALARS = {
    "string": {"type": "string"},
    "bytes": {"type": "string", "format": "byte"},
    "bool": {"type": "boolean"},
    "int32": {"type": "integer", "format": "int32"},
    "uint32": {"type": "integer", "minimum": 0},
    "int64": {"type": "string", "format": "int64"},
    "uint64": {"type": "string", "format": "uint64"},
    "float": {"type": "number"},
    "double": {"type": "number"},
    TIME: {"type": "string", "format": "date-time"},
}
PROBLEM = {
    "type": "object",
    "description": "RFC 9457: what went wrong.",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What was wrong, where, and what to do."},
        "code": {"type": "string", "description": "Of the API's error, for example NOT_FOUND."},
    },
}


class Protos:
    """All declarations of the protos, by full name."""

    def __init__(self):
        self.messages, self.enums, self.services = {}, {}, []
        for path in sorted(glob.glob(os.path.join(HERE, "*.proto"))):
            with open(path, encoding="utf-8") as file:
                text = file.read()
            package = re.search(r"^package ([\w.]+);", text, re.M).group(1)
            for kind, name, comment, body in document.parse(text.split("package ", 1)[1]):
                entry = (package, comment, list(document.items(body)))
                if kind == "message":
                    self.messages[f"{package}.{name}"] = entry
                elif kind == "enum":
                    self.enums[f"{package}.{name}"] = entry
                elif package == USERS_PACKAGE:
                    self.services.append((name, package, entry[2]))

    def full_name(self, package, name):
        return name if name in SCALARS or "." in name else f"{package}.{name}"

    def fields(self, name):
        """(field, label, type's full name, secret, comment) of a message."""
        package, _, body = self.messages[name]
        for comment, statement in body:
            match = re.match(r"(repeated |optional )?([\w.]+) (\w+) = \d+(.*);", statement)
            yield match.group(3), (match.group(1) or "").strip(), self.full_name(package, match.group(2)), "secret" in match.group(4), comment


def short(name):
    return name.removeprefix(USERS_PACKAGE + ".").removeprefix("oca.").replace(".v1.", ".")


class Document:
    def __init__(self, protos):
        self.protos, self.schemas, self.paths = protos, {"Problem": PROBLEM}, {}

    def reference(self, name):
        if name in SCALARS:
            return dict(SCALARS[name])
        self.add_schema(name)
        return {"$ref": f"#/components/schemas/{short(name)}"}

    def field_schema(self, label, kind, secret, comment):
        schema = self.reference(kind)
        if secret:
            schema["format"] = "password"
        if label == "repeated":
            schema = {"type": "array", "items": schema}
        if not comment:
            return schema
        # Nothing may stand beside a reference.
        return {"allOf": [schema], "description": comment} if "$ref" in schema else {**schema, "description": comment}

    def add_schema(self, name, without=()):
        if short(name) in self.schemas:
            return
        if name in self.protos.enums:
            _, comment, body = self.protos.enums[name]
            self.schemas[short(name)] = {"type": "string", "enum": [statement.split(" ")[0] for _, statement in body]}
        else:
            _, comment, _ = self.protos.messages[name]
            schema = self.schemas[short(name)] = {"type": "object"}
            schema["properties"] = {
                field: self.field_schema(label, kind, secret, note)
                for field, label, kind, secret, note in self.protos.fields(name)
                if field not in without
            }
        if comment:
            self.schemas[short(name)]["description"] = comment

    def add_method(self, service, package, comment, statement):
        match = re.match(r"rpc (\w+)\(([\w.]+)\) returns \(([\w.]+)\)", statement)
        verb, path = (re.search(rf'{key}: "([^"]+)"', statement) for key in ("http_verb", "http_path"))
        if not path:
            return
        verb, path = verb.group(1), path.group(1)
        request, answer = (self.protos.full_name(package, match.group(i)) for i in (2, 3))
        permission = re.search(r"PERMISSION_(\w+)", statement).group(1).lower()
        in_path = re.findall(r"\{(\w+)\}", path)
        operation = {"operationId": match.group(1), "tags": [service]}
        access = ", or RWD access to the container" if "(oca.rwd_suffices) = true" in statement else ""
        operation["description"] = f"{comment} (Permission: {permission}{access}.)".strip()
        parameters = [self.parameter("path", *field) for field in self.protos.fields(request) if field[0] in in_path]
        if verb in ("GET", "DELETE"):
            parameters += [self.parameter("query", *field) for field in self.protos.fields(request) if field[0] not in in_path]
        else:
            self.add_schema(request, without=in_path)
            body = {"$ref": f"#/components/schemas/{short(request)}"}
            operation["requestBody"] = {"content": {"application/json": {"schema": body}}}
        if parameters:
            operation["parameters"] = parameters
        operation["responses"] = {
            "200": {"description": "Done.", "content": {"application/json": {"schema": self.reference(answer)}}},
            "default": {"description": "Not done.", "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}},
        }
        if permission == "none":
            operation["security"] = []
        self.paths.setdefault(path, {})[verb.lower()] = operation

    def parameter(self, place, field, label, kind, secret, comment):
        parameter = {"name": field, "in": place, "schema": self.field_schema(label, kind, secret, "")}
        if comment:
            parameter["description"] = comment
        if place == "path":
            parameter["required"] = True
        return parameter

    def whole(self):
        for service, package, methods in self.protos.services:
            for comment, statement in methods:
                self.add_method(service, package, comment, statement)
        return {
            "openapi": "3.0.3",
            "info": {
                "title": "Oca",
                "version": "1",
                "license": {"name": "Apache-2.0 OR GPL-2.0-only"},
                "description": "The API of an Oca appliance. Numbers of 64 bits are strings. Unknown fields are errors.",
            },
            "servers": [{"url": "/"}],
            "security": [{"token": []}, {"session": []}],
            "paths": dict(sorted(self.paths.items())),
            "components": {
                "securitySchemes": {
                    "token": {"type": "http", "scheme": "bearer"},
                    "session": {"type": "apiKey", "in": "cookie", "name": "oca_session"},
                },
                "schemas": dict(sorted(self.schemas.items())),
            },
        }


def main():
    wanted = json.dumps(Document(Protos()).whole(), indent=1) + "\n"
    if sys.argv[1:] == ["--check"]:
        with open(TARGET, encoding="utf-8") as file:
            if file.read() == wanted:
                return 0
        print("docs/openapi.json is not what lib/api/openapi.py makes of the protos: run it", file=sys.stderr)
        return 1
    with open(TARGET, "w", encoding="utf-8") as file:
        file.write(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
