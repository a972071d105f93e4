# SPDX-License-Identifier: ISC
"""extract.py CONTRACT - the facts of the published contract that tests compare with, as JSON on standard output.

CONTRACT is the contract's OpenAPI document (YAML). Kept: method, path, name and success status of every operation, and of
its bodies each member's name, type, limits, and whether it is required or may be null. Its result is in
test/golden/contract.json; needs PyYAML, which the tests themselves do not."""
import json
import sys

LIMITS = ("minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems")
METHODS = ("get", "post", "put", "delete")


class Contract:
    def __init__(self, document):
        self.document = document

    def resolve(self, schema):
        while "$ref" in schema:
            at = self.document
            for part in schema["$ref"].split("/")[1:]:
                at = at[part]
            schema = at
        if "allOf" in schema:
            whole = {}
            for part in schema["allOf"]:
                whole.update(self.resolve(part))
            schema = whole
        return schema

    def member(self, schema, required):
        schema = self.resolve(schema)
        fact = {"type": schema.get("type", "object" if "properties" in schema else "any")}
        if required:
            fact["required"] = True
        for name in ("nullable", "x-accept-numeric-string"):
            if schema.get(name):
                fact[name.replace("x-accept-numeric-string", "quoted")] = True
        fact.update({name: schema[name] for name in LIMITS if name in schema})
        for spelling, length in (("uuid", 36), ("{12})$", 36), ("{32}$", 32)):
            if schema.get("format") == spelling or str(schema.get("pattern")).endswith(spelling):
                fact.setdefault("maxLength", length)
        if "enum" in schema:
            fact["enum"] = [value for value in schema["enum"] if value is not None]
        if "items" in schema:
            fact["items"] = self.member(schema["items"], False)
        if "properties" in schema:
            fact["members"] = self.members(schema)
        return fact

    def members(self, schema):
        required = schema.get("required") or []
        return {name: self.member(value, name in required) for name, value in schema.get("properties", {}).items()}

    def body(self, content):
        for media, value in (content or {}).items():
            if media.startswith("application/json"):
                return self.members(self.resolve(value["schema"]))
        return None

    def operation(self, method, path, operation):
        status = sorted(code for code in operation["responses"] if code.startswith("2"))[0]
        answer = self.resolve(operation["responses"][status])
        fact = {"method": method.upper(), "path": path, "status": int(status)}
        request = self.resolve(operation["requestBody"]) if "requestBody" in operation else {}
        for name, members in (("request", self.body(request.get("content"))), ("answer", self.body(answer.get("content")))):
            if members is not None:
                fact[name] = members
        query = [self.resolve(one)["name"] for one in operation.get("parameters", []) if self.resolve(one)["in"] == "query"]
        if query:
            fact["query"] = sorted(query)
        return fact

    def facts(self):
        return {operation["operationId"]: self.operation(method, path, operation)
                for path, methods in self.document["paths"].items()
                for method, operation in methods.items() if method in METHODS}


def main():
    import yaml
    with open(sys.argv[1], encoding="utf-8") as file:
        facts = Contract(yaml.safe_load(file)).facts()
    lines = ["%s: %s" % (json.dumps(name), json.dumps(facts[name], sort_keys=True)) for name in sorted(facts)]
    print("{\n" + ",\n".join(lines) + "\n}")


if __name__ == "__main__":
    main()
